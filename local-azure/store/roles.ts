/** A built-in role of Azure. */
export interface RoleDefinition {
  readonly guid: string;
  readonly roleName: string;
  readonly description: string;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
}

const ML = "Microsoft.MachineLearningServices";
const BLOBS = "Microsoft.Storage/storageAccounts/blobServices";
const KEY_FOR_BLOBS = `${BLOBS}/generateUserDelegationKey/action`;

function role(
  guid: string,
  roleName: string,
  description: string,
  actions: string,
  notActions = "",
  dataActions = "",
): RoleDefinition {
  const list = (text: string) => text.split(/\s+/).filter((action) => action !== "");
  const allowed = { actions: list(actions), notActions: list(notActions), dataActions: list(dataActions) };
  return { guid, roleName, description, ...allowed };
}

const VAULTS = "Microsoft.KeyVault";
const IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities";
/** What all roles for what is in a vault may do with the vault itself. */
const SEE_VAULTS = `
    Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.Resources/deployments/*
    Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
    ${VAULTS}/checkNameAvailability/read ${VAULTS}/deletedVaults/read ${VAULTS}/locations/*/read
    ${VAULTS}/vaults/*/read ${VAULTS}/operations/read`;

/** The built-in roles that matter to Azure ML, with their published GUIDs and actions. */
export const BUILT_IN_ROLES: readonly RoleDefinition[] = [
  role(
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Owner",
    "Grants full access, including the right to assign roles.",
    "*",
  ),
  role(
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Contributor",
    "Grants full access, but not the right to assign roles.",
    "*",
    `
    Microsoft.Authorization/*/Delete Microsoft.Authorization/*/Write
    Microsoft.Authorization/elevateAccess/Action Microsoft.Blueprint/blueprintAssignments/write
    Microsoft.Blueprint/blueprintAssignments/delete Microsoft.Compute/galleries/share/action
    Microsoft.Purview/consents/write Microsoft.Purview/consents/delete
    Microsoft.Resources/deploymentStacks/manageDenySetting/action Microsoft.Subscription/cancel/action
    Microsoft.Subscription/enable/action`,
  ),
  role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "View everything, change nothing.", "*/read"),
  role(
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "User Access Administrator",
    "Manage who has access to Azure resources.",
    "*/read Microsoft.Authorization/* Microsoft.Support/*",
  ),
  role(
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Role Based Access Control Administrator",
    "Manage access to Azure resources by assigning roles.",
    `
    Microsoft.Authorization/roleAssignments/write Microsoft.Authorization/roleAssignments/delete */read
    Microsoft.Support/*`,
  ),
  role(
    "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Data Scientist",
    "Everything in an Azure ML workspace, except compute and the workspace itself.",
    `
    ${ML}/workspaces/*/read ${ML}/workspaces/*/action ${ML}/workspaces/*/delete ${ML}/workspaces/*/write`,
    `
    ${ML}/workspaces/delete ${ML}/workspaces/write ${ML}/workspaces/computes/*/write
    ${ML}/workspaces/computes/*/delete ${ML}/workspaces/computes/listKeys/action
    ${ML}/workspaces/listKeys/action ${ML}/workspaces/hubs/write ${ML}/workspaces/hubs/delete
    ${ML}/workspaces/featurestores/write ${ML}/workspaces/featurestores/delete`,
  ),
  role(
    "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Compute Operator",
    "Work with the compute of an Azure ML workspace.",
    `${ML}/workspaces/computes/* ${ML}/workspaces/notebooks/vm/*`,
  ),
  role(
    "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
    "Managed Identity Contributor",
    "Create, change and delete user-assigned managed identities.",
    `
    ${IDENTITIES}/read ${IDENTITIES}/federatedIdentityCredentials/read ${IDENTITIES}/write
    ${IDENTITIES}/federatedIdentityCredentials/write ${IDENTITIES}/delete
    ${IDENTITIES}/federatedIdentityCredentials/delete Microsoft.Authorization/*/read
    Microsoft.Insights/alertRules/* Microsoft.Resources/subscriptions/resourceGroups/read
    Microsoft.Resources/deployments/* Microsoft.Support/*`,
  ),
  role(
    "f1a07417-d97a-45cb-824c-7a7467783830",
    "Managed Identity Operator",
    "Read and assign user-assigned managed identities.",
    `
    ${IDENTITIES}/*/read ${IDENTITIES}/*/assign/action Microsoft.Authorization/*/read
    Microsoft.Insights/alertRules/* Microsoft.Resources/subscriptions/resourceGroups/read
    Microsoft.Resources/deployments/* Microsoft.Support/*`,
  ),
  role(
    "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Administrator",
    "Everything with what is in a vault.",
    SEE_VAULTS,
    "",
    `${VAULTS}/vaults/*`,
  ),
  role(
    "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Contributor",
    "Manage vaults, but not who may use them, nor read what is in them.",
    `
    Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* ${VAULTS}/*
    Microsoft.Resources/deployments/* Microsoft.Resources/subscriptions/resourceGroups/read
    Microsoft.Support/*`,
    `
    ${VAULTS}/locations/deletedVaults/purge/action ${VAULTS}/hsmPools/* ${VAULTS}/managedHsms/*`,
  ),
  role(
    "21090545-7ca7-4776-b22c-e363652d74d2",
    "Key Vault Reader",
    "Read all about vaults and what is in them, but no values.",
    SEE_VAULTS,
    "",
    `${VAULTS}/vaults/*/read ${VAULTS}/vaults/secrets/readMetadata/action`,
  ),
  role(
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets Officer",
    "Everything with the secrets of a vault, but not who may use them.",
    SEE_VAULTS,
    "",
    `${VAULTS}/vaults/secrets/*`,
  ),
  role(
    "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets User",
    "Read secrets.",
    "",
    "",
    `
    ${VAULTS}/vaults/secrets/getSecret/action ${VAULTS}/vaults/secrets/readMetadata/action`,
  ),
  role(
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "Key Vault Crypto Officer",
    "Everything with the keys of a vault, but not who may use them.",
    SEE_VAULTS,
    "",
    `${VAULTS}/vaults/keys/* ${VAULTS}/vaults/keyrotationpolicies/*`,
  ),
  role(
    "12338af0-0e69-4776-bea7-57ae8d297424",
    "Key Vault Crypto User",
    "Encrypt, decrypt, wrap, unwrap, sign and verify with keys.",
    "",
    "",
    `
    ${VAULTS}/vaults/keys/read ${VAULTS}/vaults/keys/update/action ${VAULTS}/vaults/keys/backup/action
    ${VAULTS}/vaults/keys/encrypt/action ${VAULTS}/vaults/keys/decrypt/action
    ${VAULTS}/vaults/keys/wrap/action ${VAULTS}/vaults/keys/unwrap/action ${VAULTS}/vaults/keys/sign/action
    ${VAULTS}/vaults/keys/verify/action`,
  ),
  role(
    "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Crypto Service Encryption User",
    "Read keys, wrap and unwrap with them.",
    `
    Microsoft.EventGrid/eventSubscriptions/write Microsoft.EventGrid/eventSubscriptions/read
    Microsoft.EventGrid/eventSubscriptions/delete`,
    "",
    `
    ${VAULTS}/vaults/keys/read ${VAULTS}/vaults/keys/wrap/action ${VAULTS}/vaults/keys/unwrap/action`,
  ),
  // Below: roles on things that the local Azure does not have. They can be assigned and read back.
  role(
    "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "AzureML Registry User",
    "Everything in an Azure ML registry, except the registry itself.",
    `${ML}/registries/read ${ML}/registries/assets/*`,
  ),
  role(
    "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
    "AzureML Metrics Writer (preview)",
    "Write metrics to an Azure ML workspace.",
    `${ML}/workspaces/metrics/*/write`,
  ),
  role(
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Contributor",
    "Read, write and delete blobs.",
    `
    ${BLOBS}/containers/delete ${BLOBS}/containers/read ${BLOBS}/containers/write ${KEY_FOR_BLOBS}`,
    "",
    `
    ${BLOBS}/containers/blobs/delete ${BLOBS}/containers/blobs/read ${BLOBS}/containers/blobs/write
    ${BLOBS}/containers/blobs/move/action ${BLOBS}/containers/blobs/add/action`,
  ),
  role(
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Reader",
    "Read blobs.",
    `${BLOBS}/containers/read ${KEY_FOR_BLOBS}`,
    "",
    `${BLOBS}/containers/blobs/read`,
  ),
  role(
    "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPull",
    "Pull images.",
    "Microsoft.ContainerRegistry/registries/pull/read",
  ),
  role(
    "8311e382-0749-4cb8-b61a-304f252e45ec",
    "AcrPush",
    "Push and pull images.",
    `
    Microsoft.ContainerRegistry/registries/pull/read Microsoft.ContainerRegistry/registries/push/write`,
  ),
];

