import type { Cloud } from "../cloud";
import type { Call, Reply } from "../http";
import type { ApplicationRecord, JsonObject } from "../store/records";
import { checkServiceReference } from "../store/tenant-policy";
import { type GraphCaller, requireCreate, requireRead, requireWrite } from "./caller";
import { mergeAttributes, readBody, readJson, readOwnerLinks } from "./body";
import { featureNotImplemented } from "./errors";
import { applicationFields, credentialLists } from "./fields";
import { replyWithList, replyWithObject } from "./odata";
import { viewApplication } from "./views";

export function listApplications(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  const { directory } = cloud.world;
  const views = [...directory.applications.values()].map((one) => view(cloud, call, one));
  return replyWithList(call, "applications", views);
}

export function createApplication(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireCreate(caller);
  const { directory } = cloud.world;
  const attributes = readBody(call, applicationFields, "Application");
  refuseInlineCredentials(call);
  checkServiceReference(cloud.policy, attributes.serviceManagementReference, "Create");
  const owners = ownersOfNew(cloud, call, caller);
  const application = directory.createApplication(attributes, owners, call.now);
  return {
    status: 201,
    headers: { Location: `${call.base}/v1.0/applications/${application.id}` },
    body: {
      "@odata.context": `${call.base}/v1.0/$metadata#applications/$entity`,
      ...viewApplication(application, directory),
    },
  };
}

export function getApplication(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  return replyWithObject(
    call,
    "applications",
    view(cloud, call, cloud.world.directory.application(call.params.id!)),
  );
}

export function updateApplication(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const { directory } = cloud.world;
  const application = directory.application(call.params.id!);
  requireWrite(caller, application);
  const patch: JsonObject = readBody(call, applicationFields.partial(), "Application");
  refuseInlineCredentials(call);
  const after = mergeAttributes(application.attributes, patch);
  checkServiceReference(cloud.policy, after.serviceManagementReference, "Update");
  directory.updateApplication(application.id, (before) => mergeAttributes(before, patch), call.now);
  return { status: 204 };
}

export function deleteApplication(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const { directory } = cloud.world;
  const application = directory.application(call.params.id!);
  requireWrite(caller, application);
  directory.deleteApplication(application.id, call.now);
  return { status: 204 };
}

/** az and azuread send these lists empty. */
function refuseInlineCredentials(call: Call): void {
  const { passwordCredentials, keyCredentials } = readBody(call, credentialLists, "Application");
  if ((passwordCredentials ?? []).length > 0) throw featureNotImplemented("Writing passwordCredentials");
  if ((keyCredentials ?? []).length > 0) throw featureNotImplemented("Writing keyCredentials");
}

/** A caller that may write only what it owns becomes the owner of what it creates. */
export function ownersOfNew(cloud: Cloud, call: Call, caller: GraphCaller): string[] {
  const named = readOwnerLinks(readJson(call));
  for (const id of named) cloud.world.directory.principal(id);
  if (!caller.writesAll && !named.includes(caller.objectId)) named.push(caller.objectId);
  return [...new Set(named)];
}

/** A new secret is not listed until it has replicated. */
function view(cloud: Cloud, call: Call, application: ApplicationRecord): JsonObject {
  const passwords = application.passwords.filter((password) =>
    cloud.replication.isReplicated("secret", password.createdAt, call.now),
  );
  return viewApplication({ ...application, passwords }, cloud.world.directory);
}
