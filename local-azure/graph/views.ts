import { isJsonObject, type JsonObject } from "../call";
import { certificatesOf, passwordsOf } from "../store/credentials";
import { type Directory, displayNameOf, findByAppId } from "../store/directory";
import type * as records from "../store/records";
import type { StoreView } from "../store/store";
import { USERS } from "./odata";

/** Graph's times have no milliseconds. */
export function formatInstant(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`;
}

const nulls = (names: string) =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, null]),
  );

const PUBLISHER = nulls("displayName verifiedPublisherId addedDateTime");
const INFO = nulls("logoUrl marketingUrl privacyStatementUrl supportUrl termsOfServiceUrl");

// Unset properties are explicit nulls: azuread reads an absent `groupMembershipClaims` as [""] and wants to change it.
const APPLICATION_DEFAULTS: JsonObject = {
  ...nulls(`
    applicationTemplateId certification defaultRedirectUri description disabledByMicrosoftStatus
    displayName groupMembershipClaims isDeviceOnlyAuthSupported isFallbackPublicClient
    nativeAuthenticationApisEnabled notes optionalClaims requestSignatureVerification samlMetadataUrl
    serviceManagementReference servicePrincipalLockConfiguration tokenEncryptionKeyId uniqueName`),
  addIns: [],
  api: {
    acceptMappedClaims: null,
    knownClientApplications: [],
    requestedAccessTokenVersion: null,
    oauth2PermissionScopes: [],
    preAuthorizedApplications: [],
  },
  appRoles: [],
  identifierUris: [],
  info: INFO,
  parentalControlSettings: { countriesBlockedForMinors: [], legalAgeGroupRule: "Allow" },
  publicClient: { redirectUris: [] },
  requiredResourceAccess: [],
  signInAudience: "AzureADMyOrg",
  spa: { redirectUris: [] },
  tags: [],
  verifiedPublisher: PUBLISHER,
  web: {
    homePageUrl: null,
    logoutUrl: null,
    redirectUris: [],
    redirectUriSettings: [],
    implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
  },
};

const PRINCIPAL_DEFAULTS: JsonObject = {
  ...nulls(`
    applicationTemplateId description disabledByMicrosoftStatus homepage loginUrl logoutUrl notes
    preferredSingleSignOnMode preferredTokenSigningKeyThumbprint samlSingleSignOnSettings
    tokenEncryptionKeyId`),
  accountEnabled: true,
  addIns: [],
  alternativeNames: [],
  appRoleAssignmentRequired: false,
  appRoles: [],
  info: INFO,
  notificationEmailAddresses: [],
  oauth2PermissionScopes: [],
  replyUrls: [],
  resourceSpecificApplicationPermissions: [],
  servicePrincipalType: "Application",
  tags: [],
  verifiedPublisher: PUBLISHER,
};

const USER_DEFAULTS: JsonObject = {
  ...nulls(`
    aboutMe ageGroup city companyName consentProvidedForMinor country creationType deletedDateTime
    department employeeHireDate employeeId employeeOrgData employeeType externalUserState faxNumber
    givenName jobTitle mail mobilePhone officeLocation onPremisesDistinguishedName onPremisesDomainName
    onPremisesImmutableId passwordPolicies onPremisesSamAccountName onPremisesSecurityIdentifier
    onPremisesSyncEnabled onPremisesUserPrincipalName postalCode preferredLanguage showInAddressList
    state streetAddress surname usageLocation`),
  accountEnabled: true,
  businessPhones: [],
  imAddresses: [],
  otherMails: [],
  proxyAddresses: [],
  userType: "Member",
};

const GROUP_DEFAULTS: JsonObject = {
  ...nulls(`
    classification deletedDateTime description expirationDateTime isAssignableToRole mailNickname
    membershipRule membershipRuleProcessingState onPremisesDomainName onPremisesNetBiosName
    onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled preferredDataLocation
    preferredLanguage theme uniqueName visibility`),
  groupTypes: [],
  mailEnabled: false,
  onPremisesProvisioningErrors: [],
  resourceBehaviorOptions: [],
  resourceProvisioningOptions: [],
  securityEnabled: true,
  serviceProvisioningErrors: [],
  writebackConfiguration: { isEnabled: null, onPremisesGroupType: null },
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

/** Turns records into what Graph shows, from one view of the store. */
export class GraphViews {
  constructor(
    private readonly view: StoreView,
    private readonly directory: Directory,
  ) {}

  application(application: records.ApplicationRecord): JsonObject {
    return {
      id: application.id,
      deletedDateTime: null,
      appId: application.appId,
      createdDateTime: formatInstant(application.createdAt),
      publisherDomain: this.directory.domain,
      ...withDefaults(APPLICATION_DEFAULTS, application.attributes),
      ...this.credentials(application.id),
    };
  }

  /** What is not set on a principal comes from its application. */
  principal(principal: records.PrincipalRecord): JsonObject {
    const application = findByAppId(this.view.applications.all(), principal.appId)?.attributes ?? {};
    const { api, appRoles, web, publicClient, spa, identifierUris } = withDefaults(
      APPLICATION_DEFAULTS,
      application,
    ) as Record<string, JsonObject>;
    const fromApplication = {
      appRoles,
      homepage: web?.homePageUrl,
      info: application.info ?? undefined,
      logoutUrl: web?.logoutUrl,
      oauth2PermissionScopes: api?.oauth2PermissionScopes,
      replyUrls: [web, publicClient, spa].flatMap((part) => part?.redirectUris as string[]),
    };
    return {
      id: principal.id,
      deletedDateTime: null,
      appId: principal.appId,
      appDisplayName: application.displayName ?? null,
      appDescription: application.description ?? null,
      appOwnerOrganizationId: this.directory.tenantId,
      createdDateTime: formatInstant(principal.createdAt),
      signInAudience: application.signInAudience ?? "AzureADMyOrg",
      servicePrincipalNames: [principal.appId, ...(identifierUris as unknown as string[])],
      ...withDefaults(withDefaults(PRINCIPAL_DEFAULTS, fromApplication), principal.attributes),
      displayName: displayNameOf(this.view, principal) ?? null,
      ...this.credentials(principal.id),
    };
  }

  user({ id, attributes, createdAt }: records.UserRecord): JsonObject {
    const [mailNickname] = attributes.userPrincipalName.split("@");
    const own = { id, createdDateTime: formatInstant(createdAt), mailNickname };
    return { ...own, ...withDefaults(USER_DEFAULTS, attributes) };
  }

  group({ id, attributes, createdAt, roleTemplateId }: records.GroupRecord): JsonObject {
    const { displayName } = attributes;
    if (roleTemplateId !== undefined)
      return { deletedDateTime: null, description: displayName, displayName, id, roleTemplateId };
    const isMail = attributes.mailEnabled === true;
    const mail = isMail ? `${String(attributes.mailNickname)}@${this.directory.domain}` : null;
    const proxyAddresses = isMail ? [`SMTP:${mail}`] : [];
    const own = { id, createdDateTime: formatInstant(createdAt), mail, proxyAddresses };
    return { ...own, ...withDefaults(GROUP_DEFAULTS, attributes) };
  }

  /** An object among others: `@odata.type` decides what a client reads it as. */
  object(id: string): JsonObject | undefined {
    const typed = (type: string, shown: JsonObject) => ({
      "@odata.type": `#microsoft.graph.${type}`,
      ...shown,
    });
    const { principals, applications, users, groups } = this.view;
    const principal = principals.get(id);
    if (principal !== undefined) return typed("servicePrincipal", this.principal(principal));
    const application = applications.get(id);
    if (application !== undefined) return typed("application", this.application(application));
    const user = users.get(id);
    if (user !== undefined) return typed("user", pick(this.user(user), USERS.shown!));
    const group = groups.get(id);
    if (group === undefined) return undefined;
    return typed(group.roleTemplateId === undefined ? "group" : "directoryRole", this.group(group));
  }

  objects(ids: readonly string[]): JsonObject[] {
    return ids.map((id) => this.object(id)).filter((shown) => shown !== undefined);
  }

  deleted({ kind, record, displayName, deletedAt }: records.DeletedRecord): JsonObject {
    const shown = {
      application: () => this.application(record as records.ApplicationRecord),
      servicePrincipal: () => this.principal(record as records.PrincipalRecord),
      user: () => this.user(record as records.UserRecord),
      group: () => this.group(record as records.GroupRecord),
    }[kind]();
    const deletedDateTime = formatInstant(deletedAt);
    return {
      "@odata.type": `#microsoft.graph.${kind}`,
      ...shown,
      displayName: displayName ?? null,
      deletedDateTime,
    };
  }

  appRoleAssignment(assignment: records.AppRoleAssignmentRecord): JsonObject {
    const nameOf = (id: string) => this.object(id)?.displayName ?? null;
    const types: Record<string, string> = { user: "User", group: "Group" };
    const type = String(this.object(assignment.principalId)?.["@odata.type"]).split(".").at(-1)!;
    return {
      id: assignment.id,
      deletedDateTime: null,
      appRoleId: assignment.appRoleId,
      createdDateTime: formatInstant(assignment.createdAt),
      principalDisplayName: nameOf(assignment.principalId),
      principalId: assignment.principalId,
      principalType: types[type] ?? "ServicePrincipal",
      resourceDisplayName: nameOf(assignment.resourceId),
      resourceId: assignment.resourceId,
    };
  }

  private credentials(objectId: string): JsonObject {
    return {
      keyCredentials: certificatesOf(this.view, objectId).map(viewCertificate),
      passwordCredentials: passwordsOf(this.view, objectId).map((password) => viewPassword(password)),
    };
  }
}

export function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

/** Without `secretText` it is what every later reader sees. */
export function viewPassword(password: records.PasswordRecord, secretText: string | null = null): JsonObject {
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

/** The certificate itself is shown only to who asks for `keyCredentials` by name; here never. */
function viewCertificate(certificate: records.CertificateRecord): JsonObject {
  return {
    customKeyIdentifier: certificate.customKeyIdentifier,
    displayName: certificate.displayName,
    endDateTime: certificate.endDateTime,
    key: null,
    keyId: certificate.keyId,
    startDateTime: certificate.startDateTime,
    type: certificate.type,
    usage: certificate.usage,
  };
}

/** The expression is in the beta alone; there a subject that is not set is null. */
export function viewFederatedCredential(
  credential: records.FederatedCredentialRecord,
  isBeta: boolean,
): JsonObject {
  const { id, name, issuer, subject, description, audiences, claimsMatchingExpression } = credential;
  const shown = { id, name, issuer, subject, description, audiences };
  return isBeta ? { ...shown, claimsMatchingExpression } : shown;
}
