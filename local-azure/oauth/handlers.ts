import { armAudiences, graphAudiences } from "../audiences";
import type { Cloud } from "../cloud";
import { type Call, headerOf, isGuid, type Reply } from "../http";
import { checkPassword } from "../store/credentials";
import type { ApplicationRecord } from "../store/records";
import { checkAssertion } from "./assertions";
import * as errors from "./errors";
import type { TokenHolder } from "./tokens";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const DEFAULT_SCOPE = "/.default";

/** OIDC discovery. The issuer must have the scheme, host and port that the client asked, or MSAL for Node refuses it. */
export function getOpenIdConfiguration(cloud: Cloud, call: Call): Reply {
  const asked = call.params.tenant!;
  // `az account clear` asks with `organizations`.
  const anyTenant = ["common", "organizations"].includes(asked.toLowerCase());
  if (!anyTenant) requireTenant(cloud, asked, "invalid_tenant");
  const tenant = anyTenant ? asked.toLowerCase() : cloud.world.directory.tenantId;
  const authority = `${call.base}/${tenant}`;
  return {
    status: 200,
    body: {
      issuer: `${call.base}/${anyTenant ? "{tenantid}" : tenant}/v2.0`,
      authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
      token_endpoint: `${authority}/oauth2/v2.0/token`,
      jwks_uri: `${authority}/discovery/v2.0/keys`,
      device_authorization_endpoint: `${authority}/oauth2/v2.0/devicecode`,
      token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt"],
      response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
      subject_types_supported: ["pairwise"],
      id_token_signing_alg_values_supported: ["RS256"],
    },
  };
}

/** Clients ask this after a refused login; without `metadata` they would mask the refusal. */
export function getInstanceDiscovery(cloud: Cloud, call: Call): Reply {
  const hosts = ["login.microsoftonline.com", "login.windows.net"];
  return {
    status: 200,
    body: {
      tenant_discovery_endpoint: `${call.base}/${cloud.world.directory.tenantId}/v2.0/.well-known/openid-configuration`,
      "api-version": "1.1",
      metadata: [{ preferred_network: hosts[0], preferred_cache: hosts[1], aliases: hosts }],
    },
  };
}

export async function getKeys(cloud: Cloud): Promise<Reply> {
  return { status: 200, body: await cloud.tokens.jwks() };
}

/**
 * The v2 token endpoint. The order of the checks is tenant, grant, client, principal, credential.
 */
export async function createToken(cloud: Cloud, call: Call): Promise<Reply> {
  const { directory } = cloud.world;
  requireTenant(cloud, call.params.tenant!, "invalid_request");
  const form = readForm(call);
  const grantType = required(form, "grant_type");
  if (grantType !== "client_credentials") throw errors.grantUnsupported(grantType);
  const clientId = required(form, "client_id");
  const application = directory.findApplicationByAppId(clientId);
  if (application === undefined) throw errors.applicationNotFound(clientId, directory.tenantName);
  call.caller = application.appId;
  const principal = directory.findPrincipalByAppId(application.appId);
  if (principal === undefined) throw errors.principalMissing(application.appId, directory.tenantId);
  if (principal.attributes.accountEnabled === false)
    throw errors.applicationDisabled(application.appId, String(application.attributes.displayName));
  const audience = readAudience(cloud, required(form, "scope"));
  const credential = await checkCredential(cloud, call, application, form);
  // Conditional access judges a login that would otherwise succeed.
  if (cloud.policy.blockedClientIds.includes(application.appId)) throw errors.blockedByConditionalAccess();
  const { accessToken, expiresInSeconds } = await cloud.tokens.issue(
    {
      tenantId: directory.tenantId,
      appId: application.appId,
      objectId: principal.id,
      roles: graphAudiences(cloud.url).includes(audience) ? principal.graphPermissions : [],
      credential,
    },
    audience,
  );
  return {
    status: 200,
    headers: { "Cache-Control": "no-store, no-cache", Pragma: "no-cache" },
    // A number: with a string azureml-core fails.
    body: {
      token_type: "Bearer",
      expires_in: expiresInSeconds,
      ext_expires_in: expiresInSeconds,
      access_token: accessToken,
    },
  };
}

async function checkCredential(
  cloud: Cloud,
  call: Call,
  application: ApplicationRecord,
  form: URLSearchParams,
): Promise<TokenHolder["credential"]> {
  const assertion = form.get("client_assertion") ?? "";
  if (assertion !== "" && required(form, "client_assertion_type") === ASSERTION_TYPE) {
    await checkAssertion(cloud, application, assertion, call.now);
    return "assertion";
  }
  const secret = form.get("client_secret") ?? "";
  if (secret === "") throw errors.credentialMissing();
  const result = checkPassword(application, secret, cloud.replication, call.now);
  if (result === "expired") throw errors.expiredSecret(application.appId);
  if (result === "unknown") throw errors.invalidSecret(application.appId);
  return "secret";
}

function readForm(call: Call): URLSearchParams {
  const type = (headerOf(call, "content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  return new URLSearchParams(type === "application/x-www-form-urlencoded" ? call.body.toString("utf8") : "");
}

function required(form: URLSearchParams, parameter: string): string {
  const value = form.get(parameter);
  if (value === null || value === "") throw errors.parameterMissing(parameter);
  return value;
}

/** Exactly `/.default` is stripped: `https://management.core.windows.net//.default` keeps its slash as the audience. */
function readAudience(cloud: Cloud, scope: string): string {
  const scopes = scope.split(" ").filter((one) => !["openid", "profile", "offline_access"].includes(one));
  const only = scopes[0];
  if (scopes.length !== 1 || only === undefined || !only.endsWith(DEFAULT_SCOPE))
    throw errors.scopeInvalid(scope);
  const audience = only.slice(0, -DEFAULT_SCOPE.length);
  const known = [...graphAudiences(cloud.url), ...armAudiences(cloud.url)];
  if (!known.includes(audience)) throw errors.resourceNotFound(audience, cloud.world.directory.tenantName);
  return audience;
}

const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

/** A tenant is named by its ID or its domain. */
function requireTenant(cloud: Cloud, tenant: string, error: "invalid_tenant" | "invalid_request"): void {
  const { tenantId, domain } = cloud.world.directory;
  if ([tenantId, domain].includes(tenant.toLowerCase())) return;
  throw isGuid(tenant) || DOMAIN.test(tenant)
    ? errors.tenantNotFound(tenant, error)
    : errors.tenantInvalid(tenant);
}
