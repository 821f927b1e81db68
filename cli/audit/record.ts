import { COMPONENT, type Deployment, type StateResource, TYPES } from "./deployment";
import { isHalfDestroyed } from "./half-destroyed";
import { type ProviderLogins, readProviderLogins } from "../azure/provider-logins";

/** What the state of a stack records of its service principals. Read without decrypting anything. */
export interface StackRecord {
  /** One for each HimlServicePrincipal of the program. */
  readonly instances: readonly RecordedInstance[];
  readonly pendingOperations: readonly PendingOperation[];
  /** Whether the state has no resource at all: nothing was created yet, or all of it was destroyed. */
  readonly isEmpty: boolean;
  /** Of the stack's outputs, or of its components'. */
  readonly tenantId?: string;
  readonly subscriptionIds: readonly string[];
  /** When each resource was made or changed last, by its URN, in milliseconds. */
  readonly changed: ReadonlyMap<string, number>;
  /** Whether a run that was cut short has taken away what the program declares, as only `pulumi destroy` does. */
  readonly isHalfDestroyed: "yes" | "perhaps" | "no";
  readonly providerLogins: ProviderLogins;
}

/** The parts of one HimlServicePrincipal, including those that will be deleted (`delete` in the state). */
export interface RecordedInstance {
  /** Name of the component. */
  readonly name: string;
  readonly instanceId?: string;
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
  readonly isLeaving: boolean;
}

export interface RecordedApplication extends Recorded {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
  readonly owners: readonly string[] | undefined;
}

export interface RecordedPrincipal extends Recorded {
  readonly objectId: string;
  readonly clientId: string;
  readonly owners: readonly string[] | undefined;
}

export interface RecordedSecret extends Recorded {
  readonly keyId: string;
  readonly applicationId: string;
  readonly displayName: string;
  readonly ends: string;
}

export interface RecordedTrust extends Recorded {
  readonly id: string;
  readonly applicationId: string;
  readonly name: string;
  readonly issuer: string;
  /** The subject, or the expression over the claims of a flexible trust. */
  readonly matches: string;
  readonly audiences: readonly string[];
}

export interface RecordedRole extends Recorded {
  /** Resource ID of the assignment. */
  readonly id: string;
  readonly scope: string;
  readonly principalId: string;
  /** GUID of the role's definition. */
  readonly roleId: string;
}

/** A variable in a Key Vault. The state encrypts its value and its version. */
export interface RecordedVaultSecret extends Recorded {
  /** Resource ID. */
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** An operation that was pending when the engine ended. Azure may have carried it out or not. */
export interface PendingOperation {
  readonly urn: string;
  /** `creating`, `updating`, `deleting`, … */
  readonly type: string;
}

/** Reads a deployment. Never fails: it skips what it does not know. */
export function readRecord(deployment: Deployment): StackRecord {
  const resources = deployment.resources ?? [];
  const components = resources.filter(({ type }) => type === COMPONENT);
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const instances = components.map((component) => readInstance(component, resources));
  const tenantId = [outputs["HIML_TENANT_ID"], ...components.map((one) => one.outputs?.["tenantId"])].find(
    isText,
  );
  const subscriptions = [
    outputs["HIML_SUBSCRIPTION_ID"],
    ...components.map((one) => one.outputs?.["subscriptionId"]),
    ...instances.flatMap(({ roles }) => roles.map(({ id }) => subscriptionOf(id))),
  ];
  return {
    instances,
    pendingOperations: (deployment.pending_operations ?? []).map(({ resource, type }) => ({
      urn: resource.urn,
      type,
    })),
    isEmpty: resources.length === 0,
    ...(tenantId !== undefined && { tenantId }),
    subscriptionIds: [...new Set(subscriptions.filter(isText).map((id) => id.toLowerCase()))],
    changed: readTimes(resources),
    isHalfDestroyed: worst(components.map((component) => isHalfDestroyed(component, deployment))),
    providerLogins: readProviderLogins(deployment),
  };
}

function worst(answers: readonly StackRecord["isHalfDestroyed"][]): StackRecord["isHalfDestroyed"] {
  return (["yes", "perhaps"] as const).find((answer) => answers.includes(answer)) ?? "no";
}

/** A resource that is being replaced appears twice, with one URN. */
function readTimes(resources: readonly StateResource[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { urn, created, modified } of resources) {
    const time = Math.max(...[created, modified].map((instant) => Date.parse(instant ?? "") || 0));
    times.set(urn, Math.max(time, times.get(urn) ?? 0));
  }
  return times;
}

function readInstance(component: StateResource, resources: readonly StateResource[]): RecordedInstance {
  const children = resources.filter(({ parent }) => parent === component.urn);
  const ofType = (type: string) => children.filter((child) => child.type === type);
  const name = nameOf(component.urn);
  const details = component.outputs?.["details"] as { administratorCommand?: unknown } | undefined;
  const administratorCommand = details?.administratorCommand;
  const instanceId = ofType(TYPES.instance).find(({ urn }) => nameOf(urn) === `${name}-instance`)?.id;
  return {
    name,
    ...(instanceId !== undefined && { instanceId }),
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

function readCommon({ urn, external, delete: isLeaving }: StateResource): Recorded {
  return { urn, isExternal: external ?? false, isLeaving: isLeaving ?? false };
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

export function subscriptionOf(scope: string): string | undefined {
  return /^\/subscriptions\/([^/]+)/i.exec(scope)?.[1];
}
