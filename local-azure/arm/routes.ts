import type { Call, Reply } from "../call";
import { routesFor, type Service } from "../route";
import { admit, type ArmCaller, type ArmRight, authenticate } from "./caller";
import { renderArmError } from "./errors";
import * as handlers from "./handlers";
import * as identities from "./identity-handlers";
import * as vaults from "./vault-handlers";

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

const routes = [
  ...routesFor<ArmCaller, ArmRight>("arm", "anybody", {
    "GET /subscriptions": ["Subscriptions in which the caller has a role", handlers.listSubscriptions],
    "GET /tenants": ["The tenant", handlers.listTenants, "Its api-version"],
    [`GET ${SUBSCRIPTION}/resourceGroups`]: [
      "Resource groups that the caller may read",
      handlers.listResourceGroups,
    ],
    [`GET ${SUBSCRIPTION}/resources`]: [
      "Resources of one type, or of one type and name, that the caller may read; any other filter: 400",
      handlers.listResources,
    ],
    [`GET ${SUBSCRIPTION}${WORKSPACES}`]: [
      "Azure ML workspaces of a subscription that the caller may read",
      handlers.listWorkspaces,
    ],
    [`GET ${SUBSCRIPTION}${IDENTITIES}`]: [
      "User-assigned managed identities of a subscription that the caller may read",
      identities.listIdentities,
    ],
    [`GET ${SUBSCRIPTION}${VAULTS}`]: [
      "Key vaults of a subscription that the caller may read",
      vaults.listVaults,
    ],
    [`GET ${SUBSCRIPTION}/providers/Microsoft.KeyVault/managedHSMs`]: [
      "Managed HSMs, which `az keyvault list` asks for too: there are none",
      vaults.listManagedHsms,
    ],
    "POST /providers/Microsoft.ResourceGraph/resources": [
      "Azure ML workspaces of all subscriptions; any other query: 501",
      handlers.queryResources,
    ],
    [`GET ${DEFINITIONS}`]: [
      "List built-in roles",
      handlers.listRoleDefinitions,
      "The code for an unknown api-version",
    ],
    [`GET ${DEFINITIONS}/:role`]: ["Read a built-in role", handlers.getRoleDefinition],
    "GET {scope}/providers/Microsoft.Authorization/permissions": [
      "What the caller may do on a scope",
      handlers.listPermissions,
    ],
  }),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { memberFor: "Microsoft.Resources/subscriptions/read" },
    {
      [`GET ${SUBSCRIPTION}`]: [
        "Read a subscription",
        handlers.getSubscription,
        "That a role anywhere in it suffices",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { memberFor: "Microsoft.Resources/subscriptions/providers/read" },
    {
      [`GET ${SUBSCRIPTION}/providers/:namespace`]: [
        "Resource types of a provider, with their API versions",
        handlers.getProvider,
        "That a role anywhere in the subscription suffices",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: "Microsoft.Resources/subscriptions/resourceGroups/read" },
    {
      [`GET ${GROUP}`]: ["Read a resource group", handlers.getResourceGroup],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: "Microsoft.Resources/subscriptions/resourceGroups/write" },
    {
      [`PUT ${GROUP}`]: ["Create a resource group", handlers.putResourceGroup],
      [`PATCH ${GROUP}`]: ["Change the tags of a resource group", handlers.updateResourceGroup],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: READ_WORKSPACES },
    {
      [`GET ${GROUP}${WORKSPACES}`]: ["Azure ML workspaces of a resource group", handlers.listWorkspaces],
      [`GET ${GROUP}${WORKSPACES}/:workspace`]: [
        "Read an Azure ML workspace",
        handlers.getWorkspace,
        "That a caller without a role gets 403 for a missing workspace too; that AzureML Data Scientist may read the workspace itself; the code for an unknown api-version",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: `${IDENTITY}/read` },
    {
      [`GET ${GROUP}${IDENTITIES}`]: [
        "User-assigned managed identities of a resource group",
        identities.listIdentities,
      ],
      [`GET ${GROUP}${IDENTITIES}/:identity`]: ["Read a managed identity", identities.getIdentity],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: `${IDENTITY}/write` },
    {
      [`PUT ${GROUP}${IDENTITIES}/:identity`]: [
        "Create a managed identity with its principal, or change its tags",
        identities.putIdentity,
        "The text for an invalid name",
      ],
      [`PATCH ${GROUP}${IDENTITIES}/:identity`]: [
        "Change the tags of a managed identity",
        identities.patchIdentity,
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: `${IDENTITY}/delete` },
    {
      [`DELETE ${GROUP}${IDENTITIES}/:identity`]: [
        "Delete a managed identity, its principal and its credentials at once, without a recycle bin",
        identities.deleteIdentity,
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: `${IDENTITY}/federatedIdentityCredentials/read` },
    {
      [`GET ${CREDENTIALS}`]: [
        "List the federated credentials of a managed identity",
        identities.listCredentials,
      ],
      [`GET ${CREDENTIALS}/:credential`]: [
        "Read a federated credential",
        identities.getCredential,
        "The code and text for one that is not there",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: `${IDENTITY}/federatedIdentityCredentials/write` },
    {
      [`PUT ${CREDENTIALS}/:credential`]: [
        "Add or change a federated credential; while another is written: ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        identities.putCredential,
        "The code and text for the 21st, and the codes beside the texts that Microsoft documents",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: `${IDENTITY}/federatedIdentityCredentials/delete` },
    {
      [`DELETE ${CREDENTIALS}/:credential`]: [
        "Remove a federated credential; also one at a time",
        identities.deleteCredential,
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: "Microsoft.KeyVault/vaults/read" },
    {
      [`GET ${GROUP}${VAULTS}`]: ["Key vaults of a resource group", vaults.listVaults],
      [`GET ${GROUP}${VAULTS}/:vault`]: ["Read a key vault", vaults.getVault],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: "Microsoft.KeyVault/vaults/secrets/read" },
    {
      [`GET ${GROUP}${VAULTS}/:vault/secrets`]: ["List secrets, without their values", vaults.listSecrets],
      [`GET ${SECRET}`]: [
        "Read all of a secret but its value; one that is soft-deleted is not there",
        vaults.getSecret,
        "The code and text for a secret that is not there",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: WRITE_SECRETS },
    {
      [`PUT ${SECRET}`]: [
        "Write a new version of a secret, past the vault's firewall",
        vaults.putSecret,
        "201 for a new secret and 200 for a new version; the answer for a name that is soft-deleted (409 Conflict, as in the data plane); the code for an invalid name",
      ],
      [`PATCH ${SECRET}`]: [
        "Change a secret; with a value: a new version",
        vaults.patchSecret,
        "That a change without a value makes no new version",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: "Microsoft.Authorization/roleAssignments/read" },
    {
      [`GET ${ASSIGNMENTS}`]: ["List role assignments", handlers.listRoleAssignments],
      [`GET ${ASSIGNMENTS}/:assignment`]: ["Read a role assignment", handlers.getRoleAssignment],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: "Microsoft.Authorization/roleAssignments/write", attributes: handlers.attributesOfRequest },
    {
      [`PUT ${ASSIGNMENTS}/:assignment`]: [
        "Assign a role",
        handlers.putRoleAssignment,
        "The answer to a repeated identical PUT (201 here); the code for an invalid condition and for a role of another subscription; the status of UnmatchedPrincipalType",
      ],
    },
  ),
  ...routesFor<ArmCaller, ArmRight>(
    "arm",
    { action: "Microsoft.Authorization/roleAssignments/delete", attributes: handlers.attributesOfAssignment },
    {
      [`DELETE ${ASSIGNMENTS}/:assignment`]: [
        "Remove a role assignment",
        handlers.deleteRoleAssignment,
        "Status and code for the last Owner of a subscription",
      ],
    },
  ),
];

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
