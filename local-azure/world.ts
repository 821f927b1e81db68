import type { DirectoryClock } from "./clock";
import { hashSecret, type IdSource } from "./ids";
import { addGroup, createKeyVault, LOCATION } from "./world-resources";
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
  MICROSOFT_TENANT_ID,
} from "./store/microsoft-graph";
import {
  type PrincipalRecord,
  SECRET_PERMISSIONS,
  type SubscriptionRecord,
  type WorkspaceRecord,
} from "./store/records";
import { idOfWorkspace, resourceGroupId } from "./store/resources";
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
  /** Of the secret. */
  readonly keyId: string;
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
  /** The subscription, resource group and workspace that the world starts with. */
  readonly place: WorkspacePlace;
  readonly otherSubscriptionId: string;
  readonly admin: CallerCredentials;
  /** Named in the refusals of the tenant's policy. */
  readonly policyId: string;
}

type WorkspacePlace = Pick<WorkspaceRecord, "subscriptionId" | "resourceGroup" | "name">;

/** The names of the world, to rehearse a stack with its own settings. By default they are generated. */
export interface WorldOptions {
  readonly tenantId?: string;
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  readonly workspaceName?: string;
}

export const OTHER_RESOURCE_GROUP = "rg-private";

const LONG_AGO_DAYS = 3650;

/** Backdated, so that no replication lag hides what was always there. */
function longBefore(now: Date): Date {
  return new Date(now.getTime() - LONG_AGO_DAYS * 86_400_000);
}

export function createWorld(
  ids: IdSource,
  clock: DirectoryClock,
  store: Store,
  { tenantId, subscriptionId, resourceGroup = "rg-ml", workspaceName = "ws-ml" }: WorldOptions = {},
): World {
  const now = clock.now();
  const tenant = ids.guid("tenant");
  const directory = new Directory(tenantId?.toLowerCase() ?? tenant, "Contoso Rehearsal", ids, store);
  const access = new AccessControl(store, directory.tenantId);
  const [first, second] = [ids.guid("subscription"), ids.guid("subscription")];
  const place = {
    subscriptionId: subscriptionId?.toLowerCase() ?? first,
    resourceGroup,
    name: workspaceName,
  };
  const parts = { store, directory, access, place, otherSubscriptionId: second };
  addSubscription(store, { subscriptionId: place.subscriptionId, displayName: "Contoso ML" }, now);
  addSubscription(store, { subscriptionId: second, displayName: "Contoso Other" }, now);
  createWorkspace(parts, ids, now, place);
  addGroup(store, place.subscriptionId, OTHER_RESOURCE_GROUP, longBefore(now));
  for (const [name, templateId] of Object.entries(DIRECTORY_ROLES))
    directory.createGroup({ displayName: name }, { members: [] }, longBefore(now), templateId);
  addMicrosoftGraph(directory, ids, longBefore(now));
  const admin = createCaller(parts, ids, now, {
    displayName: "rehearsal-admin",
    graphPermissions: [
      "Application.ReadWrite.All",
      "AppRoleAssignment.ReadWrite.All",
      "Directory.Read.All",
      "DelegatedPermissionGrant.ReadWrite.All",
      "Group.ReadWrite.All",
      "User.ReadWrite.All",
    ],
  });
  for (const id of [place.subscriptionId, second])
    giveRole(parts, ids, now, admin.objectId, { role: "Owner", scope: `/subscriptions/${id}` });
  return { ...parts, admin, policyId: ids.guid("policy") };
}

