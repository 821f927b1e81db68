import type { Call, Reply } from "../../call";
import type { Cloud } from "../../cloud";
import { Refusal } from "../../refusal";
import { findByAppId } from "../../store/directory";
import { MICROSOFT_TENANT_ID } from "../../store/microsoft-graph";
import type { PrincipalRecord } from "../../store/records";
import { mergeAttributes, readBody } from "../body";
import { type GraphCaller, mayWrite, writesAll } from "../caller";
import { refuse } from "../errors";
import { SERVICE_PRINCIPAL } from "../metadata";
import { PRINCIPALS, replyWithList, replyWithObject } from "../odata";
import { ownersOfNew } from "./applications";
import { createInlinePasswords, keepInlinePasswords, putInlineCertificates } from "./credentials";
import { findReadable, replyWithNew, viewsOf } from "./reading";

type GraphCall = Call<GraphCaller>;

/** What a principal has from its application alone (microsoftgraph/msgraph-bicep-types#263). */
const FROM_APPLICATION = ["appRoles", "oauth2PermissionScopes"];

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
    const body = { ...views.principal(principal), passwordCredentials: secrets };
    return replyWithNew(cloud, call, "servicePrincipals", body, "ServicePrincipal");
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
  if (FROM_APPLICATION.some((name) => Object.hasOwn(attributes, name)))
    throw refuse("entitlementOfApplication");
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
  if (body.accountEnabled === false) refuseOnKept(cloud, principal);
  const { appId, passwordCredentials, keyCredentials, ...patch } = body;
  if (appId != null && appId !== principal.appId) throw refuse("propertyReadOnly", { property: "appId" });
  refuseFromApplication(patch);
  keepInlinePasswords(cloud, call, principal.id, passwordCredentials);
  putInlineCertificates(cloud, call, principal.id, keyCredentials);
  const attributes = mergeAttributes(principal.attributes, patch);
  directory.updatePrincipal(principal.id, { attributes }, call.now);
  return { status: 204 };
}

/**
 * Microsoft's own principals and those of managed identities are not the tenant's to delete. Nor is the
 * administrator's here: nobody could use this world without it.
 */
function refuseOnKept({ world }: Cloud, { id, attributes }: PrincipalRecord): void {
  const isForeign = attributes.appOwnerOrganizationId === MICROSOFT_TENANT_ID;
  const isManaged = attributes.servicePrincipalType === "ManagedIdentity";
  if (isForeign || isManaged || id === world.admin.objectId) throw refuse("forbidden");
}

export function deletePrincipal(cloud: Cloud, call: GraphCall): Reply {
  const { directory } = cloud.world;
  const principal = directory.principal(call.params.id!);
  refuseOnKept(cloud, principal);
  directory.deletePrincipal(principal.id, call.now);
  return { status: 204 };
}
