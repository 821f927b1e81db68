import type { AccessPolicy, VaultRecord } from "./store/records";
import { idOfGroup, idOfVault, resourceGroupId } from "./store/resources";
import type { Store } from "./store/store";
import { findVault } from "./store/vaults";

/** Where everything is, unless it is said otherwise. */
export const LOCATION = "westeurope";

/** A resource group. */
export function addGroup(store: Store, subscriptionId: string, name: string, at: Date): void {
  const group = { subscriptionId, name, location: LOCATION, tags: {} };
  store.tables.resourceGroups.put(idOfGroup(group), group, at);
}

/** Where a new key vault is, and what is special about it. */
export type KeyVaultOptions = Pick<VaultRecord, "subscriptionId" | "resourceGroup" | "name"> &
  Partial<VaultRecord>;

const VAULT_NAME = /^[a-z][a-z0-9-]{1,22}[a-z0-9]$/i;

/** A key vault, with its resource group where that is missing. Left out: roles, no firewall, 90 days, no protection. */
export function createKeyVault(
  store: Store,
  at: Date,
  options: KeyVaultOptions,
): { id: string; name: string } {
  const { subscriptionId, resourceGroup, name } = options;
  const { subscriptions, resourceGroups, vaults } = store.tables;
  if (subscriptions.get(subscriptionId) === undefined)
    throw new RangeError(`subscriptionId must be one of this cloud. Received ${subscriptionId}.`);
  if (!VAULT_NAME.test(name))
    throw new RangeError(`name must have 3 to 24 letters, digits and hyphens. Received ${name}.`);
  if (findVault(store, name) !== undefined)
    throw new RangeError(`name must be that of no other vault. Received ${name}.`);
  if (resourceGroups.get(resourceGroupId(subscriptionId, resourceGroup)) === undefined)
    addGroup(store, subscriptionId, resourceGroup, at);
  const vault: VaultRecord = {
    location: LOCATION,
    rbac: true,
    accessPolicies: [],
    firewall: false,
    softDeleteRetentionInDays: 90,
    purgeProtection: false,
    ...options,
  };
  vaults.put(idOfVault(vault), vault, at);
  return { id: idOfVault(vault), name };
}

/** Says what somebody may do in a vault; no permission at all takes the policy away. */
export function setAccessPolicy(
  store: Store,
  now: Date,
  vaultName: string,
  { objectId, secrets, keys = [] }: AccessPolicy,
): void {
  const vault = findVault(store, vaultName);
  if (vault === undefined) throw new RangeError(`vaultName must be that of a vault. Received ${vaultName}.`);
  const others = vault.accessPolicies.filter((policy) => policy.objectId !== objectId.toLowerCase());
  const isEmpty = secrets.length + keys.length === 0;
  const own = isEmpty ? [] : [{ objectId: objectId.toLowerCase(), secrets, keys }];
  store.tables.vaults.put(idOfVault(vault), { ...vault, accessPolicies: [...others, ...own] }, now);
}
