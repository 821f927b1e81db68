import { type Call, isJsonObject, type JsonObject, type Reply } from "../../call";
import type { Cloud } from "../../cloud";
import type { ApplicationRecord } from "../../store/records";
import { checkServiceReference } from "../../store/tenant-policy";
import { mergeAttributes, readBody, readJson, readLinks } from "../body";
import { type GraphCaller, writesAll } from "../caller";
import { refuse } from "../errors";
import { APPLICATION } from "../metadata";
import { APPLICATIONS, replyWithList, replyWithObject } from "../odata";
import { createInlinePasswords, keepInlinePasswords, putInlineCertificates } from "./credentials";
import { findReadable, replyWithNew, viewsOf } from "./reading";

type GraphCall = Call<GraphCaller>;

export function listApplications(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const shown = view.applications.all().map((one) => views.application(one));
  return replyWithList(call, "applications", shown, APPLICATIONS);
}

export function createApplication(cloud: Cloud, call: GraphCall): Reply {
  const { directory, store } = cloud.world;
  const body = readBody(call, APPLICATION, "Application", ["displayName"]);
  const { passwordCredentials, keyCredentials, ...attributes } = body;
  checkServiceReference(cloud.policy, attributes.serviceManagementReference, "Create");
  checkAppRoles({}, attributes);
  const application = directory.createApplication(attributes, ownersOfNew(cloud, call), call.now);
  try {
    const secrets = createInlinePasswords(cloud, call, application.id, passwordCredentials ?? []);
    putInlineCertificates(cloud, call, application.id, keyCredentials);
    const shown = viewsOf(cloud, call, store.tables).views.application(application);
    // Only this answer has the fractions of the second, and the texts of secrets.
    const createdDateTime = formatExactly(application);
    const body = { ...shown, createdDateTime, passwordCredentials: secrets };
    return replyWithNew(cloud, call, "applications", body, "Application");
  } catch (error) {
    store.tables.applications.delete(application.id, call.now);
    throw error;
  }
}

/** 7 digits, as .NET writes them. */
function formatExactly({ createdAt }: ApplicationRecord): string {
  return createdAt.toISOString().replace("Z", "0000Z");
}

export function getApplication(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const application = findReadable(view.applications, call.params.id!);
  return replyWithObject(call, "applications", views.application(application), APPLICATIONS);
}

export function updateApplication(cloud: Cloud, call: GraphCall): Reply {
  const { directory } = cloud.world;
  const application = directory.replicatedApplication(call.params.id!, call.now);
  const body = readBody(call, APPLICATION, "Application");
  const { passwordCredentials, keyCredentials, ...patch } = body;
  if (patch.displayName === null || patch.displayName === "")
    throw refuse("propertyMissing", { property: "displayName", resource: "Application" });
  const attributes = mergeAttributes(application.attributes, patch);
  checkServiceReference(cloud.policy, attributes.serviceManagementReference, "Update");
  checkAppRoles(application.attributes, attributes);
  keepInlinePasswords(cloud, call, application.id, passwordCredentials);
  putInlineCertificates(cloud, call, application.id, keyCredentials);
  directory.updateApplication(application.id, { attributes }, call.now);
  return { status: 204 };
}

export function deleteApplication(cloud: Cloud, call: GraphCall): Reply {
  const { directory, admin } = cloud.world;
  const { id } = directory.replicatedApplication(call.params.id!, call.now);
  if (id === admin.applicationObjectId) throw refuse("forbidden");
  directory.deleteApplication(id, call.now);
  return { status: 204 };
}

/** What is enabled must be disabled before it goes: app roles, and scopes of the API. */
function checkAppRoles(before: JsonObject, after: JsonObject): void {
  for (const list of [rolesOf, scopesOf]) {
    const left = new Set(list(after).map(({ id }) => id));
    if (list(before).some(({ id, isEnabled }) => isEnabled !== false && !left.has(id)))
      throw refuse("entitlementEnabled");
  }
}

const rolesOf = ({ appRoles }: JsonObject) => (Array.isArray(appRoles) ? (appRoles as JsonObject[]) : []);

function scopesOf({ api }: JsonObject): JsonObject[] {
  const scopes = isJsonObject(api) ? api.oauth2PermissionScopes : undefined;
  return Array.isArray(scopes) ? (scopes as JsonObject[]) : [];
}

/** A caller that may write only what it owns becomes the owner of what it creates; so does a person. */
export function ownersOfNew(cloud: Cloud, call: GraphCall): string[] {
  const { caller } = call;
  const named = readLinks(readJson(call));
  const { principals, users } = cloud.world.store.tables;
  for (const id of named)
    if (principals.get(id) === undefined && users.get(id) === undefined)
      throw refuse("objectNotFound", { id });
  if (caller.isPerson || !writesAll(caller)) named.push(caller.objectId);
  return [...new Set(named)];
}
