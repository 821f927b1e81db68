import type { Call, Reply } from "../call";
import type { Cloud } from "../cloud";
import { VAULT_ERRORS } from "../key-vault/errors";
import { type Details, type ErrorTable, lookUp, Refusal } from "../refusal";

/** The errors of Azure Resource Manager. */
const ARM_ERRORS = {
  tokenMissing: "401 AuthenticationFailed: Authentication failed. The 'Authorization' header is missing.",
  tokenInvalid: "401 InvalidAuthenticationToken: The access token is invalid.",
  tokenExpired:
    "401 ExpiredAuthenticationToken: The access token expiry UTC time '{expired}' is earlier than current UTC time '{now}'.",
  tokenAudience:
    "401 InvalidAuthenticationTokenAudience: The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the allowed audiences '{allowed}'.",
  forbidden:
    "403 AuthorizationFailed: The client '{client}' with object id '{objectId}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
  apiVersionMissing:
    "400 MissingApiVersionParameter: The api-version query parameter (?api-version=) is required for all requests.",
  apiVersionInvalid:
    "400 InvalidApiVersionParameter: The api-version '{version}' is invalid. The supported versions are '{supported}'.",
  noRegisteredProvider:
    "400 NoRegisteredProviderFound: No registered resource provider found for location '{location}' and API version '{version}' for type '{type}'. The supported api-versions are '{supported}'. The supported locations are '{location}'.",
  providerNotFound: "404 InvalidResourceNamespace: The resource namespace '{namespace}' is invalid.",
  mediaTypeUnsupported:
    "415 UnsupportedMediaType: The content media type '{type}' is not supported. Only 'application/json' is supported.",
  bodyInvalid:
    "400 InvalidRequestContent: The request content was invalid and could not be deserialized: '{what}'.",
  filterUnsupported: "400 UnsupportedQuery: The filter in the query string is not supported.",
  subscriptionNotFound: "404 SubscriptionNotFound: The subscription '{id}' could not be found.",
  subscriptionIdInvalid:
    "400 InvalidSubscriptionId: The provided subscription identifier '{id}' is malformed or invalid.",
  resourceGroupNotFound: "404 ResourceGroupNotFound: Resource group '{group}' could not be found.",
  resourceNotFound:
    "404 ResourceNotFound: The Resource '{resource}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
  parentNotFound:
    "404 ParentResourceNotFound: Failed to perform 'write' on resource(s) of type '{type}', because the parent resource '{parent}' could not be found.",
  notRegistered:
    "409 MissingSubscriptionRegistration: The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.",
  locationRequired: "400 LocationRequired: The location property is required for this definition.",
  locationTaken:
    "409 InvalidResourceLocation: The resource '{name}' already exists in location '{present}' in resource group '{group}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
  identityNameInvalid: "400 BadRequest: Identity resource name '{name}' is invalid.",
  // MicrosoftDocs/azure-docs, "Important considerations for federated identity credentials", table of errors.
  credentialNameInvalid: "400 BadRequest: Federated Identity Credential name '{name}' is invalid.",
  credentialAudiences: "400 BadRequest: Federated identity credentials must have exactly one audience.",
  federatedSubjectTaken:
    "400 BadRequest: Issuer and subject combination already exists for this Managed Identity.",
  // zioproto/istio-aks-example#6.
  credentialIncomplete:
    "400 BadRequest: The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.",
  // Azure/bicep-registry-modules#1447.
  credentialsConcurrent:
    "409 ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity: Too many Federated Identity Credentials are written concurrently for the managed identity '{id}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.",
  credentialNotFound: "404 NotFound: The federated identity credential '{name}' was not found.",
  federatedLimit: "400 BadRequest: A managed identity can have at most 20 federated identity credentials.",
  roleAssignmentNotFound: "404 RoleAssignmentNotFound: The role assignment '{name}' is not found.",
  roleAssignmentIdInvalid:
    "400 InvalidRoleAssignmentId: The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
  roleAssignmentExists:
    "409 RoleAssignmentExists: The role assignment already exists. The ID of the existing role assignment is {name}.",
  roleAssignmentImmutable:
    "400 RoleAssignmentUpdateNotPermitted: Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
  // MicrosoftDocs/azure-docs, Troubleshoot Azure RBAC; the code is not known.
  lastSubscriptionOwner: "400 RoleAssignmentDeleteNotPermitted: Cannot delete the last RBAC admin assignment",
  roleNotFound:
    "404 RoleDefinitionDoesNotExist: The specified role definition with ID '{role}' does not exist.",
  conditionInvalid: "400 InvalidCondition: The given role assignment condition is invalid.",
  principalIdInvalid:
    "400 InvalidPrincipalId: The Principal ID '{id}' is not valid. Principal ID must be a GUID.",
  // The two spaces are Microsoft's.
  principalNotFound:
    "400 PrincipalNotFound: Principal {id} does not exist in the directory {tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
  // Azure/modern-web-app-pattern-dotnet#129; the spelling is Microsoft's.
  principalTypeUnmatched:
    "400 UnmatchedPrincipalType: The PrincipalId '{id}' has type '{actual}' , which is different from specified PrinciaplType '{given}'.",
  // Azure/azure-cli#11594.
  principalTypeInvalid:
    "400 InvalidPrincipalType: The PrincipalType property '{type}' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'.",
  // As the data plane says it.
  secretNotFound: VAULT_ERRORS.secretNotFound,
  objectDeleted: VAULT_ERRORS.objectDeleted,
  objectBeingDeleted: VAULT_ERRORS.objectBeingDeleted,
  objectBeingRecovered: VAULT_ERRORS.objectBeingRecovered,
  secretNameInvalid: "400 BadRequest: The request URI contains an invalid name: {name}",
  queryInvalid: "400 BadRequest: Please provide below info when asking for support: {what}",
  throttled:
    "429 SubscriptionRequestsThrottled: Number of requests for subscription '{subscription}' and operation '{method}' exceeded the backend storage limit. Please try again after '{seconds}' seconds.",
  unavailable: "503 ServerTimeout: The request timed out. Please try again after some time.",
  broken: "500 InternalServerError: Encountered internal server error.",
} as const satisfies ErrorTable;

export function refuse(rule: keyof typeof ARM_ERRORS, details?: Details): Refusal {
  return new Refusal(rule, details);
}

/** No `claims=` challenge: clients with the CP1 capability would come back for another token. */
export function renderArmError(cloud: Cloud, refusal: Refusal, call: Call): Reply {
  const { status, code, message } = lookUp(ARM_ERRORS, refusal);
  const authority = `${call.base}/${cloud.world.directory.tenantId}`;
  const challenge = `Bearer authorization_uri="${authority}", error="invalid_token", error_description="${code}"`;
  return {
    status,
    headers: status === 401 ? { "www-authenticate": challenge } : {},
    body: { error: { code, message } },
  };
}
