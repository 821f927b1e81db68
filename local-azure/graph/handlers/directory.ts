import type { Call, JsonObject, Reply } from "../../call";
import type { Cloud } from "../../cloud";
import { findByAppId } from "../../store/directory";
import { GRAPH_APP_ID } from "../../store/microsoft-graph";
import type { AppRoleAssignmentRecord, DeletedRecord, ScopeGrantRecord } from "../../store/records";
import { readBody } from "../body";
import { type GraphCaller, mayGrant } from "../caller";
import { refuse } from "../errors";
import { APP_ROLE_ASSIGNMENT, GET_BY_IDS, SCOPE_GRANT } from "../metadata";
import { OBJECTS, plain, replyWithList, replyWithObject } from "../odata";
import { findReadable, replyWithNew, viewsOf } from "./reading";

type GraphCall = Call<GraphCaller>;

const GRANTS = plain("AppRoleAssignment", "appRoleAssignment");
const SCOPE_GRANTS = plain("OAuth2PermissionGrant", "oAuth2PermissionGrant", "clientId", "principalId");
const DOMAINS = plain("Domain", "domain");
const TENANTS = plain("Organization", "organization");
const DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000";

export function listDomains(cloud: Cloud, call: GraphCall): Reply {
  const domain = {
    authenticationType: "Managed",
    availabilityStatus: null,
    id: cloud.world.directory.domain,
    isAdminManaged: true,
    isDefault: true,
    isInitial: true,
    isRoot: true,
    isVerified: true,
    passwordNotificationWindowInDays: null,
    passwordValidityPeriodInDays: null,
    state: null,
    supportedServices: ["Email", "OfficeCommunicationsOnline"],
  };
  return replyWithList(call, "domains", [domain], DOMAINS);
}

export function listOrganizations(cloud: Cloud, call: GraphCall): Reply {
  const { tenantId, tenantName, domain } = cloud.world.directory;
  const verifiedDomains = [{ name: domain, isDefault: true, isInitial: true, type: "Managed" }];
  const tenant = { id: tenantId, displayName: tenantName, tenantType: "AAD", verifiedDomains };
  return replyWithList(call, "organization", [tenant], TENANTS);
}

/** What every person of the tenant may do. */
export function getAuthorizationPolicy(cloud: Cloud, call: GraphCall): Reply {
  const policy = {
    id: "authorizationPolicy",
    displayName: "Authorization Policy",
    defaultUserRolePermissions: {
      allowedToCreateApps: cloud.policy.usersCanRegisterApplications,
      allowedToCreateSecurityGroups: true,
      allowedToReadOtherUsers: true,
      permissionGrantPoliciesAssigned: [],
    },
  };
  return replyWithObject(
    call,
    "policies/authorizationPolicy",
    policy,
    plain("Policy", "authorizationPolicy"),
  );
}

/** Roles of the directory by principal, as the role management API shows them. */
export function listRoleManagement(cloud: Cloud, call: GraphCall): Reply {
  const { view } = viewsOf(cloud, call);
  const assignments = view.groups.all().flatMap(({ id, members, roleTemplateId }) =>
    roleTemplateId === undefined
      ? []
      : members.map((principalId) => ({
          id: `${id}-${principalId}`,
          principalId,
          directoryScopeId: "/",
          roleDefinitionId: roleTemplateId,
        })),
  );
  const resource = plain("RoleAssignment", "unifiedRoleAssignment", "principalId", "roleDefinitionId");
  return replyWithList(call, "roleManagement/directory/roleAssignments", assignments, resource);
}

export function getObject(cloud: Cloud, call: GraphCall): Reply {
  const id = call.params.id!;
  const shown = viewsOf(cloud, call).views.object(id);
  if (shown === undefined) throw refuse("objectNotFound", { id });
  return replyWithObject(call, "directoryObjects", shown, OBJECTS);
}

/** Unknown IDs are left out. */
export function getObjectsByIds(cloud: Cloud, call: GraphCall): Reply {
  const { ids, types } = readBody(call, GET_BY_IDS, "DirectoryObject", ["ids"]);
  if ((ids ?? []).length > 1000)
    throw refuse("propertyInvalid", { property: "ids", resource: "DirectoryObject" });
  const shown = viewsOf(cloud, call).views.objects(ids ?? []);
  const isWanted = (object: JsonObject) => {
    const type = String(object["@odata.type"]).split(".").at(-1)!;
    return types == null || types.includes("directoryObject") || types.includes(type);
  };
  return replyWithList(call, "directoryObjects", shown.filter(isWanted), OBJECTS);
}

