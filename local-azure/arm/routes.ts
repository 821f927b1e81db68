import type { Call, Reply } from "../call";
import { defineRoutes, type RouteDeclaration, type Service } from "../route";
import { admit, type ArmCaller, type ArmRight, authenticate } from "./caller";
import { renderArmError } from "./errors";
import * as handlers from "./handlers";
import * as identities from "./identity-handlers";
import * as vaults from "./vault-handlers";

type Declaration = RouteDeclaration<ArmCaller, ArmRight>;

/** `does`, the right that it needs (a text is an action), the handler; then what is not established. */
function route(
  does: string,
  right: ArmRight | `${string}/${string}`,
  handle: Declaration["handle"],
  uncertain?: string,
): Declaration {
  const permission =
    typeof right === "string" && right.includes("/") ? { action: right } : (right as ArmRight);
  return { does, permission, handle, ...(uncertain === undefined ? {} : { uncertain }) };
}

const SUBSCRIPTION = "/subscriptions/:subscription";
const GROUP = `${SUBSCRIPTION}/resourceGroups/:group`;
const WORKSPACES = "/providers/Microsoft.MachineLearningServices/workspaces";
const READ_WORKSPACES = "Microsoft.MachineLearningServices/workspaces/read";
const IDENTITIES = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities";
const IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities";
const CREDENTIALS = `${GROUP}${IDENTITIES}/:identity/federatedIdentityCredentials`;
const VAULTS = "/providers/Microsoft.KeyVault/vaults";
const SECRET = `${GROUP}${VAULTS}/:vault/secrets/:secret`;
const WRITE_SECRETS = "Microsoft.KeyVault/vaults/secrets/write";
const DEFINITIONS = "{scope}/providers/Microsoft.Authorization/roleDefinitions";
const ASSIGNMENTS = "{scope}/providers/Microsoft.Authorization/roleAssignments";

