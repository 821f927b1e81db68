import { z } from "zod";
import type { Cloud } from "../cloud";
import type { Call, Reply } from "../http";
import type { ApplicationRecord, JsonObject, PrincipalRecord } from "../store/records";
import { RuleViolation } from "../store/violations";
import { ownersOfNew } from "./applications";
import { type GraphCaller, requireCreate, requireRead, requireWrite } from "./caller";
import { mergeAttributes, readBody, readJson, readObjectLink } from "./body";
import { backingApplicationNotLocal } from "./errors";
import { principalFields } from "./fields";
import { replyWithList, replyWithObject } from "./odata";
import { viewDirectoryObject, viewPrincipal } from "./views";

export function listPrincipals(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  const { directory } = cloud.world;
  const views = [...directory.principals.values()].map((one) => viewPrincipal(one, directory));
  return replyWithList(call, "servicePrincipals", views);
}

export function createPrincipal(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireCreate(caller);
  const { directory } = cloud.world;
  const { appId, ...attributes } = readBody(
    call,
    principalFields.extend({ appId: z.string() }),
    "ServicePrincipal",
  );
  const application = directory.findApplicationByAppId(appId);
  if (application !== undefined) requireWrite(caller, application);
  const owners = ownersOfNew(cloud, call, caller);
  const principal = tryCreate(caller, () => directory.createPrincipal(appId, attributes, owners, call.now));
  return {
    status: 201,
    headers: { Location: `${call.base}/v1.0/servicePrincipals/${principal.id}` },
    body: {
      "@odata.context": `${call.base}/v1.0/$metadata#servicePrincipals/$entity`,
      ...viewPrincipal(principal, directory),
    },
  };
}

/** A caller that may manage only what it owns is refused in other words: az and azuread retry on both. */
function tryCreate(caller: GraphCaller, create: () => PrincipalRecord): PrincipalRecord {
  try {
    return create();
  } catch (error) {
    const isUnknown = error instanceof RuleViolation && error.code === "appIdNotFound";
    throw isUnknown && !caller.writesAll ? backingApplicationNotLocal() : error;
  }
}

export function getPrincipal(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  const { directory } = cloud.world;
  const principal = directory.principal(call.params.id!);
  return replyWithObject(call, "servicePrincipals", viewPrincipal(principal, directory));
}

/** Never hidden by a replication lag: azuread patches right after creating and does not retry a 404. */
export function updatePrincipal(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const principal = cloud.world.directory.principal(call.params.id!);
  requireWrite(caller, principal);
  const patch: JsonObject = readBody(call, principalFields, "ServicePrincipal");
  principal.attributes = mergeAttributes(principal.attributes, patch);
  return { status: 204 };
}

export function deletePrincipal(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  const principal = cloud.world.directory.principal(call.params.id!);
  requireWrite(caller, principal);
  cloud.world.directory.deletePrincipal(principal.id, call.now);
  return { status: 204 };
}

type Owned = ApplicationRecord | PrincipalRecord;

/** Handlers of `owners`, for both kinds of object that have them. */
export function ownerHandlers(find: (cloud: Cloud, id: string) => Owned) {
  return {
    list(this: void, cloud: Cloud, call: Call, caller: GraphCaller): Reply {
      requireRead(caller);
      const { directory } = cloud.world;
      const views = find(cloud, call.params.id!)
        .owners.map((id) => directory.principals.get(id))
        .filter((principal) => principal !== undefined)
        .map((principal) => viewDirectoryObject(principal, directory));
      return replyWithList(call, "directoryObjects", views);
    },
    add(this: void, cloud: Cloud, call: Call, caller: GraphCaller): Reply {
      const record = find(cloud, call.params.id!);
      requireWrite(caller, record);
      const id = readObjectLink(readJson(call)["@odata.id"], "@odata.id");
      cloud.world.directory.principal(id);
      if (record.owners.includes(id)) throw new RuleViolation("ownerExists", { id });
      record.owners.push(id);
      return { status: 204 };
    },
    /** The last owner can be removed too: azuread removes the creator. */
    remove(this: void, cloud: Cloud, call: Call, caller: GraphCaller): Reply {
      const record = find(cloud, call.params.id!);
      requireWrite(caller, record);
      const id = call.params.owner!.toLowerCase();
      if (!record.owners.includes(id)) throw new RuleViolation("ownerNotFound", { id });
      record.owners = record.owners.filter((owner) => owner !== id);
      return { status: 204 };
    },
  };
}

/** Unknown IDs are left out. */
export function getObjectsByIds(cloud: Cloud, call: Call, caller: GraphCaller): Reply {
  requireRead(caller);
  const schema = z.object({ ids: z.array(z.string()).max(1000), types: z.array(z.string()).nullish() });
  const { ids, types } = readBody(call, schema, "DirectoryObject");
  const { directory } = cloud.world;
  const wanted = types ?? ["servicePrincipal"];
  const found = wanted.includes("servicePrincipal") || wanted.includes("directoryObject") ? ids : [];
  const views = found
    .map((id) => directory.principals.get(id.toLowerCase()))
    .filter((principal) => principal !== undefined)
    .map((principal) => viewDirectoryObject(principal, directory));
  return replyWithList(call, "directoryObjects", views);
}