/** What a principal may do in others (`principalId`), or others in it (`resourceId`). */
export function listGrants(side: "principalId" | "resourceId") {
  return (cloud: Cloud, call: GraphCall): Reply => {
    const { view, views } = viewsOf(cloud, call);
    const { id } = findReadable(view.principals, call.params.id!);
    const grants = view.appRoleAssignments.all().filter((grant) => grant[side] === id);
    return replyWithList(
      call,
      "appRoleAssignments",
      grants.map((grant) => views.appRoleAssignment(grant)),
      GRANTS,
    );
  };
}

/** Grants a permission; this is the administrator's consent to it as well. */
export function createGrant(side: "principalId" | "resourceId") {
  return (cloud: Cloud, call: GraphCall): Reply => {
    const { store, directory } = cloud.world;
    const own = directory.principal(call.params.id!);
    const sent = readBody(call, APP_ROLE_ASSIGNMENT, "AppRoleAssignment", [
      "principalId",
      "resourceId",
      "appRoleId",
    ]);
    const { views } = viewsOf(cloud, call, store.tables);
    const request = {
      principalId: sent.principalId!.toLowerCase(),
      resourceId: sent.resourceId!.toLowerCase(),
      appRoleId: sent.appRoleId!.toLowerCase(),
    };
    if (request[side] !== own.id)
      throw refuse("propertyInvalid", { property: side, resource: "AppRoleAssignment" });
    if (views.object(request.principalId) === undefined)
      throw refuse("objectNotFound", { id: request.principalId });
    const resource = directory.principal(request.resourceId);
    if (!mayGrant(call.caller, resource.appId === GRAPH_APP_ID)) throw refuse("forbidden");
    const { appRoles } = views.principal(resource);
    const isOffered = (appRoles as JsonObject[]).some(
      ({ id }) => String(id).toLowerCase() === request.appRoleId,
    );
    if (!isOffered && request.appRoleId !== DEFAULT_ACCESS)
      throw refuse("appRoleUnknown", { appId: resource.appId });
    if (store.tables.appRoleAssignments.all().some((other) => isSame(other, request)))
      throw refuse("appRoleAssigned");
    const id = cloud.ids.guid("appRoleAssignment");
    const grant = { ...request, id, createdAt: call.now, initial: false };
    store.tables.appRoleAssignments.put(id, grant, call.now);
    return replyWithNew(cloud, call, "appRoleAssignments", views.appRoleAssignment(grant));
  };
}

function isSame(
  one: AppRoleAssignmentRecord,
  other: Pick<AppRoleAssignmentRecord, "principalId" | "resourceId" | "appRoleId">,
): boolean {
  return (
    one.principalId === other.principalId &&
    one.resourceId === other.resourceId &&
    one.appRoleId === other.appRoleId
  );
}

/** One permission on this resource. */
export function getGrant(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const grant = findReadable(view.appRoleAssignments, call.params.grant!);
  if (grant.resourceId !== call.params.id!.toLowerCase()) throw refuse("objectNotFound", { id: grant.id });
  return replyWithObject(call, "appRoleAssignments", views.appRoleAssignment(grant), GRANTS);
}

export function deleteGrant(cloud: Cloud, call: GraphCall): Reply {
  const { store } = cloud.world;
  const grant = findReadable(store.tables.appRoleAssignments, call.params.grant!);
  const id = call.params.id!.toLowerCase();
  if (grant.principalId !== id && grant.resourceId !== id) throw refuse("objectNotFound", { id: grant.id });
  const graph = findByAppId(store.tables.principals.all(), GRAPH_APP_ID);
  const isKept = grant.initial && grant.principalId === cloud.world.admin.objectId;
  if (isKept || !mayGrant(call.caller, grant.resourceId === graph?.id)) throw refuse("forbidden");
  store.tables.appRoleAssignments.delete(grant.id, call.now);
  return { status: 204 };
}

/** Permissions that people lent to applications: to all of them, or to the principal that the path names. */
export function listScopeGrants(cloud: Cloud, call: GraphCall): Reply {
  const { view } = viewsOf(cloud, call);
  const { id } = call.params;
  const client = id === undefined ? undefined : findReadable(view.principals, id).id;
  const grants = view.scopeGrants.all().filter(({ clientId }) => client === undefined || clientId === client);
  const shown = grants.map((grant) => ({ ...grant }));
  return replyWithList(call, "oauth2PermissionGrants", shown, SCOPE_GRANTS);
}

