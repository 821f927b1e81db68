import type { PrincipalDetails } from "../../components/details";
import type { Application, Role, Trust } from "../azure/types";
import { COMPONENT, type Deployment, LOGIN_SETTINGS, type StateResource, TYPES } from "./deployment";

/** What the state of a stack records of its service principals. Read without decrypting anything. */
export interface StackRecord {
  /** One for each HimlServicePrincipal of the program. */
  readonly instances: readonly RecordedInstance[];
  /** Of the stack itself; none where it has no resources. */
  readonly stackUrn: string | undefined;
  /** Of the stack's outputs, or of its components'. */
  readonly tenantId?: string;
  readonly subscriptionIds: readonly string[];
  /** When each resource was made or changed last, by its URN, in milliseconds. */
  readonly changed: ReadonlyMap<string, number>;
  /**
   * Whether something is gone from the state that the outputs of the last finished `up` still name: a `pulumi destroy` was
   * interrupted, or a refresh found that it is gone in Azure. An `up` changes the outputs before it removes anything.
   */
  readonly isIncomplete: boolean;
  /** Login settings of the providers, such as `azuread:clientSecret`. */
  readonly providerLogins: readonly string[];
}

/** The parts of one HimlServicePrincipal, including those that wait for their deletion. */
export interface RecordedInstance {
  /** Name of the component. */
  readonly name: string;
  readonly instanceId?: string;
  /** IDs that it had before, as long as the state has them: what has them is this stack's too. */
  readonly replacedIds: readonly string[];
  /** With which somebody else gives the role, where the stack may not. */
  readonly administratorCommand?: string;
  readonly applications: readonly RecordedApplication[];
  readonly principals: readonly RecordedPrincipal[];
  readonly secrets: readonly RecordedSecret[];
  readonly trusts: readonly RecordedTrust[];
  readonly roles: readonly RecordedRole[];
  readonly vaultSecrets: readonly RecordedVaultSecret[];
}

export interface Recorded {
  readonly urn: string;
  /** Only read: it belongs to somebody else. */
  readonly isExternal: boolean;
  /** It was replaced, and the next run deletes it. */
  readonly waitsForDeletion: boolean;
}

export interface RecordedPrincipal extends Recorded, Pick<Application, "objectId" | "clientId"> {
  /** Undefined if the state encrypts them. */
  readonly owners: readonly string[] | undefined;
}

export interface RecordedApplication extends RecordedPrincipal, Pick<Application, "displayName"> {}

export interface RecordedSecret extends Recorded {
  readonly keyId: string;
  readonly applicationId: string;
  readonly displayName: string;
  readonly ends: string;
}

export interface RecordedTrust extends Recorded, Omit<Trust, "description"> {
  readonly applicationId: string;
}

export interface RecordedRole extends Recorded, Pick<Role, "id" | "scope" | "principalId" | "roleId"> {}

