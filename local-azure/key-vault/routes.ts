import { type Call, headerOf, type Reply } from "../call";
import { defineRoutes, type RouteDeclaration, type Service } from "../route";
import type { SecretPermission } from "../store/records";
import { LOCATION } from "../world-resources";
import { admit, authenticate, type VaultCaller, type VaultRight } from "./caller";
import { renderVaultError } from "./errors";
import * as handlers from "./handlers";

type Declaration = RouteDeclaration<VaultCaller, VaultRight>;

/** `does`, the permission of an access policy, the action of a role, the handler, and what no source confirms. */
function route(
  does: string,
  permission: SecretPermission,
  action: string,
  handle: Declaration["handle"],
  uncertain?: string,
): Declaration {
  return {
    does,
    permission: { permission, action: `Microsoft.KeyVault/vaults/secrets/${action}` },
    handle,
    ...(uncertain === undefined ? {} : { uncertain }),
  };
}

const READ = "readMetadata/action";

const routes = defineRoutes<VaultCaller, VaultRight>("vault", {
  "GET /secrets": route("List secrets, without their values", "list", READ, handlers.listSecrets),
  "GET /secrets/:secret": route(
    "Read the latest version of a secret, with its value",
    "get",
    "getSecret/action",
    handlers.getSecret,
    "The text for a disabled secret",
  ),
  "GET /secrets/:secret/:version": route(
    "Read a version of a secret, with its value",
    "get",
    "getSecret/action",
    handlers.getSecret,
  ),
  "GET /secrets/:secret/versions": route(
    "List the versions of a secret",
    "list",
    READ,
    handlers.listVersions,
    "The answer for a secret that is not there (404 here)",
  ),
  "PUT /secrets/:secret": route(
    "Write a new version of a secret; a soft-deleted name: ObjectIsDeletedButRecoverable",
    "set",
    "setSecret/action",
    handlers.setSecret,
    "The code for a value that is missing or too long",
  ),
  "PATCH /secrets/:secret": route(
    "Change what is said about the latest version",
    "set",
    "update/action",
    handlers.updateSecret,
  ),
  "PATCH /secrets/:secret/:version": route(
    "Change what is said about a version",
    "set",
    "update/action",
    handlers.updateSecret,
  ),
  "DELETE /secrets/:secret": route(
    "Delete a secret with all its versions; it can be recovered until the vault's retention is over",
    "delete",
    "delete",
    handlers.deleteSecret,
  ),
  "GET /deletedsecrets": route("List deleted secrets", "list", READ, handlers.listDeletedSecrets),
  "GET /deletedsecrets/:secret": route(
    "Read a deleted secret, without its value",
    "get",
    READ,
    handlers.getDeletedSecret,
    "The action that a role must have",
  ),
  "POST /deletedsecrets/:secret/recover": route(
    "Recover a deleted secret",
    "recover",
    "recover/action",
    handlers.recoverSecret,
  ),
  "DELETE /deletedsecrets/:secret": route(
    "Purge a deleted secret",
    "purge",
    "purge/action",
    handlers.purgeSecret,
    "The inner code where the vault is protected against it",
  ),
});

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
    "The text for an unknown api-version; that rights are checked before what the request says",
  ],
  authenticate,
  admit,
  renderError: renderVaultError,
  headers,
};
