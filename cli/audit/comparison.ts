import {
  assignmentName,
  instanceOf,
  secretDisplayName,
  trustDescription,
} from "../../components/plan/ownership";
import type { Credential, Role, Trust } from "../azure/types";
import type { AzureAnswers, InstanceAnswers } from "./read-azure";
import type { RecordedApplication, RecordedInstance, RecordedPrincipal, StackRecord } from "./record";
import { isSameId, liveParts } from "./record";

/** The two sides: the record of a stack, and what Azure says. */
export interface Comparison {
  readonly record: StackRecord;
  readonly answers: AzureAnswers;
  /** Instance IDs that are this stack's, in lower case. */
  readonly ownIds: readonly string[];
  readonly stack: { readonly project: string; readonly stack: string } | undefined;
  readonly now: Date;
}

/** One instance, and what Azure says about it. */
export interface Pair {
  readonly instance: RecordedInstance;
  readonly answers: InstanceAnswers;
  readonly application: RecordedApplication | undefined;
  readonly principal: RecordedPrincipal | undefined;
}

export function pairsOf({ record, answers }: Comparison): Pair[] {
  return record.instances.flatMap((instance, i) => {
    const found = answers.instances[i];
    return found === undefined ? [] : [{ instance, answers: found, ...liveParts(instance) }];
  });
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

export function hasOwnName({ displayName }: Credential, ownIds: readonly string[]): boolean {
  return SLOTS.some((slot) => ownIds.some((id) => displayName === secretDisplayName(id, slot)));
}

export function hasOwnDescription({ description }: Trust, ownIds: readonly string[]): boolean {
  return ownIds.some((id) => description === trustDescription(id));
}

export function hasOwnAssignmentName(
  { name, scope, principalId, roleId }: Role,
  ownIds: readonly string[],
): boolean {
  return ownIds.some((instanceId) =>
    isSameId(name, assignmentName({ instanceId, scope, principalId, roleId })),
  );
}

const SLOTS = ["a", "b"] as const;
const ANY_ID = "00000000-0000-0000-0000-000000000000";

/** The instance that a secret's name contains. If it is not our own, it belongs to another stack. */
export function instanceOfSecret({ displayName }: Credential): string | undefined {
  return instanceIn(
    displayName ?? "",
    SLOTS.map((slot) => secretDisplayName(ANY_ID, slot)),
  );
}

export function instanceOfTrust({ description }: Trust): string | undefined {
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
