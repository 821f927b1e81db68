import { type Call, newRequestId, type Reply } from "../call";
import type { Cloud } from "../cloud";
import { type Details, type ErrorTable, lookUp, Refusal } from "../refusal";

const INVALID_CLIENT = "invalid_client";
const INVALID_REQUEST = "invalid_request";
const FEDERATION_HELP = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation";
const FEDERATION_HELP_FORMER =
  "https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation";
const WRONG_TENANT =
  "This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.";
const CERTIFICATE_HELP = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials .";

/** Rows end with the AADSTS number, and `false` where no `error_uri` is sent. */
const OAUTH_ERRORS = {
  invalidSecret: [
    401,
    INVALID_CLIENT,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{appId}'.",
    7000215,
  ],
  expiredSecret: [
    401,
    INVALID_CLIENT,
    "The provided client secret keys for app '{appId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
    7000222,
  ],
  applicationNotFound: [
    400,
    "unauthorized_client",
    `Application with identifier '{clientId}' was not found in the directory '{tenant}'. ${WRONG_TENANT} You may have sent your authentication request to the wrong tenant.`,
    700016,
  ],
  principalMissing: [
    401,
    INVALID_CLIENT,
    "The client application {appId} is missing service principal in the tenant {tenantId}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
    7000229,
  ],
  applicationDisabled: [400, "unauthorized_client", "Application '{appId}'({name}) is disabled.", 7000112],
  // `error` is `invalid_tenant` at discovery.
  tenantNotFound: [
    400,
    INVALID_REQUEST,
    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    90002,
  ],
  tenantInvalid: [
    400,
    INVALID_REQUEST,
    "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
    900023,
  ],
  // The issuer is trusted by a credential, but its keys cannot be had: nobody declared it.
  issuerUnreachable: [400, INVALID_REQUEST, "Request to External OIDC endpoint failed.", 501661],
  issuerUnknown: [
    401,
    INVALID_CLIENT,
    `No matching federated identity record found for presented assertion issuer '{issuer}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP_FORMER}`,
    700211,
    false,
  ],
  audienceUnknown: [
    401,
    INVALID_CLIENT,
    `No matching federated identity record found for presented assertion audience '{audience}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP_FORMER}`,
    700212,
    false,
  ],
  subjectUnknown: [
    401,
    INVALID_CLIENT,
    `No matching federated identity record found for presented assertion subject '{subject}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP}`,
    700213,
  ],
  // Azure/login#515.
  subjectInOtherCase: [
    401,
    INVALID_CLIENT,
    `No matching federated identity record found for presented assertion subject '{subject}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP}`,
    7002138,
    false,
  ],
  noFederatedCredentials: [
    401,
    INVALID_CLIENT,
    "The client '{appId}'({name}) has no configured federated identity credentials.",
    70025,
  ],
  // Azure/azure-workload-identity#1232.
  issuerKeyUnknown: [
    401,
    INVALID_CLIENT,
    "The certificate with identifier {keyId} used to sign the federated credential could not be found in the metadata of identity provider {issuer}.",
    7000272,
  ],
  assertionOutsideItsTime: [
    401,
    INVALID_CLIENT,
    `Client assertion is not within its valid time range. Current time: {now}, assertion valid from {from}, expiry time of assertion {until}. Review the documentation at ${CERTIFICATE_HELP}`,
    700024,
  ],
  assertionSignatureInvalid: [
    401,
    INVALID_CLIENT,
    "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: '{keyId}'.]",
    700027,
  ],
  assertionAudienceWrong: [
    401,
    INVALID_CLIENT,
    `Client assertion audience claim does not match Realm issuer. Review the documentation at ${CERTIFICATE_HELP}`,
    700023,
  ],
  assertionMalformed: [400, INVALID_REQUEST, "JWT token is invalid or malformed.", 50027],
  credentialMissing: [
    401,
    INVALID_CLIENT,
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    7000216,
  ],
  scopeInvalid: [
    400,
    "invalid_scope",
    "The provided value for the input parameter 'scope' isn't valid. The scope '{scope}' is not valid: it must be of one resource.",
    70011,
  ],
  scopeNotDefault: [
    400,
    "invalid_scope",
    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
    1002012,
  ],
  resourceNotFound: [
    400,
    "invalid_resource",
    `The resource principal named {resource} was not found in the tenant named {tenant}. ${WRONG_TENANT} You might have sent your authentication request to the wrong tenant.`,
    500011,
  ],
  // The text is public; status and `error` are those of other grants, since no report of this one shows them.
  blockedByConditionalAccess: [
    400,
    "interaction_required",
    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    53003,
  ],
  personDisabled: [400, "invalid_grant", "The user account is disabled.", 50057],
  passwordWrong: [
    400,
    "invalid_grant",
    "Error validating credentials due to invalid username or password.",
    50126,
  ],
  refreshTokenInvalid: [
    400,
    "invalid_grant",
    "The provided authorization code or refresh token has expired due to inactivity or is malformed. Send a new interactive authorization request for this user and resource.",
    70008,
  ],
  parameterMissing: [
    400,
    INVALID_REQUEST,
    "The request body must contain the following parameter: '{parameter}'.",
    900144,
  ],
  grantUnsupported: [
    400,
    "unsupported_grant_type",
    "The app requested an unsupported grant type '{grant}'.",
    70003,
  ],
  throttled: [
    429,
    "temporarily_unavailable",
    "The tenant is over its limit of requests. Try again later.",
    90055,
  ],
  unavailable: [503, "temporarily_unavailable", "A transient error has occurred. Please try again.", 90033],
  broken: [500, "temporarily_unavailable", "A transient error has occurred. Please try again.", 90033],
} as const satisfies ErrorTable;

export function refuse(rule: keyof typeof OAUTH_ERRORS, details?: Details): Refusal {
  return new Refusal(rule, details);
}

/** All clients read `error`, `error_description`, `error_codes`, `timestamp`, `trace_id` and `correlation_id`. */
export function renderOAuthError(_cloud: Cloud, refusal: Refusal, call: Call): Reply {
  const { row, message } = lookUp(OAUTH_ERRORS, refusal);
  const [status, code, , aadsts = 90033, hasUri = true] = row as readonly [
    number,
    string,
    string,
    number?,
    boolean?,
  ];
  const isDiscovery = call.method === "GET" && refusal.rule === "tenantNotFound";
  const timestamp = `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;
  const traceId = newRequestId();
  return {
    status,
    headers: { "x-ms-request-id": traceId },
    body: {
      error: isDiscovery ? "invalid_tenant" : code,
      error_description: `AADSTS${aadsts}: ${message} Trace ID: ${traceId} Correlation ID: ${call.correlationId} Timestamp: ${timestamp}`,
      error_codes: [aadsts],
      timestamp,
      trace_id: traceId,
      correlation_id: call.correlationId,
      ...(hasUri ? { error_uri: `${call.base}/error?code=${aadsts}` } : {}),
    },
  };
}
