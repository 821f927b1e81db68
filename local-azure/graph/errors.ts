import type { Call, Reply } from "../call";
import type { Cloud } from "../cloud";
import { type Details, type ErrorTable, lookUp, Refusal } from "../refusal";

const BAD = "Request_BadRequest";
const FEDERATED = "InvalidFederatedIdentityCredentialValue";
const TAKEN = "Request_MultipleObjectsWithSameKeyValue";
const UNSUPPORTED = "Request_UnsupportedQuery";
const NOT_FOUND =
  "Resource '{id}' does not exist or one of its queried reference-property objects are not present.";

/** The errors of Microsoft Graph. Texts are Microsoft's, mistakes included: clients look for them. */
const GRAPH_ERRORS = {
  tokenEmpty: [401, "InvalidAuthenticationToken", "Access token is empty."],
  tokenInvalid: [401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."],
  tokenAudience: [401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience."],
  forbidden: [403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."],
  // az and azuread retry on this text.
  backingApplicationNotLocal: [
    403,
    "Authorization_RequestDenied",
    "When using this permission, the backing application of the service principal being created must in the local tenant",
  ],
  objectNotFound: [404, "Request_ResourceNotFound", NOT_FOUND],
  linkNotFound: [404, "Request_ResourceNotFound", NOT_FOUND],
  objectIdInvalid: [400, BAD, "Invalid object identifier '{id}'."],
  bodyUnreadable: [
    400,
    "BadRequest",
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
  ],
  literalUnconvertible: [400, BAD, "Cannot convert the literal '{literal}' to the expected type '{type}'."],
  propertyUnknown: [400, BAD, "Invalid property '{property}'."],
  propertyReadOnly: [400, BAD, "Property '{property}' is read-only and cannot be set."],
  propertyInvalid: [400, BAD, "Invalid value specified for property '{property}' of resource '{resource}'."],
  propertyMissing: [400, BAD, "A value is required for property '{property}' of resource '{resource}'."],
  identifierUriTaken: [
    400,
    BAD,
    "Another object with the same value for property identifierUris already exists.",
  ],
  // microsoftgraph/msgraph-sdk-powershell#1211, OfficeDev/microsoft-365-agents-toolkit#9420.
  entitlementEnabled: [
    400,
    "CannotDeleteOrUpdateEnabledEntitlement",
    "Permission (scope or role) cannot be deleted or updated unless disabled first.",
  ],
  appIdNotFound: [
    400,
    BAD,
    "The appId '{appId}' of the service principal does not reference a valid application object.",
  ],
  principalExists: [
    409,
    TAKEN,
    "The service principal cannot be created, updated, or restored because the service principal name {appId} is already in use.",
  ],
  linkExists: [
    400,
    BAD,
    "One or more added object references already exist for the following modified properties: '{list}'.",
  ],
  // azuread finds out by this that the caller is an owner already (its groupDuplicateValueError).
  linkTwice: [400, BAD, "Request contains a property with duplicate values."],
  lastOwner: [400, BAD, "The group must have at least one owner, hence this owner cannot be removed."],
  userDomain: [
    400,
    BAD,
    "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.",
  ],
  userNameTaken: [
    400,
    BAD,
    "Another object with the same value for property userPrincipalName already exists.",
  ],
  // hashicorp/terraform-provider-azuread, its test of azuread_user.
  passwordWeak: [
    400,
    BAD,
    "The specified password does not comply with password complexity requirements. Please provide a different password.",
  ],
  entitlementOfApplication: [400, BAD, "Cannot modify or delete entitlement with origin Application."],
  keyIdNotFound: [400, BAD, "No password credential found with keyId {keyId}."],
  passwordByAction: [400, BAD, "New password credentials must be generated with service actions."],
  passwordEnd: [400, BAD, "Password credential end date is invalid."],
  certificateEnd: [400, BAD, "Key credential end date is invalid."],
  certificateInvalid: [400, BAD, "Key credential value is invalid."],
  keyIdTaken: [400, BAD, "Update to existing credential with KeyId is not allowed."],
  // microsoftgraph/msgraph-sdk-java#1823.
  certificateUsage: [
    400,
    BAD,
    'The value for the property "usage" in one of your credentials is invalid. Acceptable values are Sign, Verify.',
  ],
  federatedNameTaken: [409, TAKEN, "FederatedIdentityCredential with name {name} already exists."],
  federatedNameImmutable: [400, FEDERATED, "Name is immutable and cannot be changed after creation"],
  // Azure/azure-dev#2505.
  federatedNameInvalid: [
    400,
    FEDERATED,
    "{name} is not a valid URI last segment. paramName: FederatedIdentityCredential.Name, paramValue: {name}, objectType: Microsoft.Online.DirectoryServices.Application",
  ],
  federatedIssuerInvalid: [
    400,
    FEDERATED,
    "{issuer} is not a valid URI. paramName: FederatedIdentityCredential.Issuer, paramValue: {issuer}, objectType: Microsoft.Online.DirectoryServices.Application",
  ],
  federatedSubjectTaken: [
    400,
    FEDERATED,
    "The combination of issuer and subject must be unique for the application. Issuer {issuer} and Subject: {subject} already exist. paramName: FederatedIdentityCredential.Subject, paramValue: {subject}, objectType: Microsoft.Online.DirectoryServices.Application",
  ],
  federatedSubjectOrExpression: [
    400,
    FEDERATED,
    "Either subject or claimsMatchingExpression must be specified, and not both.",
  ],
  federatedExpression: [400, FEDERATED, "The claimsMatchingExpression '{expression}' is invalid."],
  federatedLimit: [
    403,
    "Directory_ResourceSizeExceeded",
    "The size of the object has exceeded its limit. Please reduce the number of values and retry your request.",
  ],
  appRoleUnknown: [400, BAD, "Permission being assigned was not found on application '{appId}'."],
  appRoleAssigned: [400, BAD, "Permission being assigned already exists on the object"],
  // Azure/azure-cli#31215.
  passwordForbidden: [
    400,
    "CredentialTypeNotAllowedAsPerAppPolicy",
    "Credential type not allowed as per assigned policy '{policyId}'.",
  ],
  // OfficeDev/microsoft-365-agents-toolkit#10998.
  passwordLifetime: [
    400,
    "CredentialInvalidLifetimeAsPerAppPolicy",
    "Credential lifetime exceeds the max value allowed as per assigned policy '{policyId}'.",
  ],
  serviceReferenceRequired: [
    400,
    BAD,
    "ServiceManagementReference field is required for {call}, but is missing in the request. Refer to the TSG `https://aka.ms/service-management-reference-error` for resolving the error.",
  ],
  filterInvalid: [400, BAD, "Invalid filter clause"],
  filterUnsupported: [
    400,
    UNSUPPORTED,
    "Unsupported or invalid query filter clause specified for property '{property}' of resource '{resource}'.",
  ],
  pageSizeInvalid: [
    400,
    UNSUPPORTED,
    "Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive.",
  ],
  selectUnknown: [
    400,
    "BadRequest",
    "Parsing OData Select and Expand failed: Could not find a property named '{property}' on type 'microsoft.graph.{type}'.",
  ],
  searchNeedsHeader: [
    400,
    UNSUPPORTED,
    "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
  ],
  searchInvalid: [400, "BadRequest", 'Syntax error: the value of $search must be "property:text".'],
  throttled: [429, "TooManyRequests", "Too many requests."],
  unavailable: [503, "serviceNotAvailable", "The service is temporarily unavailable."],
  broken: [500, "Service_InternalServerError", "An internal error has occurred."],
} as const satisfies ErrorTable;

/** What Graph adds in `details`, for the rules for which that is known. */
const ERROR_DETAILS: Readonly<Record<string, { readonly code: string; readonly target: string }>> = {
  appIdNotFound: { code: "NoBackingApplicationObject", target: "appId" },
  userNameTaken: { code: "ObjectConflict", target: "userPrincipalName" },
  identifierUriTaken: { code: "ObjectConflict", target: "identifierUris" },
  passwordLifetime: { code: "InvalidKeyEndDate", target: "EndDate" },
};

export function refuse(rule: keyof typeof GRAPH_ERRORS, details?: Details): Refusal {
  return new Refusal(rule, details);
}

export function notImplemented(what: string): Refusal {
  return new Refusal("notImplemented", { what });
}

export function renderGraphError(_cloud: Cloud, refusal: Refusal, call: Call): Reply {
  const { row, message } = lookUp(GRAPH_ERRORS, refusal);
  const more = ERROR_DETAILS[refusal.rule];
  return {
    status: row[0],
    body: {
      error: {
        code: row[1],
        message,
        ...(more === undefined ? {} : { details: [{ code: more.code, message, target: more.target }] }),
        innerError: {
          date: new Date().toISOString().slice(0, 19),
          "request-id": call.requestId,
          "client-request-id": call.correlationId,
        },
      },
    },
  };
}
