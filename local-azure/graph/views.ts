import type { Directory } from "../store/directory";
import type {
  ApplicationRecord,
  FederatedCredentialRecord,
  JsonObject,
  PasswordRecord,
  PrincipalRecord,
} from "../store/records";
import { isJsonObject } from "../http";

/** Graph's times have no milliseconds. */
export function formatInstant(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`;
}

// Unset properties are explicit nulls: azuread reads an absent `groupMembershipClaims` as [""] and wants to change it.
const APPLICATION_DEFAULTS: JsonObject = {
  applicationTemplateId: null,
  disabledByMicrosoftStatus: null,
  displayName: null,
  description: null,
  groupMembershipClaims: null,
  identifierUris: [],
  isDeviceOnlyAuthSupported: null,
  isFallbackPublicClient: null,
  notes: null,
  serviceManagementReference: null,
  signInAudience: "AzureADMyOrg",
  tags: [],
  tokenEncryptionKeyId: null,
  optionalClaims: null,
  addIns: [],
  api: {
    acceptMappedClaims: null,
    knownClientApplications: [],
    requestedAccessTokenVersion: null,
    oauth2PermissionScopes: [],
    preAuthorizedApplications: [],
  },
  appRoles: [],
  info: {
    logoUrl: null,
    marketingUrl: null,
    privacyStatementUrl: null,
    supportUrl: null,
    termsOfServiceUrl: null,
  },
  publicClient: { redirectUris: [] },
  requiredResourceAccess: [],
  spa: { redirectUris: [] },
  web: {
    homePageUrl: null,
    logoutUrl: null,
    redirectUris: [],
    implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
  },
};

const PRINCIPAL_DEFAULTS: JsonObject = {
  accountEnabled: true,
  alternativeNames: [],
  appRoleAssignmentRequired: false,
  description: null,
  disabledByMicrosoftStatus: null,
  homepage: null,
  loginUrl: null,
  logoutUrl: null,
  notes: null,
  notificationEmailAddresses: [],
  preferredSingleSignOnMode: null,
  replyUrls: [],
  samlSingleSignOnSettings: null,
  servicePrincipalType: "Application",
  tags: [],
  appRoles: [],
  oauth2PermissionScopes: [],
  keyCredentials: [],
  passwordCredentials: [],
};

/** Lays what was sent over the defaults; a null clears a list or a complex value back to its default. */
function withDefaults(defaults: JsonObject, sent: JsonObject): JsonObject {
  const result = { ...defaults };
  for (const [name, value] of Object.entries(sent)) {
    const fallback = defaults[name];
    if (value === undefined || (value === null && fallback !== undefined)) result[name] = fallback;
    else if (isJsonObject(value) && isJsonObject(fallback)) result[name] = withDefaults(fallback, value);
    else result[name] = value;
  }
  return result;
}

export function viewApplication(application: ApplicationRecord, directory: Directory): JsonObject {
  return {
    id: application.id,
    deletedDateTime: null,
    appId: application.appId,
    createdDateTime: formatInstant(application.createdAt),
    publisherDomain: directory.domain,
    ...withDefaults(APPLICATION_DEFAULTS, application.attributes),
    keyCredentials: [],
    passwordCredentials: application.passwords.map((password) => viewPassword(password)),
  };
}

export function viewPrincipal(principal: PrincipalRecord, directory: Directory): JsonObject {
  const application = directory.findApplicationByAppId(principal.appId)?.attributes ?? {};
  const identifierUris = Array.isArray(application.identifierUris) ? application.identifierUris : [];
  return {
    id: principal.id,
    deletedDateTime: null,
    appId: principal.appId,
    appDisplayName: application.displayName ?? null,
    appDescription: application.description ?? null,
    appOwnerOrganizationId: directory.tenantId,
    createdDateTime: formatInstant(principal.createdAt),
    signInAudience: application.signInAudience ?? "AzureADMyOrg",
    servicePrincipalNames: [principal.appId, ...(identifierUris as string[])],
    ...withDefaults(PRINCIPAL_DEFAULTS, principal.attributes),
    displayName: directory.displayNameOf(principal) ?? null,
  };
}

/** Without `secretText` it is what every later reader sees. */
export function viewPassword(password: PasswordRecord, secretText: string | null = null): JsonObject {
  return {
    customKeyIdentifier: null,
    displayName: password.displayName,
    endDateTime: password.endDateTime,
    hint: password.hint,
    keyId: password.keyId,
    secretText,
    startDateTime: password.startDateTime,
  };
}

export function viewFederatedCredential(credential: FederatedCredentialRecord): JsonObject {
  return {
    id: credential.id,
    name: credential.name,
    issuer: credential.issuer,
    subject: credential.subject,
    description: credential.description,
    audiences: credential.audiences,
  };
}

/** A principal among other directory objects: `@odata.type` decides what a client reads it as. */
export function viewDirectoryObject(principal: PrincipalRecord, directory: Directory): JsonObject {
  return { "@odata.type": "#microsoft.graph.servicePrincipal", ...viewPrincipal(principal, directory) };
}