/** Microsoft Graph's own principal: its application belongs to another tenant. */
function addMicrosoftGraph({ store }: Directory, ids: IdSource, createdAt: Date): void {
  const principal: PrincipalRecord = {
    id: ids.guid("servicePrincipal"),
    appId: GRAPH_APP_ID,
    attributes: {
      displayName: "Microsoft Graph",
      appDisplayName: "Microsoft Graph",
      appOwnerOrganizationId: MICROSOFT_TENANT_ID,
      signInAudience: "AzureADMultipleOrgs",
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

function addSubscription(store: Store, subscription: SubscriptionRecord, now: Date): void {
  store.tables.subscriptions.put(subscription.subscriptionId, subscription, longBefore(now));
}

/** A further subscription; nobody has a role in it yet. */
export function createSubscription(
  { store }: Pick<World, "store">,
  ids: IdSource,
  now: Date,
  {
    displayName,
    subscriptionId = ids.guid("subscription"),
  }: { displayName: string; subscriptionId?: string },
): { subscriptionId: string } {
  const subscription = { displayName, subscriptionId: subscriptionId.toLowerCase() };
  addSubscription(store, subscription, now);
  return { subscriptionId: subscription.subscriptionId };
}

/** Where a new workspace is, and what it is. */
export type WorkspaceOptions = WorkspacePlace & Partial<Pick<WorkspaceRecord, "location" | "kind">>;

/** A workspace with a vault of its own, and with its resource group where that is missing. */
export function createWorkspace(
  { store }: Pick<World, "store">,
  ids: IdSource,
  now: Date,
  options: WorkspaceOptions,
): void {
  const { subscriptionId, resourceGroup } = options;
  if (store.tables.subscriptions.get(subscriptionId) === undefined)
    throw new RangeError(`subscriptionId must be one of this cloud. Received ${subscriptionId}.`);
  const made = {
    location: LOCATION,
    kind: "Default" as const,
    ...options,
    workspaceId: ids.guid("workspace"),
    identityPrincipalId: ids.guid("workspaceIdentity"),
  };
  const vaultName = store.tables.vaults.all().length === 0 ? "kv-ml" : `kv-${made.workspaceId.slice(0, 8)}`;
  // As Azure ML makes it: no roles, and one policy for the workspace's own identity.
  const { id: keyVaultId } = createKeyVault(store, longBefore(now), {
    subscriptionId,
    resourceGroup,
    name: vaultName,
    location: made.location,
    rbac: false,
    accessPolicies: [{ objectId: made.identityPrincipalId, secrets: [...SECRET_PERMISSIONS] }],
  });
  const workspace = { ...made, keyVaultId };
  store.tables.workspaces.put(idOfWorkspace(workspace), workspace, longBefore(now));
}

/** What a caller may do in Azure, besides what it may do in the directory. */
interface RoleOptions {
  /** Built-in role by name or GUID; without a scope it holds on the first resource group. */
  readonly role?: string;
  readonly scope?: string;
  /** Restricts the role, in the language of Azure's conditions. */
  readonly condition?: string;
}

/** What a new caller is, and may do. */
export interface CallerOptions extends RoleOptions {
  readonly displayName: string;
  /** Makes the caller an owner of all applications and principals that exist and are not part of the world. */
  readonly ownsApplications?: boolean;
  readonly graphPermissions?: readonly GraphPermission[];
  /** @default a new one */
  readonly clientId?: string;
}

/** What a new person is, and may do. */
export interface PersonOptions extends RoleOptions {
  readonly displayName: string;
  readonly directoryRoles?: readonly DirectoryRole[];
  /** @default a new one */
  readonly objectId?: string;
}

type WorldParts = Pick<World, "store" | "directory" | "access" | "place">;

/** Puts an application, its principal and a secret into the world, as if they had always been there. */
export function createCaller(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  options: CallerOptions,
): CallerCredentials {
  const { directory, store } = world;
  const origin = {
    initial: true,
    createdAt: longBefore(now),
    ...(options.clientId !== undefined && { appId: options.clientId }),
  };
  const application = directory.createApplication({ displayName: options.displayName }, [], now, origin);
  const { secretText, password } = addPassword(
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
    keyId: password.keyId,
  };
}

/** Puts a person into the world. */
export function createPerson(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  options: PersonOptions,
): PersonCredentials {
  const { directory } = world;
  const password = ids.secretText();
  const id = options.objectId ?? ids.guid("user");
  const name = options.displayName.toLowerCase().replaceAll(/[^a-z0-9]+/g, ".");
  const userPrincipalName = `${name}@${directory.domain}`;
  const createdAt = longBefore(now);
  const user = {
    id,
    attributes: { displayName: options.displayName, userPrincipalName },
    passwordHash: hashSecret(password),
    managerId: null,
    createdAt,
    initial: true,
  };
  directory.store.tables.users.put(id, user, createdAt);
  for (const role of options.directoryRoles ?? []) giveDirectoryRole(world, now, id, role);
  giveRole(world, ids, now, id, options);
  return { objectId: id, userPrincipalName, password };
}

/** Puts a group into the world. */
export function createGroup(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  options: RoleOptions & { readonly displayName: string; readonly members: readonly string[] },
): { objectId: string } {
  const group = world.directory.createGroup(
    { displayName: options.displayName, mailEnabled: false, securityEnabled: true },
    { members: options.members },
    longBefore(now),
  );
  giveRole(world, ids, now, group.id, options);
  return { objectId: group.id };
}

/** Makes a person or a principal a member of a role of the directory. */
export function giveDirectoryRole(
  { directory, store }: Pick<World, "directory" | "store">,
  now: Date,
  objectId: string,
  role: DirectoryRole,
): void {
  const group = store.tables.groups
    .all()
    .find(({ roleTemplateId }) => roleTemplateId === DIRECTORY_ROLES[role])!;
  directory.addMember(group, objectId, longBefore(now));
}

/** Backdated, so that no replication lag hides what was always there. */
function giveRole(
  { access, place, store }: WorldParts,
  ids: IdSource,
  now: Date,
  principalId: string,
  { role, scope, condition }: RoleOptions,
): void {
  if (role === undefined) return;
  const definition = findRole(role);
  if (definition === undefined)
    throw new RangeError(`role must be a built-in role that the local Azure knows. Received ${role}.`);
  access.assign(
    {
      name: ids.guid("roleAssignment"),
      scope: scope ?? resourceGroupId(place.subscriptionId, place.resourceGroup),
      principalId,
      principalType: principalTypeOf(store.tables, principalId),
      roleGuid: definition.guid,
      condition: condition ?? null,
      conditionVersion: condition === undefined ? null : "2.0",
      description: null,
    },
    principalId,
    longBefore(now),
    true,
  );
}

function grant({ store }: WorldParts, ids: IdSource, principalId: string, appRoleId: string, at: Date): void {
  const graph = findByAppId(store.tables.principals.all(), GRAPH_APP_ID)!;
  const id = ids.guid("appRoleAssignment");
  const row = { id, principalId, resourceId: graph.id, appRoleId, createdAt: at, initial: true };
  store.tables.appRoleAssignments.put(id, row, at);
}
