import { z } from "zod";
import { type Call, isJsonObject } from "../http";
import type { JsonObject } from "../store/records";
import * as errors from "./errors";

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

/** A federated credential as it is created. */
export const federatedCredentialFields = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/),
  issuer: z.string().min(1).max(600),
  subject: z.string().min(1).max(600),
  audiences: z.array(z.string().min(1).max(600)).length(1),
  description: z.string().max(600).nullish(),
});

/** Reads the JSON body and checks the properties against a schema. */
export function readBody<Schema extends z.ZodType>(
  call: Call,
  schema: Schema,
  resource: string,
): z.output<Schema> {
  const body = readJson(call);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const path = result.error.issues[0]!.path;
  const isMissing = path.reduce<unknown>(
    (value, step) => (value as JsonObject | undefined)?.[String(step)],
    body,
  );
  const property = path.join(".");
  throw isMissing === undefined
    ? errors.propertyMissing(property, resource)
    : errors.propertyInvalid(property, resource);
}

/** Reads a JSON object, whatever is in it. */
export function readJson(call: Call): JsonObject {
  try {
    const body: unknown = JSON.parse(call.body.toString("utf8"));
    if (isJsonObject(body)) return body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw errors.bodyUnreadable();
}

/** Applies a patch as OData does: parts of a complex value are merged, lists replaced, null clears. */
export function mergeAttributes(attributes: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...attributes };
  for (const [name, value] of Object.entries(patch)) {
    const before = merged[name];
    merged[name] = isJsonObject(value) && isJsonObject(before) ? mergeAttributes(before, value) : value;
  }
  return merged;
}

const OWNER_LINK = /\/(?:directoryObjects|servicePrincipals|users)\/([0-9a-f-]{36})$/i;

/** IDs of the `owners@odata.bind` links; undefined where the client sent none. */
export function readOwnerLinks(body: JsonObject): string[] | undefined {
  const links = body["owners@odata.bind"];
  if (!Array.isArray(links)) return undefined;
  return links.map((link: unknown) => readObjectLink(link, "owners@odata.bind"));
}

export function readObjectLink(link: unknown, property: string): string {
  const id = typeof link === "string" ? OWNER_LINK.exec(link)?.[1] : undefined;
  if (id === undefined) throw errors.propertyInvalid(property, "DirectoryObject");
  return id.toLowerCase();
}
