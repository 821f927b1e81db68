import type { IdentityRecord, ResourceGroupRecord, VaultRecord, WorkspaceRecord } from "./records";

/** IDs as Azure Resource Manager spells them; tables find them in any case. */
export function resourceGroupId(subscriptionId: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${name}`;
}

export const idOfGroup = ({ subscriptionId, name }: ResourceGroupRecord) =>
  resourceGroupId(subscriptionId, name);

export function idOfWorkspace({
  subscriptionId,
  resourceGroup,
  name,
}: Pick<WorkspaceRecord, "subscriptionId" | "resourceGroup" | "name">): string {
  const group = resourceGroupId(subscriptionId, resourceGroup);
  return `${group}/providers/Microsoft.MachineLearningServices/workspaces/${name}`;
}

export function idOfVault({
  subscriptionId,
  resourceGroup,
  name,
}: Pick<VaultRecord, "subscriptionId" | "resourceGroup" | "name">): string {
  return `${resourceGroupId(subscriptionId, resourceGroup)}/providers/Microsoft.KeyVault/vaults/${name}`;
}

/** As `Microsoft.ManagedIdentity` spells it. */
export function idOfIdentity({
  subscriptionId,
  resourceGroup,
  name,
}: Pick<IdentityRecord, "subscriptionId" | "resourceGroup" | "name">): string {
  const group = `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}`;
  return `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
}

/** Scopes are compared without regard to case; an empty scope is the root. */
export function isAtOrAbove(upper: string, lower: string): boolean {
  const above = upper.toLowerCase();
  const below = lower.toLowerCase();
  return above === "" || above === below || below.startsWith(`${above}/`);
}
