import { vaultAudiences } from "../audiences";
import type { Call } from "../call";
import type { Cloud } from "../cloud";
import { claimsOf } from "../oauth/bearer";
import type { Route } from "../route";
import type { KeyPermission, SecretPermission, VaultRecord } from "../store/records";
import { groupsOf } from "../store/directory";
import { idOfVault } from "../store/resources";
import { refuse } from "./errors";
import { vaultOfHost } from "./vault-host";

/** Who calls a vault. */
export interface VaultCaller {
  readonly appId: string;
  readonly objectId: string;
}

/** What a route requires of its caller: a data action if the vault uses roles, a permission if it uses access policies. */
export type VaultRight = { readonly action: string } & (
  | { readonly kind: "secrets"; readonly permission: SecretPermission }
  | { readonly kind: "keys"; readonly permission: KeyPermission }
);

const API_VERSION = /^(2016-10-01|7\.[0-6](-preview(\.\d)?)?|20\d\d-\d\d-\d\d(-preview)?)$/;
const NAME = /^[0-9a-z-]{1,127}$/i;

export function authenticate(cloud: Cloud, call: Call<undefined>): Promise<VaultCaller> {
  const audiences = vaultAudiences(cloud.url);
  return claimsOf(cloud, call, audiences, (refusal) => {
    if (refusal.reason === "missing") return refuse("tokenMissing");
    if (refusal.reason === "expired") return refuse("tokenExpired");
    if (refusal.reason === "invalid") return refuse("tokenInvalid");
    return refuse("tokenAudience", { audience: refusal.audience, expected: audiences[0]! });
  });
}

/** The vault that a call is for. */
export function vaultOf(cloud: Cloud, call: Call): VaultRecord {
  const { host } = new URL(call.base);
  const vault = vaultOfHost(cloud, host);
  if (vault === undefined) throw refuse("vaultNotFound", { host });
  return vault;
}

/** Checks the firewall, then rights, and only then the request. */
export function admit(cloud: Cloud, call: Call<VaultCaller>, route: Route<VaultCaller, VaultRight>): void {
  const vault = vaultOf(cloud, call);
  const details = {
    caller: describe(cloud, call.caller),
    vault: vault.name,
    location: vault.location,
  };
  if (vault.firewall) throw refuse("forbiddenByFirewall", details);
  const { action, kind, permission } = route.permission;
  const name = call.params.secret ?? call.params.key;
  const scope = name === undefined ? idOfVault(vault) : `${idOfVault(vault)}/${kind}/${name}`;
  if (vault.rbac) {
    const principalId = call.caller.objectId;
    if (!cloud.world.access.isAllowed({ principalId, action, onData: true, scope }, call.now))
      throw refuse("forbiddenByRbac", { ...details, action, resource: scope.toLowerCase() });
  } else if (!hasPermission(cloud, call, vault, route.permission)) {
    throw refuse("forbiddenByPolicy", { ...details, kind, permission });
  }
  const version = call.query.get("api-version") ?? "";
  if (!API_VERSION.test(version)) throw refuse("apiVersionInvalid", { version });
  if (name !== undefined && !NAME.test(name)) throw refuse("nameInvalid", { name });
}

/** A policy names a principal, a user or a group. */
function hasPermission(
  cloud: Cloud,
  call: Call<VaultCaller>,
  vault: VaultRecord,
  right: VaultRight,
): boolean {
  const { objectId } = call.caller;
  const holders = [objectId, ...groupsOf(cloud.world.store.visible(call.now), objectId).map(({ id }) => id)];
  return vault.accessPolicies.some(
    (policy) =>
      holders.includes(policy.objectId) &&
      (policy[right.kind] ?? []).some((permission) => permission === right.permission),
  );
}

function describe(cloud: Cloud, { appId, objectId }: VaultCaller): string {
  return `appid=${appId};oid=${objectId};iss=https://sts.windows.net/${cloud.world.directory.tenantId}/`;
}