/** A variable in a Key Vault. The state encrypts its value and its version. */
export interface RecordedVaultSecret extends Recorded {
  /** Resource ID. */
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Reads a deployment. Never fails: it skips what it does not know. */
export function readRecord(deployment: Deployment): StackRecord {
  const resources = deployment.resources ?? [];
  const components = resources.filter(({ type }) => type === COMPONENT);
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const { outputs = {} } = stack ?? {};
  const instances = components.map((component) => readInstance(component, resources));
  const tenantId = [outputs["HIML_TENANT_ID"], ...components.map((one) => one.outputs?.["tenantId"])].find(
    isText,
  );
  const subscriptions = [
    outputs["HIML_SUBSCRIPTION_ID"],
    ...components.map((one) => one.outputs?.["subscriptionId"]),
    ...instances.flatMap(({ roles }) => roles.map(({ id }) => /^\/subscriptions\/([^/]+)/i.exec(id)?.[1])),
  ];
  return {
    instances,
    stackUrn: stack?.urn,
    ...(tenantId !== undefined && { tenantId }),
    subscriptionIds: [...new Set(subscriptions.filter(isText).map((id) => id.toLowerCase()))],
    changed: readTimes(resources),
    isIncomplete: components.some((component) => isIncomplete(component, deployment)),
    providerLogins: listProviderLogins(resources),
  };
}

/** The instances of a record, in lower case. */
export function instanceIdsOf({ instances }: StackRecord): string[] {
  return instances.flatMap(({ instanceId, replacedIds }) =>
    [...(instanceId === undefined ? [] : [instanceId]), ...replacedIds].map((id) => id.toLowerCase()),
  );
}

function readTimes(resources: readonly StateResource[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { urn, created, modified } of resources) {
    const time = Math.max(...[created, modified].map((instant) => Date.parse(instant ?? "") || 0));
    times.set(urn, Math.max(time, times.get(urn) ?? 0));
  }
  return times;
}

/** What is being deleted does not count: the run that did it may have ended before it could say so. */
function isIncomplete({ urn, outputs }: StateResource, deployment: Deployment): boolean {
  const details = outputs?.["details"] as Partial<PrincipalDetails> | null | undefined;
  if (typeof details !== "object" || details === null) return false;
  const { resources = [], pending_operations: pending = [] } = deployment;
  const isGoing = (one: StateResource) =>
    pending.some(
      ({ type, resource }) => type === "deleting" && resource.urn === one.urn && resource.id === one.id,
    );
  const present = resources.filter((one) => one.parent === urn && !one.delete && !isGoing(one));
  const count = (...types: string[]) => present.filter(({ type }) => types.includes(type)).length;
  const named = (list: unknown) => (Array.isArray(list) ? list.length : 0);
  const lacks = (type: string, id: string | undefined) =>
    id !== undefined && !present.some((one) => one.type === type && one.id?.endsWith(id));
  const access = named(details.secrets) + named(details.roles);
  return (
    count(TYPES.secret) < named(details.secrets) ||
    count(TYPES.role) < named(details.roles) ||
    lacks(TYPES.application, details.applicationObjectId) ||
    lacks(TYPES.principal, details.servicePrincipalObjectId) ||
    // An `up` removes a trust before it creates another one: it counts only where nothing else gives access.
    (access === 0 && count(TYPES.trust, TYPES.flexibleTrust) < named(details.trusts))
  );
}

/** The providers themselves write `"false"` into the state where nothing is set. */
function listProviderLogins(resources: readonly StateResource[]): string[] {
  const isGiven = (value: unknown) => ![undefined, null, "", false, "false"].includes(value as string);
  const found = resources.flatMap(({ type, inputs = {} }) => {
    const provider = /^pulumi:providers:(azuread|azure-native)$/.exec(type)?.[1];
    const given = LOGIN_SETTINGS.filter((name) => provider !== undefined && isGiven(inputs[name]));
    return given.map((name) => `${provider}:${name}`);
  });
  return [...new Set(found)];
}
function readInstance(component: StateResource, resources: readonly StateResource[]): RecordedInstance {
  const children = resources.filter(({ parent }) => parent === component.urn);
  const ofType = (type: string) => children.filter((child) => child.type === type);
  const name = nameOf(component.urn);
  const details = component.outputs?.["details"] as { administratorCommand?: unknown } | undefined;
  const administratorCommand = details?.administratorCommand;
  const ids = ofType(TYPES.instance).filter(({ urn }) => nameOf(urn) === `${name}-instance`);
  const instanceId = ids.find((one) => !one.delete)?.id;
  return {
    name,
    ...(instanceId !== undefined && { instanceId }),
    replacedIds: ids.flatMap(({ id, delete: waits }) => (waits && id !== undefined ? [id] : [])),
    ...(isText(administratorCommand) && { administratorCommand }),
    applications: ofType(TYPES.application).map((resource) => ({
      ...readCommon(resource),
      objectId: lastPart(resource.id),
      clientId: text(resource, "clientId"),
      displayName: text(resource, "displayName"),
      owners: readOwners(resource),
    })),
    principals: ofType(TYPES.principal).map((resource) => ({
      ...readCommon(resource),
      objectId: lastPart(resource.id),
      clientId: text(resource, "clientId"),
      owners: readOwners(resource),
    })),
    secrets: ofType(TYPES.secret).map((resource) => ({
      ...readCommon(resource),
      keyId: text(resource, "keyId") || lastPart(resource.id),
      applicationId: lastPart(text(resource, "applicationId")),
      displayName: text(resource, "displayName"),
      ends: text(resource, "endDate"),
    })),
    trusts: [...ofType(TYPES.trust), ...ofType(TYPES.flexibleTrust)].map((resource) => ({
      ...readCommon(resource),
      id: text(resource, "credentialId") || lastPart(resource.id),
      applicationId: lastPart(text(resource, "applicationId")),
      name: text(resource, "displayName"),
      issuer: text(resource, "issuer"),
      matches: text(resource, "subject") || text(resource, "claimsMatchingExpression"),
      audiences: [...texts(resource, "audiences"), ...[text(resource, "audience")].filter(Boolean)],
    })),
    roles: ofType(TYPES.role).map((resource) => ({
      ...readCommon(resource),
      id: resource.id ?? "",
      scope: text(resource, "scope") || scopeOf(resource.id ?? ""),
      principalId: text(resource, "principalId"),
      roleId: lastPart(text(resource, "roleDefinitionId")),
    })),
    vaultSecrets: ofType(TYPES.vaultSecret).map((resource) => ({
      ...readCommon(resource),
      id: resource.id ?? "",
      tags: readTags(resource),
    })),
  };
}

function readCommon({ urn, external, delete: waits }: StateResource): Recorded {
  return { urn, isExternal: external ?? false, waitsForDeletion: waits ?? false };
}

function text({ outputs, inputs }: StateResource, name: string): string {
  return [outputs?.[name], inputs?.[name]].find(isText) ?? "";
}

function texts({ outputs, inputs }: StateResource, name: string): string[] {
  const list = [outputs?.[name], inputs?.[name]].find((value): value is unknown[] => Array.isArray(value));
  return (list ?? []).filter(isText);
}

/** Undefined if the state encrypts them. */
function readOwners(resource: StateResource): readonly string[] | undefined {
  const owners = resource.outputs?.["owners"] ?? resource.inputs?.["owners"] ?? [];
  return Array.isArray(owners) && owners.every(isText) ? owners : undefined;
}

/** None where the state keeps them encrypted. */
function readTags({ outputs, inputs }: StateResource): Record<string, string> {
  const tags = Object.entries(outputs?.["tags"] ?? inputs?.["tags"] ?? {});
  return tags.every(([, value]) => isText(value)) && !tags.some(([name]) => name === "ciphertext")
    ? Object.fromEntries(tags)
    : {};
}

/** Of an assignment's ID. */
function scopeOf(id: string): string {
  return id.replace(/\/providers\/Microsoft\.Authorization\/roleAssignments\/[^/]+$/i, "");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** The name is everything after the type: it may contain `::`. */
function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function lastPart(id: string | undefined): string {
  return id?.split("/").at(-1) ?? "";
}

/** Application and principal that are in use. Those that a replacement left behind will be removed. */
export function liveParts({ applications, principals }: RecordedInstance) {
  return {
    application: applications.find(({ waitsForDeletion }) => !waitsForDeletion),
    principal: principals.find(({ waitsForDeletion }) => !waitsForDeletion),
  };
}

/** IDs of Azure, which differ in case from answer to answer. */
export function isSameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
