import { type Row, routesFor } from "../route";
import type { KeyPermission } from "../store/records";
import type { VaultCaller, VaultRight } from "./caller";
import * as handlers from "./key-handlers";

const keys = (permission: KeyPermission, action: string): VaultRight => ({
  kind: "keys",
  permission,
  action: `Microsoft.KeyVault/vaults/keys/${action}`,
});

type VaultRow = Row<VaultCaller>;

/** Without a version it is the latest one, also where the last part of the path is empty, as Pulumi sends it. */
const operation = (path: string, row: VaultRow) => ({
  [`POST /keys/:key/${path}` as const]: row,
  [`POST /keys/:key/:version/${path}` as const]: row,
});

export const keyRoutes = [
  ...routesFor<VaultCaller, VaultRight>("vault", keys("list", "read"), {
    "GET /keys": ["List keys", handlers.listKeys],
    "GET /keys/:key/versions": ["List the versions of a key", handlers.listKeyVersions],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", keys("get", "read"), {
    "GET /keys/:key": ["Read the latest version of a key, its public half", handlers.getKey],
    "GET /keys/:key/:version": ["Read a version of a key, its public half", handlers.getKey],
    "GET /deletedkeys/:key": ["Read a deleted key", handlers.getDeletedKey],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", keys("create", "create/action"), {
    "POST /keys/:key/create": [
      "Create a key, or a new version of it: RSA of 2048, 3072 or 4096 bits, in software",
      handlers.createKey,
    ],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", keys("update", "update/action"), {
    "PATCH /keys/:key": ["Change what is said about the latest version", handlers.updateKey],
    "PATCH /keys/:key/:version": ["Change what is said about a version of a key", handlers.updateKey],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", keys("delete", "delete"), {
    "DELETE /keys/:key": ["Delete a key with all its versions", handlers.deleteKey],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", keys("recover", "recover/action"), {
    "POST /deletedkeys/:key/recover": ["Recover a deleted key", handlers.recoverKey],
  }),
  ...routesFor<VaultCaller, VaultRight>("vault", keys("purge", "purge/action"), {
    "DELETE /deletedkeys/:key": ["Purge a deleted key", handlers.purgeKey],
  }),
  ...routesFor<VaultCaller, VaultRight>(
    "vault",
    keys("encrypt", "encrypt/action"),
    operation("encrypt", ["Encrypt with a key", handlers.perform("encrypt")]),
  ),
  ...routesFor<VaultCaller, VaultRight>(
    "vault",
    keys("decrypt", "decrypt/action"),
    operation("decrypt", ["Decrypt with a key", handlers.perform("decrypt")]),
  ),
  ...routesFor<VaultCaller, VaultRight>(
    "vault",
    keys("wrapKey", "wrap/action"),
    operation("wrapkey", ["Wrap a key with a key", handlers.perform("wrapKey")]),
  ),
  ...routesFor<VaultCaller, VaultRight>(
    "vault",
    keys("unwrapKey", "unwrap/action"),
    operation("unwrapkey", ["Unwrap a key with a key", handlers.perform("unwrapKey")]),
  ),
];
