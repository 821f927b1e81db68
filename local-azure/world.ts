import type { DirectoryClock } from "./clock";
import { hashSecret, type IdSource } from "./ids";
import { AccessControl } from "./store/access-control";
import { addPassword } from "./store/credentials";
import { Directory, findByAppId, principalTypeOf } from "./store/directory";
import {
  DIRECTORY_ROLES,
  type DirectoryRole,
  GRAPH_APP_ID,
  GRAPH_APP_ROLES,
  GRAPH_SCOPES,
  type GraphPermission,
} from "./store/microsoft-graph";
import type { PrincipalRecord, SubscriptionRecord, WorkspaceRecord } from "./store/records";
import { idOfGroup, idOfWorkspace, resourceGroupId } from "./store/resources";
import { findRole } from "./store/roles";
import type { Store } from "./store/store";

/** A service principal with a secret, as tests log in with. */
export interface CallerCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Object ID of the service principal: the `oid` of its tokens. */
  readonly objectId: string;
  readonly servicePrincipalObjectId: string;
  readonly applicationObjectId: string;
}

/** A person who can log in, as `az login --username … --password …` does. */
export interface PersonCredentials {
  readonly objectId: string;
  readonly userPrincipalName: string;
  readonly password: string;
}

/** What exists before anybody has called: one tenant, two subscriptions, and an admin who may do everything. */
export interface World {
  readonly store: Store;
  readonly directory: Directory;
  readonly access: AccessControl;
  readonly subscriptions: readonly SubscriptionRecord[];
  readonly admin: CallerCredentials;
  /** Named in the refusals of the tenant's policy. */
  readonly policyId: string;
}

export const LOCATION = "westeurope";
export const RESOURCE_GROUP = "rg-ml";
export const OTHER_RESOURCE_GROUP = "rg-private";
export const WORKSPACE = "ws-ml";

const LONG_AGO_DAYS = 3650;

/** Backdated, so that no replication lag hides what was always there. */
function longBefore(now: Date): Date {
  return new Date(now.getTime() - LONG_AGO_DAYS * 86_400_000);
}

export function createWorld(ids: IdSource, clock: DirectoryClock, store: Store): World {
  const now = clock.now();
  const directory = new Directory(ids.guid("tenant"), "Contoso Rehearsal", ids, store);
  const access = new AccessControl(store, directory.tenantId);
  const [first, second] = [ids.guid("subscription"), ids.guid("subscription")];
  const subscriptions = [
    { subscriptionId: first, displayName: "Contoso ML" },
    { subscriptionId: second, displayName: "Contoso Other" },
  ];
  addGroup(store, first, RESOURCE_GROUP, now);
  addGroup(store, first, OTHER_RESOURCE_GROUP, now);
  const place = { subscriptionId: first, resourceGroup: RESOURCE_GROUP, name: WORKSPACE };
  addWorkspace({ store }, ids, now, place);
  for (const [name, templateId] of Object.entries(DIRECTORY_ROLES))
    directory.createGroup(name, [], longBefore(now), templateId);
  addMicrosoftGraph(directory, ids, longBefore(now));
  const parts = { store, directory, access, subscriptions };
  const admin = createCaller(parts, ids, now, {
    displayName: "rehearsal-admin",
    graphPermissions: ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "Directory.Read.All"],
  });
  for (const { subscriptionId } of subscriptions)
    assignRole(parts, ids, longBefore(now), admin.objectId, "Owner", `/subscriptions/${subscriptionId}`);
  return { ...parts, admin, policyId: ids.guid("policy") };
}

/** Microsoft Graph's own principal: its application belongs to another tenant. */
function addMicrosoftGraph({ store }: Directory, ids: IdSource, createdAt: Date): void {
  const principal: PrincipalRecord = {
    id: ids.guid("servicePrincipal"),
    appId: GRAPH_APP_ID,
    attributes: {
      displayName: "Microsoft Graph",
      appRoles: Object.entries(GRAPH_APP_ROLES).map(([value, id]) => ({
        allowedMemberTypes: ["Application"],
        description: value,
        displayName: value,
        id,
        isEnabled: true,
        origin: "Application",
        value,
      })),
      oauth2PermissionScopes: Object.entries(GRAPH_SCOPES).map(([value, id]) => ({
        adminConsentDescription: value,
        adminConsentDisplayName: value,
        id,
        isEnabled: true,
        type: "Admin",
        userConsentDescription: null,
        userConsentDisplayName: null,
        value,
      })),
    },
    createdAt,
    initial: true,
    owners: [],
  };
  store.tables.principals.put(principal.id, principal, createdAt);
}

function addGroup(store: Store, subscriptionId: string, name: string, now: Date): void {
  const group = { subscriptionId, name, location: LOCATION, tags: {} };
  store.tables.resourceGroups.put(idOfGroup(group), group, longBefore(now));
}

