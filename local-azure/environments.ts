import type { CallerCredentials } from "./world";

/** Addresses and IDs that environments are made of. */
export interface Addresses {
  readonly url: string;
  readonly proxyUrl: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
}

/** The test CA, by the variables of Go, Node and Python. */
function trustVariables(caFile: string): Record<string, string> {
  return { SSL_CERT_FILE: caFile, NODE_EXTRA_CA_CERTS: caFile, REQUESTS_CA_BUNDLE: caFile };
}

/** Way in 1, for clients that can be told of another cloud: metadata host, authority, CA, and the admin's login. */
export function directEnvironment(addresses: Addresses, admin: CallerCredentials): Record<string, string> {
  return {
    ...trustVariables(addresses.caFile),
    ARM_METADATA_HOSTNAME: new URL(addresses.url).host,
    ARM_DISABLE_INSTANCE_DISCOVERY: "true",
    ARM_CLIENT_ID: admin.clientId,
    ARM_CLIENT_SECRET: admin.clientSecret,
    ARM_TENANT_ID: addresses.tenantId,
    ARM_SUBSCRIPTION_ID: addresses.subscriptionId,
    AZURE_AUTHORITY_HOST: addresses.url,
    AZURE_CLIENT_ID: admin.clientId,
    AZURE_CLIENT_SECRET: admin.clientSecret,
    AZURE_TENANT_ID: addresses.tenantId,
    AZURE_SUBSCRIPTION_ID: addresses.subscriptionId,
  };
}

/** Way in 2, for clients with built-in hosts: the proxy and the CA, nothing else. Some clients read only one case. */
export function publicEnvironment(addresses: Addresses): Record<string, string> {
  const direct = "127.0.0.1,localhost";
  return {
    ...trustVariables(addresses.caFile),
    HTTPS_PROXY: addresses.proxyUrl,
    https_proxy: addresses.proxyUrl,
    NO_PROXY: direct,
    no_proxy: direct,
  };
}
