import type { Directory } from "../store/directory";
import type { JsonObject, RoleAssignmentRecord } from "../store/records";
import type { ResourceGroupRecord, SubscriptionRecord, WorkspaceRecord } from "../store/resources";
import type { RoleDefinition } from "../store/roles";
import { LOCATION } from "../world";
import type { ResourceType } from "./api-versions";

export function viewSubscription(subscription: SubscriptionRecord, directory: Directory): JsonObject {
  return {
    id: `/subscriptions/${subscription.subscriptionId}`,
    authorizationSource: "RoleBased",
    managedByTenants: [],
    subscriptionId: subscription.subscriptionId,
    tenantId: directory.tenantId,
    displayName: subscription.displayName,
    state: "Enabled",
    subscriptionPolicies: {
      locationPlacementId: "Public_2014-09-01",
      quotaId: "PayAsYouGo_2014-09-01",
      spendingLimit: "Off",
    },
  };
}

export function resourceGroupId(group: ResourceGroupRecord): string {
  return `/subscriptions/${group.subscriptionId}/resourceGroups/${group.name}`;
}

export function viewResourceGroup(group: ResourceGroupRecord): JsonObject {
  return {
    id: resourceGroupId(group),
    name: group.name,
    type: "Microsoft.Resources/resourceGroups",
    location: group.location,
    tags: group.tags,
    properties: { provisioningState: "Succeeded" },
  };
}

/** The ID names the subscription: az compares it as text with the `roleDefinitionId` of assignments. */
export function roleDefinitionId(subscriptionId: string | undefined, guid: string): string {
  const prefix = subscriptionId === undefined ? "" : `/subscriptions/${subscriptionId}`;
  return `${prefix}/providers/Microsoft.Authorization/roleDefinitions/${guid}`;
}

export function viewRoleDefinition(
  definition: RoleDefinition,
  subscriptionId: string | undefined,
): JsonObject {
  return {
    id: roleDefinitionId(subscriptionId, definition.guid),
    type: "Microsoft.Authorization/roleDefinitions",
    name: definition.guid,
    properties: {
      roleName: definition.roleName,
      type: "BuiltInRole",
      description: definition.description,
      assignableScopes: ["/"],
      permissions: [viewPermission(definition)],
    },
  };
}

export function viewPermission(definition: RoleDefinition): JsonObject {
  return {
    actions: definition.actions,
    notActions: definition.notActions,
    dataActions: definition.dataActions,
    notDataActions: [],
  };
}

export function viewRoleAssignment(assignment: RoleAssignmentRecord): JsonObject {
  const subscriptionId = /^\/subscriptions\/([^/]+)/i.exec(assignment.scope)?.[1];
  return {
    properties: {
      roleDefinitionId: roleDefinitionId(subscriptionId, assignment.roleGuid),
      principalId: assignment.principalId,
      principalType: assignment.principalType,
      scope: assignment.scope === "" ? "/" : assignment.scope,
      condition: assignment.condition,
      conditionVersion: assignment.conditionVersion,
      createdOn: assignment.createdAt.toISOString(),
      updatedOn: assignment.updatedAt.toISOString(),
      createdBy: assignment.createdBy,
      updatedBy: assignment.updatedBy,
      delegatedManagedIdentityResourceId: null,
      description: assignment.description,
    },
    id: `${assignment.scope}/providers/Microsoft.Authorization/roleAssignments/${assignment.name}`,
    type: "Microsoft.Authorization/roleAssignments",
    name: assignment.name,
  };
}

export function viewProvider(subscriptionId: string, types: readonly ResourceType[]): JsonObject {
  const namespace = types[0]!.namespace;
  return {
    id: `/subscriptions/${subscriptionId}/providers/${namespace}`,
    namespace,
    registrationState: "Registered",
    registrationPolicy: "RegistrationRequired",
    resourceTypes: types.map((type) => ({
      resourceType: type.name,
      locations: [LOCATION],
      apiVersions: [...type.versions].reverse(),
      capabilities: "SupportsTags, SupportsLocation",
    })),
  };
}

export function workspaceId(workspace: WorkspaceRecord): string {
  const group = `/subscriptions/${workspace.subscriptionId}/resourceGroups/${workspace.resourceGroup}`;
  return `${group}/providers/Microsoft.MachineLearningServices/workspaces/${workspace.name}`;
}

/** All that azureml-core and azure-ai-ml read; `mlFlowTrackingUri` must be there for the latter. */
export function viewWorkspace(workspace: WorkspaceRecord, directory: Directory, base: string): JsonObject {
  const group = `/subscriptions/${workspace.subscriptionId}/resourceGroups/${workspace.resourceGroup}`;
  const id = workspaceId(workspace);
  const part = (provider: string, name: string) => `${group}/providers/${provider}/${name}`;
  return {
    id,
    name: workspace.name,
    type: "Microsoft.MachineLearningServices/workspaces",
    location: workspace.location,
    tags: {},
    etag: null,
    kind: "Default",
    sku: { name: "Basic", tier: "Basic" },
    identity: {
      type: "SystemAssigned",
      principalId: workspace.identityPrincipalId,
      tenantId: directory.tenantId,
    },
    properties: {
      friendlyName: workspace.name,
      description: "",
      storageAccount: part("Microsoft.Storage/storageAccounts", "stml"),
      keyVault: part("Microsoft.KeyVault/vaults", "kv-ml"),
      applicationInsights: part("Microsoft.Insights/components", "appi-ml"),
      containerRegistry: null,
      hbiWorkspace: false,
      tenantId: directory.tenantId,
      imageBuildCompute: null,
      provisioningState: "Succeeded",
      creationTime: "2022-01-01T00:00:00Z",
      workspaceId: workspace.workspaceId,
      discoveryUrl: `${base}/discovery`,
      mlFlowTrackingUri: `azureml://${new URL(base).host}/mlflow/v1.0${id}`,
      publicNetworkAccess: "Enabled",
      v1LegacyMode: false,
      primaryUserAssignedIdentity: null,
      managedNetwork: null,
      featureStoreSettings: null,
      hubResourceId: null,
      encryption: null,
      systemDatastoresAuthMode: "accesskey",
    },
    systemData: { createdAt: "2022-01-01T00:00:00Z" },
  };
}
