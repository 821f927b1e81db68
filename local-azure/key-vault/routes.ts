import { type Call, headerOf, type Reply } from "../call";
import { routesFor, type Service } from "../route";
import type { SecretPermission } from "../store/records";
import { LOCATION } from "../world-resources";
import { admit, authenticate, type VaultCaller, type VaultRight } from "./caller";
import { renderVaultError } from "./errors";
import * as handlers from "./handlers";
import { keyRoutes } from "./key-routes";

const secrets = (permission: SecretPermission, action: string): VaultRight => ({
  kind: "secrets",
  permission,
  action: `Microsoft.KeyVault/vaults/secrets/${action}`,
});
const READ = "readMetadata/action";

const routes = [
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("list", READ), {
    "GET /secrets": ["List secrets, without their values", handlers.listSecrets],
    "GET /secrets/:secret/versions": [
      "List the versions of a secret",
      handlers.listVersions,
      "The answer for a secret that is not there (404 here)",
    ],
    "GET /deletedsecrets": ["List deleted secrets", handlers.listDeletedSecrets],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("get", "getSecret/action"), {
    "GET /secrets/:secret": [
      "Read the latest version of a secret, with its value",
      handlers.getSecret,
      "The text for a disabled secret",
    ],
    "GET /secrets/:secret/:version": ["Read a version of a secret, with its value", handlers.getSecret],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("set", "setSecret/action"), {
    "PUT /secrets/:secret": [
      "Write a new version of a secret; a soft-deleted name: ObjectIsDeletedButRecoverable",
      handlers.setSecret,
      "The code for a value that is missing or too long",
    ],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("set", "update/action"), {
    "PATCH /secrets/:secret": ["Change what is said about the latest version", handlers.updateSecret],
    "PATCH /secrets/:secret/:version": ["Change what is said about a version", handlers.updateSecret],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("delete", "delete"), {
    "DELETE /secrets/:secret": [
      "Delete a secret with all its versions; it can be recovered until the vault's retention is over",
      handlers.deleteSecret,
    ],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("get", READ), {
    "GET /deletedsecrets/:secret": [
      "Read a deleted secret, without its value",
      handlers.getDeletedSecret,
      "The action that a role must have",
    ],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("recover", "recover/action"), {
    "POST /deletedsecrets/:secret/recover": ["Recover a deleted secret", handlers.recoverSecret],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", secrets("purge", "purge/action"), {
    "DELETE /deletedsecrets/:secret": [
      "Purge a deleted secret",
      handlers.purgeSecret,
      "The inner code where the vault is protected against it",
    ],
  }),
  ...keyRoutes,
];

function headers(call: Call, _reply: Reply): Record<string, string> {
  const sentId = headerOf(call, "x-ms-client-request-id");
  return {
    "cache-control": "no-cache",
    "content-type": "application/json; charset=utf-8",
    expires: "-1",
    pragma: "no-cache",
    "strict-transport-security": "max-age=31536000;includeSubDomains",
    "x-content-type-options": "nosniff",
    ...(sentId === undefined ? {} : { "x-ms-client-request-id": sentId }),
    "x-ms-keyvault-network-info": "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
    "x-ms-keyvault-region": LOCATION,
    "x-ms-keyvault-service-version": "1.9.2784.1",
    "x-ms-request-id": call.requestId,
  };
}

/** The data plane of Key Vault. Each vault has its own host. */
export const keyVaultService: Service<VaultCaller, VaultRight> = {
  routes,
  uncertain: [
    "Codes and texts for a token that is invalid, expired or for another audience",
    "What a key refuses that is expired or not yet valid; that a disabled one refuses to encrypt too",
    "The text for an unknown api-version; that rights are checked before what the request says",
  ],
  authenticate,
  admit,
  renderError: renderVaultError,
  headers,
};
