import { LOCAL_VAULT_DOMAIN, PUBLIC_VAULT_DOMAIN } from "./certificates";
import { GRAPH_APP_ID } from "./store/microsoft-graph";

/** Audiences of Microsoft Graph. `{B}` is also one of ARM's, because a direct client asks for `{B}/.default` at both. */
export function graphAudiences(url: string): readonly string[] {
  return [
    url,
    `${url}/`,
    `${url}/graph`,
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
    GRAPH_APP_ID,
  ];
}

/** Audiences of Azure Resource Manager, with and without the final slash that clients differ in. */
export function armAudiences(url: string): readonly string[] {
  const hosts = ["https://management.azure.com", "https://management.core.windows.net"];
  return [url, `${url}/`, `${url}/arm`, ...hosts, ...hosts.map((host) => `${host}/`)];
}

/** Audiences of Azure Storage, for all accounts. */
export const STORAGE_AUDIENCES = ["https://storage.azure.com", "https://storage.azure.com/"];

/** The audience for all vaults of this cloud: what their hosts end with. */
export function localVaultAudience(url: string): string {
  return `https://${LOCAL_VAULT_DOMAIN}:${new URL(url).port}`;
}

/** Audiences of Key Vault, whichever vault it is. */
export function vaultAudiences(url: string): readonly string[] {
  const own = [`https://${PUBLIC_VAULT_DOMAIN}`, localVaultAudience(url)];
  return [...own, ...own.map((audience) => `${audience}/`)];
}
