import { type Call, correlationIdOf, type Reply, ServiceError } from "../http";
import type { RuleViolation, ViolationCode } from "../store/violations";

/** A refusal of Microsoft Graph. */
export class GraphError extends ServiceError {
  override readonly name = "GraphError";

  constructor(
    status: number,
    code: string,
    message: string,
    readonly details?: readonly { code: string; message: string; target: string }[],
  ) {
    super(status, code, message);
  }
}

const badRequest = (message: string) => new GraphError(400, "Request_BadRequest", message);

export const invalidToken = (message = "Access token has expired or is not yet valid.") =>
  new GraphError(401, "InvalidAuthenticationToken", message);

export const insufficientPrivileges = () =>
  new GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");

/** The text is Microsoft's, missing word included; az and azuread retry on it. */
export const backingApplicationNotLocal = () =>
  new GraphError(
    403,
    "Authorization_RequestDenied",
    "When using this permission, the backing application of the service principal being created must in the local tenant",
  );

export const resourceNotFound = (id: string) =>
  new GraphError(
    404,
    "Request_ResourceNotFound",
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );

export const bodyUnreadable = () =>
  new GraphError(
    400,
    "BadRequest",
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
  );

/** `edmType` is OData's name of the type that the property has. */
export const literalUnconvertible = (literal: string, edmType: string) =>
  badRequest(`Cannot convert the literal '${literal}' to the expected type '${edmType}'.`);

export const objectIdInvalid = (id: string) => badRequest(`Invalid object identifier '${id}'.`);

export const propertyInvalid = (property: string, resource: string) =>
  badRequest(`Invalid value specified for property '${property}' of resource '${resource}'.`);

export const propertyMissing = (property: string, resource: string) =>
  badRequest(`A value is required for property '${property}' of resource '${resource}'.`);

export const filterInvalid = () => badRequest("Invalid filter clause");

export const featureNotImplemented = (what: string) =>
  new GraphError(501, "NotImplemented", `${what} is not implemented by the local Azure.`);

/** What Graph makes of each rule of the store that a call would break. */
const VIOLATIONS: Partial<Record<ViolationCode, (details: Readonly<Record<string, string>>) => GraphError>> =
  {
    objectNotFound: ({ id }) => resourceNotFound(id!),
    appIdNotFound: ({ appId }) =>
      badRequest(
        `The appId '${appId}' of the service principal does not reference a valid application object.`,
      ),
    principalExists: ({ appId }) =>
      new GraphError(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
      ),
    keyIdNotFound: () => badRequest("No credential found to be removed."),
    federatedNameTaken: ({ name }) =>
      new GraphError(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        `FederatedIdentityCredential with name ${name} already exists.`,
      ),
    federatedSubjectTaken: ({ issuer, subject }) =>
      new GraphError(
        400,
        "InvalidFederatedIdentityCredentialValue",
        `The combination of issuer and subject must be unique for the application. Issuer ${issuer} and Subject: ${subject} already exist. paramName: FederatedIdentityCredential.Subject, paramValue: ${subject}, objectType: Microsoft.Online.DirectoryServices.Application`,
      ),
    federatedLimit: () =>
      new GraphError(
        400,
        "Request_BadRequest",
        "The number of federated identity credentials on the application exceeds the limit of 20.",
      ),
    federatedNameImmutable: () => propertyInvalid("name", "FederatedIdentityCredential"),
    // Azure/azure-cli#31215 has the text.
    passwordForbidden: ({ policyId }) =>
      new GraphError(
        400,
        "CredentialTypeNotAllowedAsPerAppPolicy",
        `Credential type not allowed as per assigned policy '${policyId}'.`,
      ),
    // OfficeDev/microsoft-365-agents-toolkit#10998 has the whole body.
    passwordLifetime: ({ policyId }) => {
      const message = `Credential lifetime exceeds the max value allowed as per assigned policy '${policyId}'.`;
      return new GraphError(400, "CredentialInvalidLifetimeAsPerAppPolicy", message, [
        { code: "InvalidKeyEndDate", message, target: "EndDate" },
      ]);
    },
    serviceReferenceRequired: ({ call }) =>
      badRequest(
        `ServiceManagementReference field is required for ${call}, but is missing in the request. Refer to the TSG \`https://aka.ms/service-management-reference-error\` for resolving the error.`,
      ),
    ownerNotFound: ({ id }) => resourceNotFound(id!),
    ownerExists: () =>
      badRequest(
        "One or more added object references already exist for the following modified properties: 'owners'.",
      ),
  };

export function translateViolation(violation: RuleViolation): GraphError | undefined {
  return VIOLATIONS[violation.code]?.(violation.details);
}

export function renderGraphError(error: ServiceError, call: Call): Reply {
  return {
    status: error.status,
    headers: error.headers,
    body: {
      error: {
        code: error.code,
        message: error.message,
        ...(error instanceof GraphError && error.details !== undefined ? { details: error.details } : {}),
        innerError: {
          date: new Date().toISOString().slice(0, 19),
          "request-id": call.requestId,
          "client-request-id": correlationIdOf(call),
        },
      },
    },
  };
}
