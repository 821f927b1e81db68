/**
 * The properties of what clients write in Microsoft Graph, with their types, from Graph's CSDL ($metadata). `!` marks
 * what only Graph sets; a number is the longest text.
 */
export type PropertyType =
  | "String"
  | "Boolean"
  | "Int32"
  | "Guid"
  | "DateTimeOffset"
  | `String ${number}`
  | `!${string}`
  | readonly [PropertyType]
  | EntityType;

export interface EntityType {
  readonly [property: string]: PropertyType;
}

const APP_ROLE = {
  allowedMemberTypes: ["String"],
  description: "String",
  displayName: "String",
  id: "Guid",
  isEnabled: "Boolean",
  origin: "String",
  value: "String",
} as const satisfies EntityType;

const SCOPE = {
  adminConsentDescription: "String",
  adminConsentDisplayName: "String",
  id: "Guid",
  isEnabled: "Boolean",
  origin: "String",
  type: "String",
  userConsentDescription: "String",
  userConsentDisplayName: "String",
  value: "String",
} as const satisfies EntityType;

const KEY_CREDENTIAL = {
  customKeyIdentifier: "String",
  displayName: "String",
  endDateTime: "DateTimeOffset",
  key: "String",
  keyId: "Guid",
  startDateTime: "DateTimeOffset",
  type: "String",
  usage: "String",
} as const satisfies EntityType;

export const PASSWORD_CREDENTIAL = {
  customKeyIdentifier: "String",
  displayName: "String",
  endDateTime: "DateTimeOffset",
  hint: "String",
  keyId: "Guid",
  secretText: "String",
  startDateTime: "DateTimeOffset",
} as const satisfies EntityType;

const INFO = {
  logoUrl: "String",
  marketingUrl: "String",
  privacyStatementUrl: "String",
  supportUrl: "String",
  termsOfServiceUrl: "String",
} as const satisfies EntityType;

const ADD_IN = {
  id: "Guid",
  properties: [{ key: "String", value: "String" }],
  type: "String",
} as const satisfies EntityType;

const OPTIONAL_CLAIMS = [
  { additionalProperties: ["String"], essential: "Boolean", name: "String", source: "String" },
] as const;

const REDIRECTS = { redirectUris: ["String"] } as const satisfies EntityType;

export const APPLICATION = {
  addIns: [ADD_IN],
  api: {
    acceptMappedClaims: "Boolean",
    knownClientApplications: ["Guid"],
    oauth2PermissionScopes: [SCOPE],
    preAuthorizedApplications: [{ appId: "String", delegatedPermissionIds: ["String"] }],
    requestedAccessTokenVersion: "Int32",
  },
  appId: "!String",
  appRoles: [APP_ROLE],
  applicationTemplateId: "!String",
  certification: "!Complex",
  createdDateTime: "!DateTimeOffset",
  defaultRedirectUri: "String",
  deletedDateTime: "!DateTimeOffset",
  description: "String 1024",
  disabledByMicrosoftStatus: "!String",
  displayName: "String 256",
  groupMembershipClaims: "String",
  id: "!String",
  identifierUris: ["String"],
  info: INFO,
  isDeviceOnlyAuthSupported: "Boolean",
  isFallbackPublicClient: "Boolean",
  keyCredentials: [KEY_CREDENTIAL],
  nativeAuthenticationApisEnabled: "String",
  notes: "String 1024",
  oauth2RequirePostResponse: "Boolean",
  optionalClaims: { accessToken: OPTIONAL_CLAIMS, idToken: OPTIONAL_CLAIMS, saml2Token: OPTIONAL_CLAIMS },
  parentalControlSettings: { countriesBlockedForMinors: ["String"], legalAgeGroupRule: "String" },
  passwordCredentials: [PASSWORD_CREDENTIAL],
  publicClient: REDIRECTS,
  publisherDomain: "!String",
  requestSignatureVerification: {
    allowedWeakAlgorithms: "String",
    isSignedRequestRequired: "Boolean",
  },
  requiredResourceAccess: [{ resourceAccess: [{ id: "Guid", type: "String" }], resourceAppId: "String" }],
  samlMetadataUrl: "String",
  serviceManagementReference: "String",
  servicePrincipalLockConfiguration: {
    allProperties: "Boolean",
    credentialsWithUsageSign: "Boolean",
    credentialsWithUsageVerify: "Boolean",
    isEnabled: "Boolean",
    tokenEncryptionKeyId: "Boolean",
  },
  signInAudience: "String",
  spa: REDIRECTS,
  tags: ["String"],
  tokenEncryptionKeyId: "Guid",
  uniqueName: "String",
  verifiedPublisher: "!Complex",
  web: {
    homePageUrl: "String",
    implicitGrantSettings: { enableAccessTokenIssuance: "Boolean", enableIdTokenIssuance: "Boolean" },
    logoutUrl: "String",
    redirectUriSettings: [{ index: "Int32", uri: "String" }],
    redirectUris: ["String"],
  },
} as const satisfies EntityType;

