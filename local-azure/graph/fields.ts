import { z } from "zod";

const text = z.string().nullish();
const flag = z.boolean().nullish();
const texts = z.array(z.string()).nullish();
const complex = z.looseObject({}).nullish();
const complexes = z.array(z.looseObject({})).nullish();

/** The properties of an application that clients write; what else they send is ignored, as in reference 0. */
export const applicationFields = z.object({
  displayName: z.string().min(1).max(256),
  description: z.string().max(1024).nullish(),
  groupMembershipClaims: text,
  identifierUris: texts,
  isDeviceOnlyAuthSupported: flag,
  isFallbackPublicClient: flag,
  notes: z.string().max(1024).nullish(),
  serviceManagementReference: text,
  signInAudience: text,
  tags: texts,
  optionalClaims: complex,
  api: z
    .looseObject({ requestedAccessTokenVersion: z.int().nullish(), knownClientApplications: texts })
    .nullish(),
  appRoles: complexes,
  info: complex,
  publicClient: z.looseObject({ redirectUris: texts }).nullish(),
  requiredResourceAccess: complexes,
  spa: z.looseObject({ redirectUris: texts }).nullish(),
  web: z.looseObject({ redirectUris: texts }).nullish(),
});

/** The properties of a service principal that clients write. */
export const principalFields = z.object({
  accountEnabled: flag,
  alternativeNames: texts,
  appRoleAssignmentRequired: flag,
  description: z.string().max(1024).nullish(),
  displayName: text,
  loginUrl: text,
  notes: z.string().max(1024).nullish(),
  notificationEmailAddresses: texts,
  preferredSingleSignOnMode: text,
  samlSingleSignOnSettings: complex,
  tags: texts,
});

const instant = z.iso.datetime({ offset: true });

/** Credentials come one by one: a list that is not empty would be a call of its own. */
export const credentialLists = z.object({
  passwordCredentials: z.array(z.unknown()).nullish(),
  keyCredentials: z.array(z.unknown()).nullish(),
});

/** The body of addPassword. */
export const passwordFields = z.object({
  passwordCredential: z
    .object({
      displayName: z.string().nullish(),
      startDateTime: instant.nullish(),
      endDateTime: instant.nullish(),
    })
    .nullish(),
});

/** The body of removePassword. */
export const keyIdFields = z.object({ keyId: z.guid() });

/** A federated credential as it is created. */
export const federatedCredentialFields = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/),
  issuer: z.string().min(1).max(600),
  subject: z.string().min(1).max(600),
  audiences: z.array(z.string().min(1).max(600)).length(1),
  description: z.string().max(600).nullish(),
});
