/**
 * The properties of what clients write in Microsoft Graph, with their types, from Graph's CSDL ($metadata). `!` marks
 * what Graph was seen to refuse as read-only (microsoftgraph/msgraph-bicep-types#260 and #263,
 * hashicorp/terraform-provider-azuread#255), `~` what it sets itself and is not known to refuse; a number is the longest
 * text.
 */
export type PropertyType =
  | "String"
  | "Boolean"
  | "Int32"
  | "Guid"
  | "DateTimeOffset"
  | `String ${number}`
  | `${"!" | "~"}${string}`
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
  applicationTemplateId: "~String",
  certification: "~Complex",
  createdDateTime: "~DateTimeOffset",
  defaultRedirectUri: "String",
  deletedDateTime: "~DateTimeOffset",
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
  verifiedPublisher: "~Complex",
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
  appDisplayName: "~String",
  appId: "String",
  applicationTemplateId: "~String",
  appOwnerOrganizationId: "~Guid",
  appRoleAssignmentRequired: "Boolean",
  appRoles: [APP_ROLE],
  createdDateTime: "~DateTimeOffset",
  deletedDateTime: "~DateTimeOffset",
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
  resourceSpecificApplicationPermissions: "~Complex",
  samlMetadataUrl: "~String",
  samlSingleSignOnSettings: { relayState: "String" },
  servicePrincipalNames: ["String"],
  servicePrincipalType: "String",
  signInAudience: "~String",
  tags: ["String"],
  tokenEncryptionKeyId: "Guid",
  verifiedPublisher: "~Complex",
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

const texts = <const Names extends readonly string[]>(...names: Names) =>
  Object.fromEntries(names.map((name) => [name, "String"])) as { readonly [Name in Names[number]]: "String" };

export const USER = {
  ...texts("aboutMe", "ageGroup", "city", "companyName", "consentProvidedForMinor", "country", "department"),
  ...texts("employeeId", "employeeType", "faxNumber", "givenName", "jobTitle", "mailNickname", "mobilePhone"),
  ...texts("officeLocation", "onPremisesImmutableId", "passwordPolicies", "postalCode", "preferredLanguage"),
  ...texts("state", "streetAddress", "surname", "usageLocation", "userPrincipalName", "userType", "mail"),
  accountEnabled: "Boolean",
  businessPhones: ["String"],
  createdDateTime: "~DateTimeOffset",
  displayName: "String 256",
  employeeHireDate: "DateTimeOffset",
  employeeOrgData: { costCenter: "String", division: "String" },
  id: "!String",
  otherMails: ["String"],
  passwordProfile: {
    forceChangePasswordNextSignIn: "Boolean",
    forceChangePasswordNextSignInWithMfa: "Boolean",
    password: "String",
  },
  showInAddressList: "Boolean",
} as const satisfies EntityType;

export const GROUP = {
  ...texts("classification", "mailNickname", "membershipRule", "membershipRuleProcessingState"),
  ...texts("preferredDataLocation", "preferredLanguage", "theme", "uniqueName", "visibility"),
  allowExternalSenders: "Boolean",
  autoSubscribeNewMembers: "Boolean",
  createdDateTime: "~DateTimeOffset",
  description: "String 1024",
  displayName: "String 256",
  groupTypes: ["String"],
  hideFromAddressLists: "Boolean",
  hideFromOutlookClients: "Boolean",
  id: "!String",
  isAssignableToRole: "Boolean",
  mailEnabled: "Boolean",
  resourceBehaviorOptions: ["String"],
  resourceProvisioningOptions: ["String"],
  securityEnabled: "Boolean",
  writebackConfiguration: { isEnabled: "Boolean", onPremisesGroupType: "String" },
} as const satisfies EntityType;

export const SCOPE_GRANT = {
  clientId: "Guid",
  consentType: "String",
  id: "!String",
  principalId: "Guid",
  resourceId: "Guid",
  scope: "String",
  startTime: "~DateTimeOffset",
  expiryTime: "~DateTimeOffset",
} as const satisfies EntityType;

export const MEMBER_GROUPS = { securityEnabledOnly: "Boolean" } as const satisfies EntityType;

export const APP_ROLE_ASSIGNMENT = {
  appRoleId: "Guid",
  createdDateTime: "~DateTimeOffset",
  deletedDateTime: "~DateTimeOffset",
  id: "!String",
  principalDisplayName: "~String",
  principalId: "Guid",
  principalType: "~String",
  resourceDisplayName: "~String",
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
