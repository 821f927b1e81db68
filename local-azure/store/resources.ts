/** An Azure subscription. */
export interface SubscriptionRecord {
  readonly subscriptionId: string;
  readonly displayName: string;
}

/** A resource group; only its tags can be changed. */
export interface ResourceGroupRecord {
  readonly subscriptionId: string;
  readonly name: string;
  readonly location: string;
  tags: Readonly<Record<string, string>>;
}

/** An Azure ML workspace. */
export interface WorkspaceRecord {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
  readonly location: string;
  readonly workspaceId: string;
  readonly identityPrincipalId: string;
}

/** The subscriptions and what is in them. No call adds or removes anything here. */
export interface Inventory {
  readonly subscriptions: readonly SubscriptionRecord[];
  readonly resourceGroups: readonly ResourceGroupRecord[];
  readonly workspaces: readonly WorkspaceRecord[];
}

export function findSubscription(inventory: Inventory, id: string): SubscriptionRecord | undefined {
  return inventory.subscriptions.find(({ subscriptionId }) => subscriptionId === id.toLowerCase());
}

export function findResourceGroup(
  inventory: Inventory,
  subscriptionId: string,
  name: string,
): ResourceGroupRecord | undefined {
  return inventory.resourceGroups.find(
    (group) =>
      group.subscriptionId === subscriptionId.toLowerCase() &&
      group.name.toLowerCase() === name.toLowerCase(),
  );
}

export function findWorkspace(
  inventory: Inventory,
  subscriptionId: string,
  resourceGroup: string,
  name: string,
): WorkspaceRecord | undefined {
  return inventory.workspaces.find(
    (workspace) =>
      workspace.subscriptionId === subscriptionId.toLowerCase() &&
      workspace.resourceGroup.toLowerCase() === resourceGroup.toLowerCase() &&
      workspace.name.toLowerCase() === name.toLowerCase(),
  );
}