/** A workspace, with its resource group where that is missing. */
export function addWorkspace(
  { store }: Pick<World, "store">,
  ids: IdSource,
  now: Date,
  place: Pick<WorkspaceRecord, "subscriptionId" | "resourceGroup" | "name">,
): void {
  if (
    store.tables.resourceGroups.get(resourceGroupId(place.subscriptionId, place.resourceGroup)) === undefined
  )
    addGroup(store, place.subscriptionId, place.resourceGroup, now);
  const workspace = {
    ...place,
    location: LOCATION,
    workspaceId: ids.guid("workspace"),
    identityPrincipalId: ids.guid("workspaceIdentity"),
  };
  store.tables.workspaces.put(idOfWorkspace(workspace), workspace, longBefore(now));
}

/** What a caller may do in Azure, besides what it may do in the directory. */
interface RoleOptions {
  /** Built-in role by name or GUID; without a scope it holds on the first resource group. */
  readonly role?: string;
  readonly scope?: string;
}

/** What a new caller is, and may do. */
export interface CallerOptions extends RoleOptions {
  readonly displayName: string;
  /** Makes the caller an owner of all applications and principals that exist and are not part of the world. */
  readonly ownsApplications?: boolean;
  readonly graphPermissions?: readonly GraphPermission[];
}

/** What a new person is, and may do. */
export interface PersonOptions extends RoleOptions {
  readonly displayName: string;
  readonly directoryRoles?: readonly DirectoryRole[];
}

type WorldParts = Pick<World, "store" | "directory" | "access" | "subscriptions">;

/** Puts an application, its principal and a secret into the world, as if they had always been there. */
export function createCaller(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  options: CallerOptions,
): CallerCredentials {
  const { directory, store } = world;
  const origin = { initial: true, createdAt: longBefore(now) };
  const application = directory.createApplication({ displayName: options.displayName }, [], now, origin);
  const { secretText } = addPassword(
    store,
    application.id,
    {
      displayName: "rehearsal",
      startDateTime: origin.createdAt.toISOString(),
      endDateTime: new Date(now.getTime() + LONG_AGO_DAYS * 86_400_000).toISOString(),
    },
    ids,
    origin.createdAt,
  );
  const principal = directory.createPrincipal(application.appId, {}, [], now, origin);
  for (const permission of options.graphPermissions ?? [])
    grant(world, ids, principal.id, GRAPH_APP_ROLES[permission], origin.createdAt);
  if (options.ownsApplications === true) {
    const { applications, principals } = store.tables;
    for (const table of [applications, principals])
      for (const record of table.all())
        if (!record.initial)
          table.put(record.id, { ...record, owners: [...record.owners, principal.id] }, now);
  }
  giveRole(world, ids, now, principal.id, options);
  return {
    clientId: application.appId,
    clientSecret: secretText,
    objectId: principal.id,
    servicePrincipalObjectId: principal.id,
    applicationObjectId: application.id,
  };
}

/** Puts a person into the world. */
export function createPerson(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  options: PersonOptions,
): PersonCredentials {
  const { directory, store } = world;
  const password = ids.secretText();
  const id = ids.guid("user");
  const name = options.displayName.toLowerCase().replaceAll(/[^a-z0-9]+/g, ".");
  const user = directory.createUser(
    {
      id,
      displayName: options.displayName,
      userPrincipalName: `${name}@${directory.domain}`,
      passwordHash: hashSecret(password),
      initial: true,
    },
    longBefore(now),
  );
  for (const role of options.directoryRoles ?? []) {
    const group = store.tables.groups
      .all()
      .find(({ roleTemplateId }) => roleTemplateId === DIRECTORY_ROLES[role])!;
    directory.addMember(group, id, longBefore(now));
  }
  giveRole(world, ids, now, id, options);
  return { objectId: id, userPrincipalName: user.userPrincipalName, password };
}

/** Puts a group into the world. */
export function createGroup(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  options: RoleOptions & { readonly displayName: string; readonly members: readonly string[] },
): { objectId: string } {
  const group = world.directory.createGroup(options.displayName, options.members, longBefore(now));
  giveRole(world, ids, now, group.id, options);
  return { objectId: group.id };
}

function giveRole(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  id: string,
  { role, scope }: RoleOptions,
): void {
  if (role === undefined) return;
  const group = resourceGroupId(world.subscriptions[0]!.subscriptionId, RESOURCE_GROUP);
  assignRole(world, ids, longBefore(now), id, role, scope ?? group);
}

function grant({ store }: WorldParts, ids: IdSource, principalId: string, appRoleId: string, at: Date): void {
  const graph = findByAppId(store.tables.principals.all(), GRAPH_APP_ID)!;
  const id = ids.guid("appRoleAssignment");
  const row = { id, principalId, resourceId: graph.id, appRoleId, createdAt: at, initial: true };
  store.tables.appRoleAssignments.put(id, row, at);
}

function assignRole(
  world: WorldParts,
  ids: IdSource,
  at: Date,
  principalId: string,
  roleName: string,
  scope: string,
): void {
  const definition = findRole(roleName);
  if (definition === undefined)
    throw new RangeError(`role must be a built-in role that the local Azure knows. Received ${roleName}.`);
  world.access.assign(
    {
      name: ids.guid("roleAssignment"),
      scope,
      principalId,
      principalType: principalTypeOf(world.store.tables, principalId),
      roleGuid: definition.guid,
      condition: null,
      conditionVersion: null,
      description: null,
    },
    principalId,
    at,
    true,
  );
}