const routes = defineRoutes<ArmCaller, ArmRight>("arm", {
  "GET /subscriptions": route(
    "Subscriptions in which the caller has a role",
    "anybody",
    handlers.listSubscriptions,
  ),
  [`GET ${SUBSCRIPTION}`]: route(
    "Read a subscription",
    { memberFor: "Microsoft.Resources/subscriptions/read" },
    handlers.getSubscription,
    "That a role anywhere in it suffices",
  ),
  "GET /tenants": route("The tenant", "anybody", handlers.listTenants, "Its api-version"),
  [`GET ${SUBSCRIPTION}/providers/:namespace`]: route(
    "Resource types of a provider, with their API versions",
    { memberFor: "Microsoft.Resources/subscriptions/providers/read" },
    handlers.getProvider,
    "That a role anywhere in the subscription suffices",
  ),
  [`GET ${SUBSCRIPTION}/resourceGroups`]: route(
    "Resource groups that the caller may read",
    "anybody",
    handlers.listResourceGroups,
  ),
  [`GET ${SUBSCRIPTION}/resources`]: route(
    "Resources of one type, or of one type and name, that the caller may read; any other filter: 400",
    "anybody",
    handlers.listResources,
  ),
  [`GET ${GROUP}`]: route(
    "Read a resource group",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    handlers.getResourceGroup,
  ),
  [`PUT ${GROUP}`]: route(
    "Create a resource group",
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    handlers.putResourceGroup,
  ),
  [`PATCH ${GROUP}`]: route(
    "Change the tags of a resource group",
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    handlers.updateResourceGroup,
  ),
  [`GET ${SUBSCRIPTION}${WORKSPACES}`]: route(
    "Azure ML workspaces of a subscription that the caller may read",
    "anybody",
    handlers.listWorkspaces,
  ),
  [`GET ${GROUP}${WORKSPACES}`]: route(
    "Azure ML workspaces of a resource group",
    READ_WORKSPACES,
    handlers.listWorkspaces,
  ),
  [`GET ${GROUP}${WORKSPACES}/:workspace`]: route(
    "Read an Azure ML workspace",
    READ_WORKSPACES,
    handlers.getWorkspace,
    "That a caller without a role gets 403 for a missing workspace too; that AzureML Data Scientist may read the workspace itself; the code for an unknown api-version",
  ),
  [`GET ${SUBSCRIPTION}${IDENTITIES}`]: route(
    "User-assigned managed identities of a subscription that the caller may read",
    "anybody",
    identities.listIdentities,
  ),
  [`GET ${GROUP}${IDENTITIES}`]: route(
    "User-assigned managed identities of a resource group",
    `${IDENTITY}/read`,
    identities.listIdentities,
  ),
  [`GET ${GROUP}${IDENTITIES}/:identity`]: route(
    "Read a managed identity",
    `${IDENTITY}/read`,
    identities.getIdentity,
  ),
  [`PUT ${GROUP}${IDENTITIES}/:identity`]: route(
    "Create a managed identity with its principal, or change its tags",
    `${IDENTITY}/write`,
    identities.putIdentity,
    "The text for an invalid name",
  ),
  [`PATCH ${GROUP}${IDENTITIES}/:identity`]: route(
    "Change the tags of a managed identity",
    `${IDENTITY}/write`,
    identities.patchIdentity,
  ),
  [`DELETE ${GROUP}${IDENTITIES}/:identity`]: route(
    "Delete a managed identity, its principal and its credentials at once, without a recycle bin",
    `${IDENTITY}/delete`,
    identities.deleteIdentity,
  ),
  [`GET ${CREDENTIALS}`]: route(
    "List the federated credentials of a managed identity",
    `${IDENTITY}/federatedIdentityCredentials/read`,
    identities.listCredentials,
  ),
  [`GET ${CREDENTIALS}/:credential`]: route(
    "Read a federated credential",
    `${IDENTITY}/federatedIdentityCredentials/read`,
    identities.getCredential,
    "The code and text for one that is not there",
  ),
  [`PUT ${CREDENTIALS}/:credential`]: route(
    "Add or change a federated credential; while another is written: ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
    `${IDENTITY}/federatedIdentityCredentials/write`,
    identities.putCredential,
    "The code and text for the 21st, and the codes beside the texts that Microsoft documents",
  ),
  [`DELETE ${CREDENTIALS}/:credential`]: route(
    "Remove a federated credential; also one at a time",
    `${IDENTITY}/federatedIdentityCredentials/delete`,
    identities.deleteCredential,
  ),
  [`GET ${SUBSCRIPTION}${VAULTS}`]: route(
    "Key vaults of a subscription that the caller may read",
    "anybody",
    vaults.listVaults,
  ),
  [`GET ${SUBSCRIPTION}/providers/Microsoft.KeyVault/managedHSMs`]: route(
    "Managed HSMs, which `az keyvault list` asks for too: there are none",
    "anybody",
    vaults.listManagedHsms,
  ),
  [`GET ${GROUP}${VAULTS}`]: route(
    "Key vaults of a resource group",
    "Microsoft.KeyVault/vaults/read",
    vaults.listVaults,
  ),
  [`GET ${GROUP}${VAULTS}/:vault`]: route(
    "Read a key vault",
    "Microsoft.KeyVault/vaults/read",
    vaults.getVault,
  ),
  [`GET ${GROUP}${VAULTS}/:vault/secrets`]: route(
    "List secrets, without their values",
    "Microsoft.KeyVault/vaults/secrets/read",
    vaults.listSecrets,
  ),
  [`GET ${SECRET}`]: route(
    "Read all of a secret but its value; one that is soft-deleted is not there",
    "Microsoft.KeyVault/vaults/secrets/read",
    vaults.getSecret,
    "The code and text for a secret that is not there",
  ),
  [`PUT ${SECRET}`]: route(
    "Write a new version of a secret, past the vault's firewall",
    WRITE_SECRETS,
    vaults.putSecret,
    "201 for a new secret and 200 for a new version; the answer for a name that is soft-deleted (409 Conflict, as in the data plane); the code for an invalid name",
  ),
  [`PATCH ${SECRET}`]: route(
    "Change a secret; with a value: a new version",
    WRITE_SECRETS,
    vaults.patchSecret,
    "That a change without a value makes no new version",
  ),
  "POST /providers/Microsoft.ResourceGraph/resources": route(
    "Azure ML workspaces of all subscriptions; any other query: 501",
    "anybody",
    handlers.queryResources,
  ),
  [`GET ${DEFINITIONS}`]: route(
    "List built-in roles",
    "anybody",
    handlers.listRoleDefinitions,
    "The code for an unknown api-version",
  ),
  [`GET ${DEFINITIONS}/:role`]: route("Read a built-in role", "anybody", handlers.getRoleDefinition),
  [`GET ${ASSIGNMENTS}`]: route(
    "List role assignments",
    "Microsoft.Authorization/roleAssignments/read",
    handlers.listRoleAssignments,
  ),
  [`GET ${ASSIGNMENTS}/:assignment`]: route(
    "Read a role assignment",
    "Microsoft.Authorization/roleAssignments/read",
    handlers.getRoleAssignment,
  ),
  [`PUT ${ASSIGNMENTS}/:assignment`]: route(
    "Assign a role",
    { action: "Microsoft.Authorization/roleAssignments/write", attributes: handlers.attributesOfRequest },
    handlers.putRoleAssignment,
    "The answer to a repeated identical PUT (201 here); the code for an invalid condition and for a role of another subscription; the status of UnmatchedPrincipalType",
  ),
  [`DELETE ${ASSIGNMENTS}/:assignment`]: route(
    "Remove a role assignment",
    { action: "Microsoft.Authorization/roleAssignments/delete", attributes: handlers.attributesOfAssignment },
    handlers.deleteRoleAssignment,
  ),
  "GET {scope}/providers/Microsoft.Authorization/permissions": route(
    "What the caller may do on a scope",
    "anybody",
    handlers.listPermissions,
  ),
});

function headers(call: Call, _reply: Reply): Record<string, string> {
  const kind = { PUT: "writes", PATCH: "writes", DELETE: "deletes" }[call.method];
  return {
    "cache-control": "no-cache",
    "content-type": "application/json; charset=utf-8",
    expires: "-1",
    pragma: "no-cache",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-ms-correlation-request-id": call.correlationId,
    ...(kind === undefined ? {} : { [`x-ms-ratelimit-remaining-subscription-${kind}`]: "1199" }),
    "x-ms-request-id": call.requestId,
  };
}

export const armService: Service<ArmCaller, ArmRight> = {
  routes,
  uncertain: [
    "InvalidAuthenticationTokenAudience for a token of another audience",
    "UnsupportedMediaType (415) for a body that is not declared as JSON",
    "NoRegisteredProviderFound for an unknown api-version of a provider other than Microsoft.Resources",
    "How paths with `..` and encoded slashes are read",
  ],
  authenticate,
  admit,
  renderError: renderArmError,
  headers,
};
