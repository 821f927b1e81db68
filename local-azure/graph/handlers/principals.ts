import type { Call, Reply } from "../../call";
import type { Cloud } from "../../cloud";
import { Refusal } from "../../refusal";
import { findByAppId, groupsOf } from "../../store/directory";
import type { PrincipalRecord } from "../../store/records";
import { mergeAttributes, readBody, readJson, readObjectLink } from "../body";
import { type GraphCaller, mayWrite, writesAll } from "../caller";
import { refuse } from "../errors";
import { SERVICE_PRINCIPAL } from "../metadata";
import { plain, PRINCIPALS, replyWithList, replyWithObject } from "../odata";
import { locationOf, ownersOfNew } from "./applications";
import { createInlinePasswords, keepInlinePasswords, putInlineCertificates } from "./credentials";
import { findReadable, viewsOf } from "./reading";

type GraphCall = Call<GraphCaller>;

const OBJECTS = plain("DirectoryObject", "directoryObject", "id");
/** What a principal has from its application: a request may not set it here. */
const FROM_APPLICATION = ["appRoles", "oauth2PermissionScopes", "replyUrls", "homepage", "logoutUrl", "info"];

export function listPrincipals(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const shown = view.principals.all().map((one) => views.principal(one));
  return replyWithList(call, "servicePrincipals", shown, PRINCIPALS);
}

export function createPrincipal(cloud: Cloud, call: GraphCall): Reply {
  const { directory, store } = cloud.world;
  const body = readBody(call, SERVICE_PRINCIPAL, "ServicePrincipal", ["appId"]);
  const { appId, passwordCredentials, keyCredentials, ...attributes } = body;
  refuseFromApplication(attributes);
  const application = findByAppId(store.tables.applications.all(), appId!);
  if (application !== undefined && !mayWrite(call.caller, application)) throw refuse("forbidden");
  const owners = ownersOfNew(cloud, call);
  const principal = tryCreate(call.caller, () =>
    directory.createPrincipal(appId!, attributes, owners, call.now),
  );
  try {
    const secrets = createInlinePasswords(cloud, call, principal.id, passwordCredentials ?? []);
    putInlineCertificates(cloud, call, principal.id, keyCredentials);
    const { views } = viewsOf(cloud, call, store.tables);
    return {
      status: 201,
      headers: { Location: locationOf(cloud, call, principal.id, "ServicePrincipal") },
      body: {
        "@odata.context": `${call.base}/v1.0/$metadata#servicePrincipals/$entity`,
        ...views.principal(principal),
        passwordCredentials: secrets,
      },
    };
  } catch (error) {
    store.tables.principals.delete(principal.id, call.now);
    throw error;
  }
}

/** A caller that may manage only what it owns is refused in other words: az and azuread retry on both. */
function tryCreate(caller: GraphCaller, create: () => PrincipalRecord): PrincipalRecord {
  try {
    return create();
  } catch (error) {
    const isUnknown = error instanceof Refusal && error.rule === "appIdNotFound";
    throw isUnknown && !caller.isPerson && !writesAll(caller) ? refuse("backingApplicationNotLocal") : error;
  }
}

function refuseFromApplication(attributes: object): void {
  const property = FROM_APPLICATION.find((name) => Object.hasOwn(attributes, name));
  if (property !== undefined) throw refuse("propertyReadOnly", { property });
}

export function getPrincipal(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const principal = findReadable(view.principals, call.params.id!);
  return replyWithObject(call, "servicePrincipals", views.principal(principal), PRINCIPALS);
}

/** Never hidden by a replication lag: azuread patches right after creating and does not retry a 404. */
export function updatePrincipal(cloud: Cloud, call: GraphCall): Reply {
  const { directory } = cloud.world;
  const principal = directory.principal(call.params.id!);
  const body = readBody(call, SERVICE_PRINCIPAL, "ServicePrincipal");
  const { appId, passwordCredentials, keyCredentials, ...patch } = body;
  if (appId != null && appId !== principal.appId) throw refuse("propertyReadOnly", { property: "appId" });
  refuseFromApplication(patch);
  keepInlinePasswords(cloud, call, principal.id, passwordCredentials);
  putInlineCertificates(cloud, call, principal.id, keyCredentials);
  const attributes = mergeAttributes(principal.attributes, patch);
  directory.updatePrincipal(principal.id, { attributes }, call.now);
  return { status: 204 };
}

export function deletePrincipal(cloud: Cloud, call: GraphCall): Reply {
  cloud.world.directory.deletePrincipal(call.params.id!, call.now);
  return { status: 204 };
}

/** The groups and directory roles of a principal or a person, its own or all; `cast` leaves one kind. */
export function listMemberships(isTransitive: boolean, cast?: "group" | "directoryRole") {
  return (cloud: Cloud, call: GraphCall): Reply => {
    const { view, views } = viewsOf(cloud, call);
    const id = (call.params.id ?? call.caller.objectId).toLowerCase();
    if (views.object(id) === undefined) throw refuse("objectNotFound", { id });
    const groups = groupsOf(view, id)
      .filter(({ members }) => isTransitive || members.includes(id))
      .filter(
        ({ roleTemplateId }) => cast === undefined || (roleTemplateId === undefined) === (cast === "group"),
      );
    return replyWithList(call, "directoryObjects", views.objects(groups.map((group) => group.id)), OBJECTS);
  };
}

/** What a principal owns. */
export function listOwnedObjects(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const { id } = findReadable(view.principals, call.params.id!);
  const owned = [...view.applications.all(), ...view.principals.all()].filter(({ owners }) =>
    owners.includes(id),
  );
  return replyWithList(call, "directoryObjects", views.objects(owned.map((one) => one.id)), OBJECTS);
}

/** Handlers of `owners`, for both kinds of object that have them. */
export function ownerHandlers(kind: "application" | "principal") {
  const find = (cloud: Cloud, id: string) => cloud.world.directory[kind](id);
  const put = (cloud: Cloud, call: GraphCall, owners: readonly string[]) => {
    const { directory } = cloud.world;
    if (kind === "application") directory.updateApplication(call.params.id!, { owners }, call.now);
    else directory.updatePrincipal(call.params.id!, { owners }, call.now);
  };
  return {
    list(this: void, cloud: Cloud, call: GraphCall): Reply {
      const { view, views } = viewsOf(cloud, call);
      const { owners } = findReadable(view[`${kind}s`], call.params.id!);
      return replyWithList(call, "directoryObjects", views.objects(owners), OBJECTS);
    },
    add(this: void, cloud: Cloud, call: GraphCall): Reply {
      const { owners } = find(cloud, call.params.id!);
      const id = readObjectLink(readJson(call)["@odata.id"], "@odata.id");
      const { principals, users } = cloud.world.store.tables;
      if (principals.get(id) === undefined && users.get(id) === undefined)
        throw refuse("objectNotFound", { id });
      if (owners.includes(id)) throw refuse("ownerExists");
      put(cloud, call, [...owners, id]);
      return { status: 204 };
    },
    /** The last owner can be removed too: azuread removes the creator. */
    remove(this: void, cloud: Cloud, call: GraphCall): Reply {
      const { owners } = find(cloud, call.params.id!);
      const id = call.params.member!.toLowerCase();
      if (!owners.includes(id)) throw refuse("ownerNotFound", { id });
      const left = owners.filter((owner) => owner !== id);
      put(cloud, call, left);
      return { status: 204 };
    },
  };
}