export const SERVICE_PRINCIPAL = {
  accountEnabled: "Boolean",
  addIns: [ADD_IN],
  alternativeNames: ["String"],
  appDescription: "!String",
  appDisplayName: "!String",
  appId: "String",
  applicationTemplateId: "!String",
  appOwnerOrganizationId: "!Guid",
  appRoleAssignmentRequired: "Boolean",
  appRoles: [APP_ROLE],
  createdDateTime: "!DateTimeOffset",
  deletedDateTime: "!DateTimeOffset",
  description: "String 1024",
  disabledByMicrosoftStatus: "!String",
  displayName: "String 256",
  homepage: "String",
  id: "!String",
  info: INFO,
  keyCredentials: [KEY_CREDENTIAL],
  loginUrl: "String",
  logoutUrl: "String",
  notes: "String 1024",
  notificationEmailAddresses: ["String"],
  oauth2PermissionScopes: [SCOPE],
  passwordCredentials: [PASSWORD_CREDENTIAL],
  preferredSingleSignOnMode: "String",
  preferredTokenSigningKeyThumbprint: "String",
  replyUrls: ["String"],
  resourceSpecificApplicationPermissions: "!Complex",
  samlMetadataUrl: "!String",
  samlSingleSignOnSettings: { relayState: "String" },
  servicePrincipalNames: ["String"],
  servicePrincipalType: "String",
  signInAudience: "!String",
  tags: ["String"],
  tokenEncryptionKeyId: "Guid",
  verifiedPublisher: "!Complex",
} as const satisfies EntityType;

export const FEDERATED_CREDENTIAL = {
  audiences: ["String"],
  claimsMatchingExpression: { languageVersion: "Int32", value: "String" },
  description: "String 600",
  id: "!String",
  issuer: "String 600",
  name: "String",
  subject: "String 600",
} as const satisfies EntityType;

export const APP_ROLE_ASSIGNMENT = {
  appRoleId: "Guid",
  createdDateTime: "!DateTimeOffset",
  deletedDateTime: "!DateTimeOffset",
  id: "!String",
  principalDisplayName: "!String",
  principalId: "Guid",
  principalType: "!String",
  resourceDisplayName: "!String",
  resourceId: "Guid",
} as const satisfies EntityType;

export const ADD_PASSWORD = { passwordCredential: PASSWORD_CREDENTIAL } as const satisfies EntityType;
export const REMOVE_PASSWORD = { keyId: "Guid" } as const satisfies EntityType;
export const GET_BY_IDS = { ids: ["String"], types: ["String"] } as const satisfies EntityType;

/** Complex properties that a change replaces whole; the others are merged. */
export const REPLACED_WHOLE = ["optionalClaims", "samlSingleSignOnSettings"] as const;

/** Values that only some texts can have. */
export const ENUMERATIONS: Readonly<Record<string, readonly string[]>> = {
  signInAudience: [
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
  ],
};
