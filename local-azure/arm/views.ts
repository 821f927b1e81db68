import type { JsonObject } from "../call";
import type { Directory } from "../store/directory";
import type {
  ResourceGroupRecord,
  RoleAssignmentRecord,
  SubscriptionRecord,
  VaultRecord,
  VaultSecretRecord,
  WorkspaceRecord,
} from "../store/records";
import { idOfGroup, idOfVault, idOfWorkspace, resourceGroupId } from "../store/resources";
import type { RoleDefinition } from "../store/roles";
import { LOCATION } from "../world-resources";
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

export function viewResourceGroup(group: ResourceGroupRecord): JsonObject {
  return {
    id: idOfGroup(group),
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
      createdOn: "2015-02-02T21:55:09.8806423Z",
      updatedOn: "2024-01-01T00:00:00.0000000Z",
      createdBy: null,
      updatedBy: null,
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

/** How a role assignment is shown. */
export interface AssignmentShown {
  /** The answer to a PUT has no author, and two instants; a later GET has the author. */
  readonly isNew?: boolean;
  /** Assignments at the root are shown as a subscription's below one. */
  readonly subscriptionId?: string | undefined;
  readonly version?: string | null;
}

export function viewRoleAssignment(
  assignment: RoleAssignmentRecord,
  { isNew = false, subscriptionId, version }: AssignmentShown = {},
): JsonObject {
  const own = /^\/subscriptions\/([^/]+)/i.exec(assignment.scope)?.[1];
  // Before 2020 assignments had neither conditions nor descriptions.
  const isFormer = version != null && version < "2019";
  return {
    properties: {
      roleDefinitionId: roleDefinitionId(own ?? subscriptionId, assignment.roleGuid),
      principalId: assignment.principalId,
      principalType: assignment.principalType,
      scope: assignment.scope === "" ? "/" : assignment.scope,
      ...(isFormer ? {} : { condition: assignment.condition, conditionVersion: assignment.conditionVersion }),
      createdOn: exactly(assignment.createdAt),
      updatedOn: exactly(isNew ? new Date(assignment.updatedAt.getTime() + 1) : assignment.updatedAt),
      createdBy: isNew ? null : assignment.createdBy,
      updatedBy: assignment.updatedBy,
      ...(isFormer ? {} : { delegatedManagedIdentityResourceId: null, description: assignment.description }),
    },
    id: `${assignment.scope}/providers/Microsoft.Authorization/roleAssignments/${assignment.name}`,
    type: "Microsoft.Authorization/roleAssignments",
    name: assignment.name,
  };
}

/** 7 digits, as .NET writes them. */
function exactly(instant: Date): string {
  return instant.toISOString().replace("Z", "0000Z");
}

export function viewProvider(
  subscriptionId: string,
  types: readonly ResourceType[],
  isRegistered: boolean,
): JsonObject {
  const namespace = types[0]!.namespace;
  return {
    id: `/subscriptions/${subscriptionId}/providers/${namespace}`,
    namespace,
    registrationState: isRegistered ? "Registered" : "NotRegistered",
    registrationPolicy: "RegistrationRequired",
    resourceTypes: types.map((type) => ({
      resourceType: type.name,
      locations: [LOCATION],
      apiVersions: [...type.versions].reverse(),
      capabilities: "SupportsTags, SupportsLocation",
    })),
  };
}

/** All that azureml-core and azure-ai-ml read; `mlFlowTrackingUri` must be there for the latter. */
export function viewWorkspace(workspace: WorkspaceRecord, directory: Directory, base: string): JsonObject {
  const group = resourceGroupId(workspace.subscriptionId, workspace.resourceGroup);
  const id = idOfWorkspace(workspace);
  const part = (provider: string, name: string) => `${group}/providers/${provider}/${name}`;
  return {
    id,
    name: workspace.name,
    type: "Microsoft.MachineLearningServices/workspaces",
    location: workspace.location,
    tags: {},
    etag: null,
    kind: workspace.kind,
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
      keyVault: workspace.keyVaultId,
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
      notebookInfo: {
        resourceId: workspace.workspaceId.replaceAll("-", ""),
        fqdn: `ml-${workspace.name}.notebooks.local`,
        isPrivateLinkEnabled: false,
        notebookPreparationError: null,
      },
      storageHnsEnabled: false,
      linkedModelInventoryArmId: null,
      privateLinkCount: 0,
      sdkTelemetryAppInsightsKey: null,
    },
    systemData: {
      createdAt: "2022-01-01T00:00:00Z",
      createdBy: "owner@example.com",
      createdByType: "User",
      lastModifiedAt: "2022-01-01T00:00:00Z",
      lastModifiedBy: "owner@example.com",
      lastModifiedByType: "User",
    },
  };
}

/** A vault; `vaultUri` is its address in the data plane. */
export function viewVault(vault: VaultRecord, { tenantId }: Directory, vaultUri: string): JsonObject {
  return {
    id: idOfVault(vault),
    name: vault.name,
    type: "Microsoft.KeyVault/vaults",
    location: vault.location,
    tags: {},
    systemData: {
      createdBy: "owner@example.com",
      createdByType: "User",
      createdAt: "2022-01-01T00:00:00Z",
      lastModifiedBy: "owner@example.com",
      lastModifiedByType: "User",
      lastModifiedAt: "2022-01-01T00:00:00Z",
    },
    properties: {
      sku: { family: "A", name: "standard" },
      tenantId,
      ...(vault.firewall
        ? {
            networkAcls: {
              bypass: "AzureServices",
              defaultAction: "Deny",
              ipRules: [],
              virtualNetworkRules: [],
            },
          }
        : {}),
      accessPolicies: vault.accessPolicies.map(({ objectId, secrets, keys = [] }) => ({
        tenantId,
        objectId,
        permissions: { keys: [...keys], secrets, certificates: [] },
      })),
      enabledForDeployment: false,
      enabledForTemplateDeployment: false,
      enableSoftDelete: true,
      softDeleteRetentionInDays: vault.softDeleteRetentionInDays,
      enableRbacAuthorization: vault.rbac,
      // It is true or not there: nobody can take the protection away again.
      ...(vault.purgeProtection ? { enablePurgeProtection: true } : {}),
      vaultUri: `${vaultUri}/`,
      provisioningState: "Succeeded",
      publicNetworkAccess: "Enabled",
    },
  };
}

/** A secret as Resource Manager shows it: never its value. */
export function viewSecret(vault: VaultRecord, secret: VaultSecretRecord, vaultUri: string): JsonObject {
  const { version, contentType, enabled, notBefore, expires, created, updated, tags } =
    secret.versions.at(-1)!;
  const secretUri = `${vaultUri}/secrets/${secret.name}`;
  return {
    id: `${idOfVault(vault)}/secrets/${secret.name}`,
    name: secret.name,
    type: "Microsoft.KeyVault/vaults/secrets",
    location: vault.location,
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    properties: {
      ...(contentType === null ? {} : { contentType }),
      attributes: {
        enabled,
        ...(notBefore === null ? {} : { nbf: notBefore }),
        ...(expires === null ? {} : { exp: expires }),
        created,
        updated,
      },
      secretUri,
      secretUriWithVersion: `${secretUri}/${version}`,
    },
  };
}
