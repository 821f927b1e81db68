/** Where a role is given: a place relative to the workspace, or the resource ID of anything else. */
export type RoleScope = "resourceGroup" | "workspace" | "subscription" | `/${string}`;

/** Where an Azure ML workspace is. */
export interface WorkspaceLocation {
  subscriptionId: string;
  resourceGroupName: string;
  workspaceName: string;
}

/** The resource ID of a scope. */
export function resolveScope(scope: RoleScope, location: WorkspaceLocation): string {
  const subscription = `/subscriptions/${location.subscriptionId}`;
  const resourceGroup = `${subscription}/resourceGroups/${location.resourceGroupName}`;
  switch (scope) {
    case "subscription":
      return subscription;
    case "resourceGroup":
      return resourceGroup;
    case "workspace":
      return `${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${location.workspaceName}`;
    default:
      return scope;
  }
}

/** The subscription that a resource ID lies in. */
export function subscriptionOf(scopeId: string): string {
  return scopeId.split("/")[2]!;
}
