import type { JsonObject, Reply } from "../call";

const HOSTS = ["login.microsoftonline.com", "login.windows.net"];

/** OIDC discovery. The issuer must have the scheme, host and port that the client asked, or MSAL for Node refuses it. */
export function viewConfiguration(base: string, tenant: string, issuerTenant: string): JsonObject {
  const authority = `${base}/${tenant}`;
  return {
    issuer: `${base}/${issuerTenant}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
    device_authorization_endpoint: `${authority}/oauth2/v2.0/devicecode`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt"],
    response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}

export function viewInstanceDiscovery(base: string, tenantId: string): JsonObject {
  return {
    tenant_discovery_endpoint: `${base}/${tenantId}/v2.0/.well-known/openid-configuration`,
    "api-version": "1.1",
    metadata: [{ preferred_network: HOSTS[0], preferred_cache: HOSTS[1], aliases: HOSTS }],
  };
}

/** `expires_in` is a number: with a string azureml-core fails. */
export function replyWithToken(
  { accessToken, expiresInSeconds }: { accessToken: string; expiresInSeconds: number },
  more: JsonObject = {},
): Reply {
  const lifetime = { expires_in: expiresInSeconds, ext_expires_in: expiresInSeconds };
  return { status: 200, body: { token_type: "Bearer", ...lifetime, access_token: accessToken, ...more } };
}
