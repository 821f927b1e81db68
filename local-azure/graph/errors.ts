import type { Call, Reply } from "../call";
import type { Cloud } from "../cloud";
import { type Details, type ErrorTable, lookUp, Refusal } from "../refusal";

/** The errors of Microsoft Graph. Texts are Microsoft's, mistakes included: clients look for them. */
const GRAPH_ERRORS = {
  tokenEmpty: "401 InvalidAuthenticationToken: Access token is empty.",
  tokenInvalid: "401 InvalidAuthenticationToken: Access token has expired or is not yet valid.",
  tokenAudience: "401 InvalidAuthenticationToken: Access token validation failure. Invalid audience.",
  forbidden: "403 Authorization_RequestDenied: Insufficient privileges to complete the operation.",
  // az and azuread retry on this text.
  backingApplicationNotLocal:
    "403 Authorization_RequestDenied: When using this permission, the backing application of the service principal being created must in the local tenant",
  objectNotFound:
    "404 Request_ResourceNotFound: Resource '{id}' does not exist or one of its queried reference-property objects are not present.",
  objectIdInvalid: "400 Request_BadRequest: Invalid object identifier '{id}'.",
  bodyUnreadable:
    "400 BadRequest: Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
  literalUnconvertible:
    "400 Request_BadRequest: Cannot convert the literal '{literal}' to the expected type '{type}'.",
  propertyUnknown: "400 Request_BadRequest: Invalid property '{property}'.",
  propertyReadOnly: "400 Request_BadRequest: Property '{property}' is read-only and cannot be set.",
  propertyInvalid:
    "400 Request_BadRequest: Invalid value specified for property '{property}' of resource '{resource}'.",
  propertyMissing:
    "400 Request_BadRequest: A value is required for property '{property}' of resource '{resource}'.",
  identifierUriTaken:
    "400 Request_BadRequest: Another object with the same value for property identifierUris already exists.",
  // microsoftgraph/msgraph-sdk-powershell#1211, OfficeDev/microsoft-365-agents-toolkit#9420.
  entitlementEnabled:
    "400 CannotDeleteOrUpdateEnabledEntitlement: Permission (scope or role) cannot be deleted or updated unless disabled first.",
  appIdNotFound:
    "400 Request_BadRequest: The appId '{appId}' of the service principal does not reference a valid application object.",
  principalExists:
    "409 Request_MultipleObjectsWithSameKeyValue: The service principal cannot be created, updated, or restored because the service principal name {appId} is already in use.",
  linkExists:
    "400 Request_BadRequest: One or more added object references already exist for the following modified properties: '{list}'.",
  // azuread finds out by this that the caller is an owner already (its groupDuplicateValueError).
  linkTwice: "400 Request_BadRequest: Request contains a property with duplicate values.",
  lastOwner:
    "400 Request_BadRequest: The group must have at least one owner, hence this owner cannot be removed.",
  userDomain:
    "400 Request_BadRequest: The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.",
  userNameTaken:
    "400 Request_BadRequest: Another object with the same value for property userPrincipalName already exists.",
  // hashicorp/terraform-provider-azuread, its test of azuread_user.
  passwordWeak:
    "400 Request_BadRequest: The specified password does not comply with password complexity requirements. Please provide a different password.",
  entitlementOfApplication:
    "400 Request_BadRequest: Cannot modify or delete entitlement with origin Application.",
  keyIdNotFound: "400 Request_BadRequest: No password credential found with keyId {keyId}.",
  passwordByAction:
    "400 Request_BadRequest: New password credentials must be generated with service actions.",
  passwordEnd: "400 Request_BadRequest: Password credential end date is invalid.",
  certificateEnd: "400 Request_BadRequest: Key credential end date is invalid.",
  certificateInvalid: "400 Request_BadRequest: Key credential value is invalid.",
  keyIdTaken: "400 Request_BadRequest: Update to existing credential with KeyId is not allowed.",
  // microsoftgraph/msgraph-sdk-java#1823.
  certificateUsage:
    '400 Request_BadRequest: The value for the property "usage" in one of your credentials is invalid. Acceptable values are Sign, Verify.',
  federatedNameTaken:
    "409 Request_MultipleObjectsWithSameKeyValue: FederatedIdentityCredential with name {name} already exists.",
  federatedNameImmutable:
    "400 InvalidFederatedIdentityCredentialValue: Name is immutable and cannot be changed after creation",
  // Azure/azure-dev#2505.
  federatedNameInvalid:
    "400 InvalidFederatedIdentityCredentialValue: {name} is not a valid URI last segment. paramName: FederatedIdentityCredential.Name, paramValue: {name}, objectType: Microsoft.Online.DirectoryServices.Application",
  federatedIssuerInvalid:
    "400 InvalidFederatedIdentityCredentialValue: {issuer} is not a valid URI. paramName: FederatedIdentityCredential.Issuer, paramValue: {issuer}, objectType: Microsoft.Online.DirectoryServices.Application",
  federatedSubjectTaken:
    "400 InvalidFederatedIdentityCredentialValue: The combination of issuer and subject must be unique for the application. Issuer {issuer} and Subject: {subject} already exist. paramName: FederatedIdentityCredential.Subject, paramValue: {subject}, objectType: Microsoft.Online.DirectoryServices.Application",
  federatedSubjectOrExpression:
    "400 InvalidFederatedIdentityCredentialValue: Either subject or claimsMatchingExpression must be specified, and not both.",
  federatedExpression:
    "400 InvalidFederatedIdentityCredentialValue: The claimsMatchingExpression '{expression}' is invalid.",
  federatedLimit:
    "403 Directory_ResourceSizeExceeded: The size of the object has exceeded its limit. Please reduce the number of values and retry your request.",
  appRoleUnknown: "400 Request_BadRequest: Permission being assigned was not found on application '{appId}'.",
  appRoleAssigned: "400 Request_BadRequest: Permission being assigned already exists on the object",
  // Azure/azure-cli#31215.
  passwordForbidden:
    "400 CredentialTypeNotAllowedAsPerAppPolicy: Credential type not allowed as per assigned policy '{policyId}'.",
  // OfficeDev/microsoft-365-agents-toolkit#10998.
  passwordLifetime:
    "400 CredentialInvalidLifetimeAsPerAppPolicy: Credential lifetime exceeds the max value allowed as per assigned policy '{policyId}'.",
  serviceReferenceRequired:
    "400 Request_BadRequest: ServiceManagementReference field is required for {call}, but is missing in the request. Refer to the TSG `https://aka.ms/service-management-reference-error` for resolving the error.",
  filterInvalid: "400 Request_BadRequest: Invalid filter clause",
  filterUnsupported:
    "400 Request_UnsupportedQuery: Unsupported or invalid query filter clause specified for property '{property}' of resource '{resource}'.",
  pageSizeInvalid:
    "400 Request_UnsupportedQuery: Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive.",
  selectUnknown:
    "400 BadRequest: Parsing OData Select and Expand failed: Could not find a property named '{property}' on type 'microsoft.graph.{type}'.",
  searchNeedsHeader:
    "400 Request_UnsupportedQuery: Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
  searchInvalid: '400 BadRequest: Syntax error: the value of $search must be "property:text".',
  throttled: "429 TooManyRequests: Too many requests.",
  unavailable: "503 serviceNotAvailable: The service is temporarily unavailable.",
  broken: "500 Service_InternalServerError: An internal error has occurred.",
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
  const { status, code, message } = lookUp(GRAPH_ERRORS, refusal);
  const more = ERROR_DETAILS[refusal.rule];
  return {
    status,
    body: {
      error: {
        code,
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
