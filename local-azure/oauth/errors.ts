import { type Call, correlationIdOf, newRequestId, type Reply, ServiceError } from "../http";

/** A refusal of the token service, with its AADSTS number. */
export class OAuthError extends ServiceError {
  override readonly name = "OAuthError";

  constructor(
    status: number,
    readonly error: string,
    readonly aadsts: number,
    message: string,
    readonly hasErrorUri = true,
  ) {
    super(status, `AADSTS${aadsts}`, message);
  }
}

const FEDERATION_HELP = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation";
const FEDERATION_HELP_FORMER =
  "https://docs.microsoft.com/azure/active-directory/develop/workload-identity-federation";

/** A refusal of a credential: 401 `invalid_client`. */
const invalidClient = (aadsts: number, message: string, hasErrorUri = true) =>
  new OAuthError(401, "invalid_client", aadsts, message, hasErrorUri);

export const invalidSecret = (appId: string) =>
  invalidClient(
    7000215,
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${appId}'.`,
  );

export const expiredSecret = (appId: string) =>
  invalidClient(
    7000222,
    `The provided client secret keys for app '${appId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`,
  );

export const applicationNotFound = (clientId: string, tenantName: string) =>
  new OAuthError(
    400,
    "unauthorized_client",
    700016,
    `Application with identifier '${clientId}' was not found in the directory '${tenantName}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  );

export const principalMissing = (appId: string, tenantId: string) =>
  invalidClient(
    7000229,
    `The client application ${appId} is missing service principal in the tenant ${tenantId}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119`,
  );

/** `error` is `invalid_tenant` at discovery and `invalid_request` at the token endpoint. */
export const tenantNotFound = (tenant: string, error: "invalid_tenant" | "invalid_request") =>
  new OAuthError(
    400,
    error,
    90002,
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  );

/** What is neither a GUID nor a domain. */
export const tenantInvalid = (tenant: string) =>
  new OAuthError(
    400,
    "invalid_request",
    900023,
    `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`,
  );

export const applicationDisabled = (appId: string, name: string) =>
  new OAuthError(400, "unauthorized_client", 7000112, `Application '${appId}'(${name}) is disabled.`);

/** The issuer is trusted by a credential, but its keys cannot be had: nobody declared it. */
export const issuerUnreachable = () =>
  new OAuthError(400, "invalid_request", 501661, "Request to External OIDC endpoint failed.");

export const unknownAssertionIssuer = (issuer: string) =>
  invalidClient(
    700211,
    `No matching federated identity record found for presented assertion issuer '${issuer}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP_FORMER}`,
    false,
  );

export const unknownAssertionAudience = (audience: string) =>
  invalidClient(
    700212,
    `No matching federated identity record found for presented assertion audience '${audience}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP_FORMER}`,
    false,
  );

const unknownSubjectText = (subject: string) =>
  `No matching federated identity record found for presented assertion subject '${subject}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP}`;

export const unknownAssertionSubject = (subject: string) =>
  invalidClient(700213, unknownSubjectText(subject), false);

export const assertionSubjectInOtherCase = (subject: string) =>
  invalidClient(
    7002138,
    `${unknownSubjectText(subject)} The subject matches with case-insensitive comparison, but not with case-sensitive comparison.`,
    false,
  );

export const noFederatedCredentials = (name: string, appId: string) =>
  invalidClient(70025, `The client '${name}'(${appId}) has no configured federated identity credentials.`);

export const assertionOutsideItsTime = (now: Date, from: Date | undefined, until: Date) =>
  invalidClient(
    700024,
    `Client assertion is not within its valid time range. Current time: ${now.toISOString()}, assertion valid from ${from?.toISOString() ?? "(not given)"}, expiry time of assertion ${until.toISOString()}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .`,
  );

export const assertionSignatureInvalid = (keyId: string) =>
  invalidClient(
    700027,
    `Client assertion contains an invalid signature. [Reason - The key was not found., Thumbprint of key used by client: '${keyId}'.]`,
  );

export const assertionMalformed = () =>
  new OAuthError(400, "invalid_request", 50027, "JWT token is invalid or malformed.");

export const credentialMissing = () =>
  invalidClient(
    7000216,
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  );

export const scopeInvalid = (scope: string) =>
  new OAuthError(
    400,
    "invalid_scope",
    70011,
    `The provided value for the input parameter 'scope' isn't valid. The scope '${scope}' is not valid: for client credentials it must be one resource followed by '/.default'.`,
  );

export const resourceNotFound = (resource: string, tenantName: string) =>
  new OAuthError(
    400,
    "invalid_resource",
    500011,
    `The resource principal named ${resource} was not found in the tenant named ${tenantName}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  );

// The text is public; status and `error` are those of other grants, since no report of this one shows them.
export const blockedByConditionalAccess = () =>
  new OAuthError(
    400,
    "interaction_required",
    53003,
    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
  );

export const parameterMissing = (parameter: string) =>
  new OAuthError(
    400,
    "invalid_request",
    900144,
    `The request body must contain the following parameter: '${parameter}'.`,
  );

export const grantUnsupported = (grantType: string) =>
  new OAuthError(
    400,
    "unsupported_grant_type",
    70003,
    `The app requested an unsupported grant type '${grantType}'.`,
  );

/** All clients read `error`, `error_description`, `error_codes`, `timestamp`, `trace_id` and `correlation_id`. */
export function renderOAuthError(error: ServiceError, call: Call): Reply {
  const timestamp = `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;
  const traceId = newRequestId();
  const correlationId = correlationIdOf(call);
  const aadsts = error instanceof OAuthError ? error.aadsts : 90033;
  return {
    status: error.status,
    headers: error.headers,
    body: {
      error: error instanceof OAuthError ? error.error : "temporarily_unavailable",
      error_description: `AADSTS${aadsts}: ${error.message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      error_codes: [aadsts],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      ...(error instanceof OAuthError && error.hasErrorUri
        ? { error_uri: `${call.base}/error?code=${aadsts}` }
        : {}),
    },
  };
}
