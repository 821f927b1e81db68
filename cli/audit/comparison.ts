import {
  assignmentName,
  instanceOf,
  secretDisplayName,
  trustDescription,
} from "../../components/plan/ownership";
import type { AzureFacts, CredentialFacts, InstanceFacts, RoleFacts, TrustFacts } from "./facts";
import type { RecordedApplication, RecordedInstance, RecordedPrincipal, StackRecord } from "./record";

/** The two sides: the record of a stack, and what Azure says. */
export interface Comparison {
  readonly record: StackRecord;
  readonly facts: AzureFacts;
  /** Instance IDs that are this stack's, in lower case. */
  readonly ownIds: readonly string[];
  readonly now: Date;
}

/** One instance, and what Azure says about it. */
export interface Pair {
  readonly instance: RecordedInstance;
  readonly facts: InstanceFacts;
  readonly application: RecordedApplication | undefined;
  readonly principal: RecordedPrincipal | undefined;
}

export function pairsOf({ record, facts }: Comparison): Pair[] {
  return record.instances.flatMap((instance, i) => {
    const found = facts.instances[i];
    return found === undefined ? [] : [{ instance, facts: found, ...liveParts(instance) }];
  });
}

/** Application and principal that are in use. Those that a replacement left behind will be removed. */
export function liveParts({ applications, principals }: RecordedInstance) {
  return {
    application: applications.find(({ isLeaving }) => !isLeaving),
    principal: principals.find(({ isLeaving }) => !isLeaving),
  };
}

/** IDs of Azure, which differ in case from answer to answer. */
export function isSameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Everything recorded, of every instance: two instances may share an application. */
export function recordedIds({ instances }: StackRecord) {
  const idsOf = <T>(pick: (instance: RecordedInstance) => readonly T[], id: (item: T) => string) =>
    new Set(instances.flatMap((instance) => pick(instance).map((item) => id(item).toLowerCase())));
  return {
    applications: idsOf(
      (one) => one.applications,
      ({ objectId }) => objectId,
    ),
    principals: idsOf(
      (one) => one.principals,
      ({ objectId }) => objectId,
    ),
    secrets: idsOf(
      (one) => one.secrets,
      ({ keyId }) => keyId,
    ),
    trusts: idsOf(
      (one) => one.trusts,
      ({ id }) => id,
    ),
    roles: idsOf(
      (one) => one.roles,
      ({ id }) => id,
    ),
  };
}

// Marks that only this program writes. They prove that a thing belongs to this stack without a record of it.

export function hasOwnTag(tags: readonly string[], ownIds: readonly string[]): boolean {
  const id = instanceOf(tags);
  return id !== undefined && ownIds.includes(id);
}

export function hasOwnName({ displayName }: CredentialFacts, ownIds: readonly string[]): boolean {
  return SLOTS.some((slot) => ownIds.some((id) => displayName === secretDisplayName(id, slot)));
}

export function hasOwnDescription({ description }: TrustFacts, ownIds: readonly string[]): boolean {
  return ownIds.some((id) => description === trustDescription(id));
}

export function hasOwnAssignmentName(
  { name, scope, principalId, roleId }: RoleFacts,
  ownIds: readonly string[],
): boolean {
  return ownIds.some((instanceId) =>
    isSameId(name, assignmentName({ instanceId, scope, principalId, roleId })),
  );
}

const SLOTS = ["a", "b"] as const;
const ANY_ID = "00000000-0000-0000-0000-000000000000";

/** The instance that a secret's name contains. If it is not our own, it belongs to another stack. */
export function instanceOfSecret({ displayName }: CredentialFacts): string | undefined {
  return instanceIn(
    displayName ?? "",
    SLOTS.map((slot) => secretDisplayName(ANY_ID, slot)),
  );
}

export function instanceOfTrust({ description }: TrustFacts): string | undefined {
  return instanceIn(description ?? "", [trustDescription(ANY_ID)]);
}

function instanceIn(text: string, forms: readonly string[]): string | undefined {
  for (const form of forms) {
    const [before = "", after = ""] = form.split(ANY_ID);
    const id = text.slice(before.length, text.length - after.length);
    if (text.startsWith(before) && text.endsWith(after) && id.length === ANY_ID.length)
      return id.toLowerCase();
  }
  return undefined;
}

/** Instances that Azure speaks of and that are not known to be this stack's. */
export function listOtherInstances(
  { instances, taggedApplications, taggedPrincipals, deletedApplications }: AzureFacts,
  ownIds: readonly string[],
): string[] {
  const tagged: { tags: readonly string[] }[] = [
    ...(taggedApplications ?? []),
    ...(taggedPrincipals ?? []),
    ...(deletedApplications ?? []),
  ];
  const all = [
    ...tagged.map(({ tags }) => instanceOf(tags)),
    ...instances.flatMap(({ application, trusts }) => [
      ...(application?.secrets ?? []).map(instanceOfSecret),
      ...(trusts ?? []).map(instanceOfTrust),
    ]),
  ];
  return [...new Set(all.flatMap((id) => (id === undefined || ownIds.includes(id) ? [] : [id])))];
}
