import { armAudiences } from "../audiences";
import { type Call, isGuid } from "../call";
import type { Cloud } from "../cloud";
import { claimsOf } from "../oauth/bearer";
import type { Route } from "../route";
import type { Attributes } from "../store/conditions";
import type { SubscriptionRecord } from "../store/records";
import { resourceGroupId } from "../store/resources";
import { requireApiVersion, typeOfPath } from "./api-versions";
import { refuse } from "./errors";

const WORKSPACES = "Microsoft.MachineLearningServices/workspaces";
const VAULTS = "Microsoft.KeyVault/vaults";
const IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities";

/** Who calls Resource Manager. What they may do is looked up in the role assignments at each call. */
export interface ArmCaller {
  readonly appId: string;
  readonly objectId: string;
  /** As refusals name it: a person's sign-in name, or the client ID. */
  readonly name: string;
}

/** What a route asks of its caller. */
export type ArmRight =
  /** Only a good token. */
  | "anybody"
  /** A role on the scope, above it, or anywhere below it. */
  | { readonly memberFor: string }
  /** A role that allows an action on the target; `attributes` are what conditions may ask about it. */
  | {
      readonly action: string;
      readonly attributes?: (cloud: Cloud, call: Call) => { request?: Attributes; resource?: Attributes };
    };

export async function authenticate(cloud: Cloud, call: Call<undefined>): Promise<ArmCaller> {
  const audiences = armAudiences(cloud.url);
  const claims = await claimsOf(cloud, call, audiences, (refusal) => {
    if (refusal.reason === "missing") return refuse("tokenMissing");
    if (refusal.reason === "invalid") return refuse("tokenInvalid");
    if (refusal.reason === "audience")
      return refuse("tokenAudience", { audience: refusal.audience, allowed: audiences.join("','") });
    const expired = refusal.expiredAt.toISOString();
    return refuse("tokenExpired", { expired, now: new Date().toISOString() });
  });
  return { appId: claims.appId, objectId: claims.objectId, name: claims.personName ?? claims.appId };
}

/**
 * API version, subscription, rights, and only then whether the scope exists: who has no right on a scope does not learn
 * that.
 */
export function admit(cloud: Cloud, call: Call<ArmCaller>, route: Route<ArmCaller, ArmRight>): void {
  requireApiVersion(call, typeOfPath(route.path));
  if (call.params.subscription !== undefined) findSubscription(cloud, call);
  requireRight(cloud, call, route.permission);
  const { namespace } = typeOfPath(route.path);
  if (call.method === "PUT" && !isRegistered(cloud, namespace)) throw refuse("notRegistered", { namespace });
  requireScopeExists(cloud, call);
}

/** Whether subscriptions are registered for a resource provider: for all, unless the tenant's policy says otherwise. */
export function isRegistered({ policy }: Cloud, namespace: string): boolean {
  return !policy.unregisteredProviders.some((one) => one.toLowerCase() === namespace.toLowerCase());
}

function requireRight(cloud: Cloud, call: Call<ArmCaller>, right: ArmRight): void {
  if (right === "anybody") return;
  const { access } = cloud.world;
  const { objectId: principalId, name } = call.caller;
  const scope = "memberFor" in right ? scopeOf(call) : targetOf(call);
  const action = "memberFor" in right ? right.memberFor : right.action;
  const isAllowed =
    "memberFor" in right
      ? access.hasRoleWithin(principalId, scope, call.now)
      : access.isAllowed({ principalId, action, scope, ...right.attributes?.(cloud, call) }, call.now);
  if (!isAllowed) throw refuse("forbidden", { client: name, objectId: principalId, action, scope });
}

/** The scope a request speaks of: what is before the last provider of its path. */
export function scopeOf(call: Call): string {
  const { subscription, group, provider, type, name } = call.params;
  if (subscription === undefined) return "";
  const parts = ["/subscriptions", subscription];
  if (group !== undefined) parts.push("resourceGroups", group);
  if (provider !== undefined) parts.push("providers", provider, type!, name!);
  return parts.join("/");
}

/** The resource a request speaks of; for a list, the scope that is listed. */
function targetOf(call: Call): string {
  const { assignment, workspace, identity, credential, vault, secret } = call.params;
  const scope = scopeOf(call);
  if (assignment !== undefined)
    return `${scope}/providers/Microsoft.Authorization/roleAssignments/${assignment}`;
  if (workspace !== undefined) return `${scope}/providers/${WORKSPACES}/${workspace}`;
  if (identity !== undefined)
    return `${scope}/providers/${IDENTITIES}/${identity}${credential === undefined ? "" : `/federatedIdentityCredentials/${credential}`}`;
  if (vault === undefined) return scope;
  return `${scope}/providers/${VAULTS}/${vault}${secret === undefined ? "" : `/secrets/${secret}`}`;
}

/** A subscription of this tenant, or the error of Resource Manager: this comes before any check of rights. */
export function findSubscription(cloud: Cloud, call: Call): SubscriptionRecord {
  const id = call.params.subscription!;
  if (!isGuid(id)) throw refuse("subscriptionIdInvalid", { id });
  const found = cloud.world.store.tables.subscriptions.get(id);
  if (found === undefined) throw refuse("subscriptionNotFound", { id });
  return found;
}

/** What a request creates, or deletes once more, need not be there. */
function requireScopeExists(cloud: Cloud, call: Call): void {
  const { subscription, group, provider, type, name, workspace, vault, identity, credential } = call.params;
  if (subscription === undefined || group === undefined) return;
  const { resourceGroups, workspaces, vaults, identities } = cloud.world.store.tables;
  const groupId = resourceGroupId(subscription, group);
  const resourceName = workspace ?? vault ?? identity ?? name;
  if (resourceName === undefined && call.method === "PUT" && !call.path.includes("/providers/")) return;
  if (resourceGroups.get(groupId) === undefined) throw refuse("resourceGroupNotFound", { group });
  if (resourceName === undefined) return;
  const resource =
    (workspace && WORKSPACES) ?? (vault && VAULTS) ?? (identity && IDENTITIES) ?? `${provider}/${type}`;
  const id = `${groupId}/providers/${resource}/${resourceName}`;
  if ([workspaces, vaults, identities].some((table) => table.get(id) !== undefined)) return;
  const isWrite = call.method === "PUT" || call.method === "DELETE";
  if (identity === undefined || !isWrite || credential !== undefined)
    throw credential === undefined
      ? refuse("resourceNotFound", { resource: `${resource}/${resourceName}`, group })
      : refuse("parentNotFound", { type: `${IDENTITIES}/federatedIdentityCredentials`, parent: id });
}
