import type { JsonObject } from "../call";
import type { SecretVersion, VaultRecord, VaultSecretRecord } from "../store/records";
import type { DeletedSecret } from "../store/vaults";

const MAX_RETENTION_DAYS = 90;

/** The vault's soft delete, as Key Vault names it in the attributes of each secret. */
function recoveryLevel({ purgeProtection, softDeleteRetentionInDays }: VaultRecord): string {
  const kind = softDeleteRetentionInDays < MAX_RETENTION_DAYS ? "CustomizedRecoverable" : "Recoverable";
  return purgeProtection ? kind : `${kind}+Purgeable`;
}

function viewAttributes(vault: VaultRecord, version: SecretVersion): JsonObject {
  const { enabled, notBefore, expires, created, updated } = version;
  return {
    enabled,
    ...(notBefore === null ? {} : { nbf: notBefore }),
    ...(expires === null ? {} : { exp: expires }),
    created,
    updated,
    recoveryLevel: recoveryLevel(vault),
    recoverableDays: vault.softDeleteRetentionInDays,
  };
}

export function viewProperties(vault: VaultRecord, version: SecretVersion): JsonObject {
  return {
    ...(version.contentType === null ? {} : { contentType: version.contentType }),
    attributes: viewAttributes(vault, version),
    ...(Object.keys(version.tags).length === 0 ? {} : { tags: version.tags }),
  };
}

/** A version, with its value. */
export function viewSecret(base: string, vault: VaultRecord, name: string, version: SecretVersion) {
  return { value: version.value, ...viewVersion(base, vault, name, version) };
}

/** A version, without its value. */
export function viewVersion(
  base: string,
  vault: VaultRecord,
  name: string,
  version: SecretVersion,
): JsonObject {
  return { id: `${base}/secrets/${name}/${version.version}`, ...viewProperties(vault, version) };
}

/** A secret in a list: its latest version, without the version's name. */
export function viewItem(
  base: string,
  vault: VaultRecord,
  { name, versions }: VaultSecretRecord,
): JsonObject {
  return { id: `${base}/secrets/${name}`, ...viewProperties(vault, versions.at(-1)!) };
}

/** A deleted secret, until it is purged. */
export function viewRecovery(
  base: string,
  { secret, deletedAt, purgedAt }: DeletedSecret,
  kind: "secrets" | "keys" = "secrets",
): JsonObject {
  return {
    recoveryId: `${base}/deleted${kind}/${secret.name}`,
    deletedDate: Math.floor(deletedAt.getTime() / 1000),
    scheduledPurgeDate: Math.floor(purgedAt.getTime() / 1000),
  };
}

export function viewDeleted(base: string, vault: VaultRecord, deleted: DeletedSecret): JsonObject {
  const { name, versions } = deleted.secret;
  return { ...viewRecovery(base, deleted), ...viewVersion(base, vault, name, versions.at(-1)!) };
}

export function viewDeletedItem(base: string, vault: VaultRecord, deleted: DeletedSecret): JsonObject {
  return { ...viewRecovery(base, deleted), ...viewItem(base, vault, deleted.secret) };
}
