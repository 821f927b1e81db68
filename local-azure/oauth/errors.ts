import { type Call, newRequestId, type Reply } from "../call";
import type { Cloud } from "../cloud";
import { type Details, type ErrorTable, lookUp, Refusal } from "../refusal";

/** The detail is the AADSTS number, with `-` where no `error_uri` is sent. */
const OAUTH_ERRORS = {
  invalidSecret:
    "401 invalid_client 7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{appId}'.",
  expiredSecret:
    "401 invalid_client 7000222: The provided client secret keys for app '{appId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
  applicationNotFound:
    "400 unauthorized_client 700016: Application with identifier '{clientId}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
  principalMissing:
    "401 invalid_client 7000229: The client application {appId} is missing service principal in the tenant {tenantId}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
  applicationDisabled: "400 unauthorized_client 7000112: Application '{appId}'({name}) is disabled.",
  // `error` is `invalid_tenant` at discovery.
  tenantNotFound:
    "400 invalid_request 90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
  tenantInvalid:
    "400 invalid_request 900023: Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
  // The issuer is trusted by a credential, but its keys cannot be had: nobody declared it.
  issuerUnreachable: "400 invalid_request 501661: Request to External OIDC endpoint failed.",
  issuerUnknown:
    "401 invalid_client 700211-: No matching federated identity record found for presented assertion issuer '{issuer}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
  audienceUnknown:
    "401 invalid_client 700212-: No matching federated identity record found for presented assertion audience '{audience}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
  subjectUnknown:
    "401 invalid_client 700213: No matching federated identity record found for presented assertion subject '{subject}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
  // Azure/login#515.
  subjectInOtherCase:
    "401 invalid_client 7002138-: No matching federated identity record found for presented assertion subject '{subject}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
  noFederatedCredentials:
    "401 invalid_client 70025: The client '{appId}'({name}) has no configured federated identity credentials.",
  // Azure/azure-workload-identity#1232.
  issuerKeyUnknown:
    "401 invalid_client 7000272: The certificate with identifier {keyId} used to sign the federated credential could not be found in the metadata of identity provider {issuer}.",
  assertionOutsideItsTime:
    "401 invalid_client 700024: Client assertion is not within its valid time range. Current time: {now}, assertion valid from {from}, expiry time of assertion {until}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
  assertionSignatureInvalid:
    "401 invalid_client 700027: Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: '{keyId}'.]",
  assertionAudienceWrong:
    "401 invalid_client 700023: Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
  assertionMalformed: "400 invalid_request 50027: JWT token is invalid or malformed.",
  credentialMissing:
    "401 invalid_client 7000216: 'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  scopeInvalid:
    "400 invalid_scope 70011: The provided value for the input parameter 'scope' isn't valid. The scope '{scope}' is not valid: it must be of one resource.",
  scopeNotDefault:
    "400 invalid_scope 1002012: The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
  resourceNotFound:
    "400 invalid_resource 500011: The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
  // The text is public; status and `error` are those of other grants, since no report of this one shows them.
  blockedByConditionalAccess:
    "400 interaction_required 53003: Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
  personDisabled: "400 invalid_grant 50057: The user account is disabled.",
  passwordWrong: "400 invalid_grant 50126: Error validating credentials due to invalid username or password.",
  refreshTokenInvalid:
    "400 invalid_grant 70008: The provided authorization code or refresh token has expired due to inactivity or is malformed. Send a new interactive authorization request for this user and resource.",
  parameterMissing:
    "400 invalid_request 900144: The request body must contain the following parameter: '{parameter}'.",
  grantUnsupported:
    "400 unsupported_grant_type 70003: The app requested an unsupported grant type '{grant}'.",
  throttled: "429 temporarily_unavailable 90055: The tenant is over its limit of requests. Try again later.",
  unavailable: "503 temporarily_unavailable 90033: A transient error has occurred. Please try again.",
  broken: "500 temporarily_unavailable 90033: A transient error has occurred. Please try again.",
} as const satisfies ErrorTable;

export function refuse(rule: keyof typeof OAUTH_ERRORS, details?: Details): Refusal {
  return new Refusal(rule, details);
}

/** All clients read `error`, `error_description`, `error_codes`, `timestamp`, `trace_id` and `correlation_id`. */
export function renderOAuthError(_cloud: Cloud, refusal: Refusal, call: Call): Reply {
  const { status, code, detail = "90033", message } = lookUp(OAUTH_ERRORS, refusal);
  const aadsts = Number.parseInt(detail, 10);
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
      ...(!detail.endsWith("-") ? { error_uri: `${call.base}/error?code=${aadsts}` } : {}),
    },
  };
}
