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

const texts = <const Names extends readonly string[]>(...names: Names) =>
  Object.fromEntries(names.map((name) => [name, "String"])) as { readonly [Name in Names[number]]: "String" };

const APP_ROLE = {
  ...texts("description", "displayName", "origin", "value"),
  allowedMemberTypes: ["String"],
  id: "Guid",
  isEnabled: "Boolean",
} as const satisfies EntityType;

const SCOPE = {
  ...texts("adminConsentDescription", "adminConsentDisplayName", "origin", "type"),
  ...texts("userConsentDescription", "userConsentDisplayName", "value"),
  id: "Guid",
  isEnabled: "Boolean",
} as const satisfies EntityType;

const KEY_CREDENTIAL = {
  ...texts("customKeyIdentifier", "displayName", "key", "type", "usage"),
  endDateTime: "DateTimeOffset",
  keyId: "Guid",
  startDateTime: "DateTimeOffset",
} as const satisfies EntityType;

export const PASSWORD_CREDENTIAL = {
  ...texts("customKeyIdentifier", "displayName", "hint", "secretText"),
  endDateTime: "DateTimeOffset",
  keyId: "Guid",
  startDateTime: "DateTimeOffset",
} as const satisfies EntityType;

const INFO = {
  ...texts("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl"),
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
  ...texts("defaultRedirectUri", "groupMembershipClaims", "nativeAuthenticationApisEnabled"),
  ...texts("samlMetadataUrl", "serviceManagementReference", "signInAudience", "uniqueName"),
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
  deletedDateTime: "~DateTimeOffset",
  description: "String 1024",
  disabledByMicrosoftStatus: "!String",
  displayName: "String 256",
  id: "!String",
  identifierUris: ["String"],
  info: INFO,
  isDeviceOnlyAuthSupported: "Boolean",
  isFallbackPublicClient: "Boolean",
  keyCredentials: [KEY_CREDENTIAL],
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
  servicePrincipalLockConfiguration: {
    allProperties: "Boolean",
    credentialsWithUsageSign: "Boolean",
    credentialsWithUsageVerify: "Boolean",
    isEnabled: "Boolean",
    tokenEncryptionKeyId: "Boolean",
  },
  spa: REDIRECTS,
  tags: ["String"],
  tokenEncryptionKeyId: "Guid",
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
  ...texts("appId", "homepage", "loginUrl", "logoutUrl", "preferredSingleSignOnMode"),
  ...texts("preferredTokenSigningKeyThumbprint", "servicePrincipalType"),
  accountEnabled: "Boolean",
  addIns: [ADD_IN],
  alternativeNames: ["String"],
  appDescription: "!String",
  appDisplayName: "~String",
  applicationTemplateId: "~String",
  appOwnerOrganizationId: "~Guid",
  appRoleAssignmentRequired: "Boolean",
  appRoles: [APP_ROLE],
  createdDateTime: "~DateTimeOffset",
  deletedDateTime: "~DateTimeOffset",
  description: "String 1024",
  disabledByMicrosoftStatus: "!String",
  displayName: "String 256",
  id: "!String",
  info: INFO,
  keyCredentials: [KEY_CREDENTIAL],
  notes: "String 1024",
  notificationEmailAddresses: ["String"],
  oauth2PermissionScopes: [SCOPE],
  passwordCredentials: [PASSWORD_CREDENTIAL],
  replyUrls: ["String"],
  resourceSpecificApplicationPermissions: "~Complex",
  samlMetadataUrl: "~String",
  samlSingleSignOnSettings: { relayState: "String" },
  servicePrincipalNames: ["String"],
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
