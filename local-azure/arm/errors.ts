import { type Call, type Reply, ServiceError } from "../http";
import type { RuleViolation, ViolationCode } from "../store/violations";

/** A refusal of Azure Resource Manager. */
export class ArmError extends ServiceError {
  override readonly name = "ArmError";
}

/** No `claims=` challenge: clients with the CP1 capability would come back for another token. */
function unauthorized(call: Call, tenantId: string, code: string, message: string): ArmError {
  const challenge = `Bearer authorization_uri="${call.base}/${tenantId}", error="invalid_token", error_description="${code}"`;
  return new ArmError(401, code, message, { "WWW-Authenticate": challenge });
}

export const tokenMissing = (call: Call, tenantId: string) =>
  unauthorized(
    call,
    tenantId,
    "AuthenticationFailed",
    "Authentication failed. The 'Authorization' header is missing.",
  );

export const tokenInvalid = (call: Call, tenantId: string) =>
  unauthorized(call, tenantId, "InvalidAuthenticationToken", "The access token is invalid.");

export const tokenExpired = (call: Call, tenantId: string, expiredAt: Date) =>
  unauthorized(
    call,
    tenantId,
    "ExpiredAuthenticationToken",
    `The access token expiry UTC time '${expiredAt.toISOString()}' is earlier than current UTC time '${new Date().toISOString()}'.`,
  );

export const tokenForOtherAudience = (
  call: Call,
  tenantId: string,
  audience: string,
  allowed: readonly string[],
) =>
  unauthorized(
    call,
    tenantId,
    "InvalidAuthenticationTokenAudience",
    `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences '${allowed.join("','")}'.`,
  );

export const authorizationFailed = (appId: string, objectId: string, action: string, scope: string) =>
  new ArmError(
    403,
    "AuthorizationFailed",
    `The client '${appId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );

export const apiVersionMissing = () =>
  new ArmError(
    400,
    "MissingApiVersionParameter",
    "The api-version query parameter (?api-version=) is required for all requests.",
  );

export const apiVersionInvalid = (version: string, supported: readonly string[]) =>
  new ArmError(
    400,
    "InvalidApiVersionParameter",
    `The api-version '${version}' is invalid. The supported versions are '${[...supported].reverse().join(",")}'.`,
  );

export const noRegisteredProvider = (
  type: { readonly name: string; readonly versions: readonly string[] },
  version: string,
  location: string,
) =>
  new ArmError(
    400,
    "NoRegisteredProviderFound",
    `No registered resource provider found for location '${location}' and API version '${version}' for type '${type.name}'. The supported api-versions are '${type.versions.join(", ")}'. The supported locations are '${location}'.`,
  );

export const providerNotFound = (namespace: string) =>
  new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${namespace}' is invalid.`);

export const mediaTypeUnsupported = (type: string) =>
  new ArmError(
    415,
    "UnsupportedMediaType",
    `The content media type '${type}' is not supported. Only 'application/json' is supported.`,
  );

export const principalIdInvalid = (id: string) =>
  new ArmError(
    400,
    "InvalidPrincipalId",
    `The Principal ID '${id}' is not valid. Principal ID must be a GUID.`,
  );

export const subscriptionNotFound = (id: string) =>
  new ArmError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);

export const subscriptionIdInvalid = (id: string) =>
  new ArmError(
    400,
    "InvalidSubscriptionId",
    `The provided subscription identifier '${id}' is malformed or invalid.`,
  );

export const resourceGroupNotFound = (name: string) =>
  new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);

export const resourceNotFound = (typeAndName: string, resourceGroup: string) =>
  new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${typeAndName}' under resource group '${resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );

export const roleAssignmentNotFound = (name: string) =>
  new ArmError(404, "RoleAssignmentNotFound", `The role assignment '${name}' is not found.`);

export const roleDefinitionNotFound = (guid: string) =>
  new ArmError(
    404,
    "RoleDefinitionDoesNotExist",
    `The specified role definition with ID '${guid.replaceAll("-", "")}' does not exist.`,
  );

export const roleAssignmentIdInvalid = (name: string) =>
  new ArmError(
    400,
    "InvalidRoleAssignmentId",
    `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
  );

export const bodyInvalid = (what: string) =>
  new ArmError(
    400,
    "InvalidRequestContent",
    `The request content was invalid and could not be deserialized: '${what}'.`,
  );

export const filterUnsupported = () =>
  new ArmError(400, "UnsupportedQuery", "The filter in the query string is not supported.");

/** What Resource Manager makes of each rule of the store that a call would break. */
const VIOLATIONS: Partial<
  Record<ViolationCode, (details: Readonly<Record<string, string>>, tenantId: string) => ArmError>
> = {
  principalNotFound: ({ principalId }, tenantId) =>
    new ArmError(
      400,
      "PrincipalNotFound",
      `Principal ${principalId!.replaceAll("-", "")} does not exist in the directory ${tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
    ),
  roleAssignmentExists: ({ name }) =>
    new ArmError(
      409,
      "RoleAssignmentExists",
      `The role assignment already exists. The ID of the existing role assignment is ${name!.replaceAll("-", "")}.`,
    ),
  roleAssignmentImmutable: () =>
    new ArmError(
      400,
      "RoleAssignmentUpdateNotPermitted",
      "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    ),
  roleNotFound: ({ roleGuid }) => roleDefinitionNotFound(roleGuid!),
};

export function translateViolation(violation: RuleViolation, tenantId: string): ArmError | undefined {
  return VIOLATIONS[violation.code]?.(violation.details, tenantId);
}

export function renderArmError(error: ServiceError, call: Call): Reply {
  return {
    status: error.status,
    headers: { "x-ms-request-id": call.requestId, ...error.headers },
    body: { error: { code: error.code, message: error.message } },
  };
}
