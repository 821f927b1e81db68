import { localVaultAudience } from "../audiences";
import { LOCAL_VAULT_DOMAIN, PUBLIC_VAULT_DOMAIN } from "../certificates";
import type { Cloud } from "../cloud";
import type { VaultRecord } from "../store/records";
import { findVault } from "../store/vaults";

/** The vault of a host such as `kv-ml.vault.azure.net`, with or without a port. */
export function vaultOfHost(cloud: Cloud, host: string): VaultRecord | undefined {
  const [name, domain] = splitAtDot(host.toLowerCase().replace(/:\d+$/, ""));
  return domain === PUBLIC_VAULT_DOMAIN || domain === LOCAL_VAULT_DOMAIN
    ? findVault(cloud.world.store, name)
    : undefined;
}

/** Whether a host is in the domain of Key Vault. */
export function isVaultHost(host: string): boolean {
  const [, domain] = splitAtDot(host.toLowerCase().replace(/:\d+$/, ""));
  return domain === PUBLIC_VAULT_DOMAIN || domain === LOCAL_VAULT_DOMAIN;
}

/** The address of a vault for a client of Resource Manager: direct or public, as the client's own request. */
export function vaultUrl(cloud: Cloud, base: string, vaultName: string): string {
  const isPublic = !["localhost", "127.0.0.1"].includes(new URL(base).hostname);
  const domain = isPublic ? PUBLIC_VAULT_DOMAIN : new URL(localVaultAudience(cloud.url)).host;
  return `https://${vaultName.toLowerCase()}.${domain}`;
}

function splitAtDot(host: string): [name: string, domain: string] {
  const [name = "", ...domain] = host.split(".");
  return [name, domain.join(".")];
}