const scopeGrantOf = (cloud: Cloud, call: GraphCall) =>
  findReadable(cloud.world.store.tables.scopeGrants, call.params.grant!);

export function getScopeGrant(cloud: Cloud, call: GraphCall): Reply {
  return replyWithObject(call, "oauth2PermissionGrants", { ...scopeGrantOf(cloud, call) }, SCOPE_GRANTS);
}

/** Lends permissions of a person, or of everybody, to an application. */
export function createScopeGrant(cloud: Cloud, call: GraphCall): Reply {
  const { directory, store } = cloud.world;
  const sent = readBody(call, SCOPE_GRANT, "OAuth2PermissionGrant", [
    "clientId",
    "consentType",
    "resourceId",
  ]);
  const isForAll = sent.consentType === "AllPrincipals";
  const invalid = (property: string) =>
    refuse("propertyInvalid", { property, resource: "OAuth2PermissionGrant" });
  if (!isForAll && sent.consentType !== "Principal") throw invalid("consentType");
  if (isForAll !== (sent.principalId == null)) throw invalid("principalId");
  const [clientId, resourceId] = [sent.clientId!, sent.resourceId!].map((id) => directory.principal(id).id);
  const principalId = isForAll ? null : directory.user(sent.principalId!).id;
  const request = { clientId: clientId!, resourceId: resourceId!, principalId };
  const isSame = (other: ScopeGrantRecord) =>
    other.clientId === clientId && other.resourceId === resourceId && other.principalId === principalId;
  if (store.tables.scopeGrants.all().some(isSame)) throw refuse("appRoleAssigned");
  const id = cloud.ids.guid("scopeGrant");
  const consentType = isForAll ? ("AllPrincipals" as const) : ("Principal" as const);
  const grant = { ...request, id, consentType, scope: sent.scope ?? "" };
  store.tables.scopeGrants.put(id, grant, call.now);
  return replyWithNew(cloud, call, "oauth2PermissionGrants", grant);
}

/** Only the scope can be changed. */
export function updateScopeGrant(cloud: Cloud, call: GraphCall): Reply {
  const grant = scopeGrantOf(cloud, call);
  const { scope } = readBody(call, SCOPE_GRANT, "OAuth2PermissionGrant");
  const changed = { ...grant, scope: scope ?? grant.scope };
  cloud.world.store.tables.scopeGrants.put(grant.id, changed, call.now);
  return { status: 204 };
}

export function deleteScopeGrant(cloud: Cloud, call: GraphCall): Reply {
  cloud.world.store.tables.scopeGrants.delete(scopeGrantOf(cloud, call).id, call.now);
  return { status: 204 };
}

/** Lists the recycle bin, for one kind of object. */
export function listDeletedItems(kind: DeletedRecord["kind"]) {
  return (cloud: Cloud, call: GraphCall): Reply => {
    const items = cloud.world.directory.deletedItems(call.now).filter((item) => item.kind === kind);
    const { views } = viewsOf(cloud, call);
    const resource = plain("DirectoryObject", kind, "id", "appId", "displayName");
    return replyWithList(
      call,
      "directoryObjects",
      items.map((item) => views.deleted(item)),
      resource,
    );
  };
}

export function getDeletedItem(cloud: Cloud, call: GraphCall): Reply {
  const item = cloud.world.directory.deletedItem(call.params.id!, call.now);
  return replyWithObject(call, "directoryObjects", viewsOf(cloud, call).views.deleted(item), OBJECTS);
}

/** Brings one object back: an application comes without its principal, which must be restored by itself. */
export function restoreDeletedItem(cloud: Cloud, call: GraphCall): Reply {
  const { directory, store } = cloud.world;
  const item = directory.deletedItem(call.params.id!, call.now);
  directory.restore(item, call.now);
  const shown = viewsOf(cloud, call, store.tables).views.object(item.record.id)!;
  return replyWithObject(call, "directoryObjects", shown, OBJECTS);
}

export function purgeDeletedItem(cloud: Cloud, call: GraphCall): Reply {
  cloud.world.directory.purge(call.params.id!, call.now);
  return { status: 204 };
}