/** Finds a role by GUID or by name, as published. */
export function findRole(guidOrName: string): RoleDefinition | undefined {
  const wanted = guidOrName.toLowerCase();
  return BUILT_IN_ROLES.find((one) => one.guid === wanted || one.roleName.toLowerCase() === wanted);
}

/** Whether a role allows an action: "*" stands for any text, "notActions" are taken away again. */
export function allowsAction(definition: RoleDefinition, action: string): boolean {
  return matchesAny(definition.actions, action) && !matchesAny(definition.notActions, action);
}

/** The same for an action on the data in a resource: no role takes one of these away again. */
export function allowsDataAction(definition: RoleDefinition, action: string): boolean {
  return matchesAny(definition.dataActions, action);
}

function matchesAny(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => matchesAction(pattern, action));
}

/**
 * "*" stands for any text, and between two slashes for nothing as well: AzureML Data Scientist may delete anything
 * below "workspaces" but is denied "workspaces/delete" by name, which would be needless otherwise.
 */
function matchesAction(pattern: string, action: string): boolean {
  const source = pattern
    .split(/(\/\*\/|\*)/)
    .map((part) => (part === "/*/" ? "/(?:.*/)?" : part === "*" ? ".*" : part.replaceAll(".", "\\.")))
    .join("");
  return new RegExp(`^${source}$`, "i").test(action);
}
