import { graphAudiences } from "../audiences";
import { type Call, isGuid } from "../call";
import type { Cloud } from "../cloud";
import { claimsOf } from "../oauth/bearer";
import type { Route } from "../route";
import { DIRECTORY_ROLES, type DirectoryRole, type GraphPermission } from "../store/microsoft-graph";
import { refuse } from "./errors";

/** Who calls Graph, and with which permissions of its token. */
export interface GraphCaller {
  readonly appId: string;
  readonly objectId: string;
  readonly isPerson: boolean;
  /** An application's permissions. */
  readonly permissions: ReadonlySet<string>;
  /** Template IDs of a person's directory roles. */
  readonly directoryRoles: ReadonlySet<string>;
}

/** What a route asks of its caller. */
export type GraphRight =
  | "readApplications"
  | "createApplications"
  /** The application that the path names: all of them, or as its owner. */
  | "writeApplication"
  | "writePrincipal"
  /** To make somebody an owner one must be able to read the directory too. */
  | "writeApplicationOwners"
  | "writePrincipalOwners"
  | "restoreItem"
  | "readAppRoleAssignments"
  | "grantAppRoles"
  | "readDirectory"
  | "writeUsers"
  | "createGroups"
  /** The group that the path names: all of them, or as its owner. */
  | "writeGroup"
  | "writeMembers"
  | "lendPermissions"
  | "readDomains"
  | "signedInPerson";

/** Checks the token and reads the permissions in it, as Graph does: not those of the directory at this moment. */
export async function authenticate(cloud: Cloud, call: Call<undefined>): Promise<GraphCaller> {
  const { roles, directoryRoles, ...claims } = await claimsOf(
    cloud,
    call,
    graphAudiences(cloud.url),
    ({ reason }) =>
      refuse(reason === "missing" ? "tokenEmpty" : reason === "audience" ? "tokenAudience" : "tokenInvalid"),
  );
  return { ...claims, permissions: new Set(roles), directoryRoles: new Set(directoryRoles) };
}

const READ_APPLICATIONS: readonly GraphPermission[] = [
  "Application.Read.All",
  "Application.ReadWrite.All",
  "Application.ReadWrite.OwnedBy",
  "Directory.Read.All",
  "Directory.ReadWrite.All",
];
const READ_DIRECTORY: readonly GraphPermission[] = [
  "Directory.Read.All",
  "Directory.ReadWrite.All",
  "User.Read.All",
  "User.ReadWrite.All",
  "Group.Read.All",
  "Group.ReadWrite.All",
  "GroupMember.Read.All",
  "RoleManagement.Read.Directory",
];

function has(caller: GraphCaller, ...permissions: readonly GraphPermission[]): boolean {
  return permissions.some((permission) => caller.permissions.has(permission));
}

function isOneOf(caller: GraphCaller, ...roles: readonly DirectoryRole[]): boolean {
  return roles.some((role) => caller.directoryRoles.has(DIRECTORY_ROLES[role]));
}

export function writesAll(caller: GraphCaller): boolean {
  return (
    has(caller, "Application.ReadWrite.All") ||
    isOneOf(caller, "Global Administrator", "Application Administrator", "Cloud Application Administrator")
  );
}

/** A person may change what they own; an application needs `Application.ReadWrite.OwnedBy` for that. */
export function mayWrite(caller: GraphCaller, record: { readonly owners: readonly string[] }): boolean {
  const owns = record.owners.includes(caller.objectId);
  return writesAll(caller) || (owns && (caller.isPerson || has(caller, "Application.ReadWrite.OwnedBy")));
}

/** Whether a caller may give somebody a permission on a resource: those of Microsoft Graph itself are for the few. */
export function mayGrant(caller: GraphCaller, isOnGraph: boolean): boolean {
  if (has(caller, "AppRoleAssignment.ReadWrite.All")) return true;
  if (isOneOf(caller, "Global Administrator", "Privileged Role Administrator")) return true;
  return !isOnGraph && isOneOf(caller, "Application Administrator", "Cloud Application Administrator");
}

const RIGHTS: Readonly<Record<GraphRight, (caller: GraphCaller, cloud: Cloud, call: Call) => boolean>> = {
  readApplications: (caller) => caller.isPerson || has(caller, ...READ_APPLICATIONS),
  createApplications: (caller, { policy }) =>
    caller.isPerson
      ? policy.usersCanRegisterApplications || writesAll(caller) || isOneOf(caller, "Application Developer")
      : has(caller, "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
  writeApplication: (caller, { world }, { params }) =>
    mayWrite(caller, world.directory.application(params.id!)),
  writePrincipal: (caller, { world }, { params }) => mayWrite(caller, world.directory.principal(params.id!)),
  writeApplicationOwners: (caller, cloud, call) =>
    RIGHTS.writeApplication(caller, cloud, call) &&
    (writesAll(caller) || RIGHTS.readDirectory(caller, cloud, call)),
  writePrincipalOwners: (caller, cloud, call) =>
    RIGHTS.writePrincipal(caller, cloud, call) &&
    (writesAll(caller) || RIGHTS.readDirectory(caller, cloud, call)),
  restoreItem: (caller, cloud, call) => {
    const { kind, record } = cloud.world.directory.deletedItem(call.params.id!, call.now);
    if (kind === "user") return RIGHTS.writeUsers(caller, cloud, call);
    if (kind !== "group") return mayWrite(caller, record);
    return (
      has(caller, "Group.ReadWrite.All", "Directory.ReadWrite.All") || record.owners.includes(caller.objectId)
    );
  },
  readAppRoleAssignments: (caller) =>
    caller.isPerson || has(caller, ...READ_APPLICATIONS, "AppRoleAssignment.ReadWrite.All"),
  // Which resource is meant stands in the body: the handler asks `mayGrant` again.
  grantAppRoles: (caller) => mayGrant(caller, false),
  readDirectory: (caller) => caller.isPerson || has(caller, ...READ_DIRECTORY),
  writeUsers: (caller) =>
    has(caller, "User.ReadWrite.All", "Directory.ReadWrite.All") ||
    isOneOf(caller, "Global Administrator", "User Administrator"),
  createGroups: (caller) =>
    caller.isPerson || has(caller, "Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"),
  writeGroup: (caller, { world }, { params }) =>
    has(caller, "Group.ReadWrite.All", "Directory.ReadWrite.All") ||
    isOneOf(caller, "Global Administrator", "Groups Administrator", "User Administrator") ||
    world.directory.group(params.id!).owners.includes(caller.objectId),
  writeMembers: (caller, cloud, call) =>
    has(caller, "GroupMember.ReadWrite.All") || RIGHTS.writeGroup(caller, cloud, call),
  lendPermissions: (caller) =>
    has(caller, "DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All") ||
    isOneOf(caller, "Global Administrator", "Application Administrator", "Cloud Application Administrator"),
  readDomains: (caller) =>
    caller.isPerson || has(caller, "Domain.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"),
  signedInPerson: (caller) => caller.isPerson,
};

/** Malformed IDs come before rights, as do alternate keys that no object has. */
export function admit(cloud: Cloud, call: Call<GraphCaller>, route: Route<GraphCaller, GraphRight>): void {
  for (const id of [call.params.id, call.params.member])
    if (id?.startsWith("~") === true) throw refuse("objectNotFound", { id: id.slice(1) });
    else if (id !== undefined && !isGuid(id)) throw refuse("objectIdInvalid", { id });
  if (!RIGHTS[route.permission](call.caller, cloud, call)) throw refuse("forbidden");
}
