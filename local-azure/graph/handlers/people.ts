import type { Call, Reply } from "../../call";
import type { Cloud } from "../../cloud";
import { hashSecret } from "../../ids";
import { groupsOf } from "../../store/directory";
import type { GroupRecord, UserRecord } from "../../store/records";
import { mergeAttributes, readBody, readJson, readLinks, readObjectLink, type ValueOf } from "../body";
import type { GraphCaller } from "../caller";
import { refuse } from "../errors";
import { pick } from "../views";
import { GROUP, MEMBER_GROUPS, USER } from "../metadata";
import { GROUPS, OBJECTS, plain, replyWithList, replyWithObject, USERS } from "../odata";
import { replyWithNew, viewsOf } from "./reading";

type GraphCall = Call<GraphCaller>;

const ROLES = plain("DirectoryRole", "directoryRole", "displayName", "roleTemplateId");
/** These can be changed in a person's name alone (azuread says so of its Microsoft 365 groups). */
const OF_PERSONS = [
  ...["allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients"],
] as const;

export function listUsers(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const shown = view.users.all().map((user) => views.user(user));
  return replyWithList(call, "users", shown, USERS);
}

/** By object ID or by sign-in name; `/me` is the caller. */
function userOf(cloud: Cloud, call: GraphCall): UserRecord {
  return cloud.world.directory.user(call.params.user ?? call.caller.objectId);
}

export function getUser(cloud: Cloud, call: GraphCall): Reply {
  return replyWithObject(call, "users", viewsOf(cloud, call).views.user(userOf(cloud, call)), USERS);
}

export function createUser(cloud: Cloud, call: GraphCall): Reply {
  const required = ["displayName", "accountEnabled", "mailNickname", "userPrincipalName", "passwordProfile"];
  const body = readBody(call, USER, "User", required as (keyof typeof USER)[]);
  const { passwordProfile, displayName, userPrincipalName, ...attributes } = body;
  const user: UserRecord = {
    id: cloud.ids.guid("user"),
    attributes: { ...attributes, displayName: displayName!, userPrincipalName: userPrincipalName! },
    passwordHash: readPassword(passwordProfile)!,
    managerId: null,
    createdAt: call.now,
    initial: false,
  };
  cloud.world.directory.putUser(user, call.now);
  const shown = pick(viewsOf(cloud, call).views.user(user), USERS.shown!);
  return replyWithNew(cloud, call, "users", shown, "User");
}

export function updateUser(cloud: Cloud, call: GraphCall): Reply {
  const user = userOf(cloud, call);
  const { passwordProfile, ...patch } = readBody(call, USER, "User");
  const attributes = mergeAttributes(user.attributes, patch) as UserRecord["attributes"];
  const passwordHash = readPassword(passwordProfile) ?? user.passwordHash;
  cloud.world.directory.putUser({ ...user, attributes, passwordHash }, call.now);
  return { status: 204 };
}

export function deleteUser(cloud: Cloud, call: GraphCall): Reply {
  cloud.world.directory.deleteUser(userOf(cloud, call), call.now);
  return { status: 204 };
}

/** A strong password has 8 to 256 signs of three kinds. */
function readPassword(profile: ValueOf<typeof USER.passwordProfile> | null | undefined): string | undefined {
  const password = profile?.password;
  if (password == null) return undefined;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-z\d]/i].filter((kind) => kind.test(password)).length;
  if (kinds < 3 || password.length < 8 || password.length > 256) throw refuse("passwordWeak");
  return hashSecret(password);
}

export function getManager(cloud: Cloud, call: GraphCall): Reply {
  const { managerId } = userOf(cloud, call);
  const shown = managerId === null ? undefined : viewsOf(cloud, call).views.object(managerId);
  if (shown === undefined) throw refuse("objectNotFound", { id: "manager" });
  return replyWithObject(call, "directoryObjects", shown, OBJECTS);
}

export function setManager(cloud: Cloud, call: GraphCall): Reply {
  const { directory } = cloud.world;
  const manager = directory.user(readObjectLink(readJson(call)["@odata.id"], "@odata.id"));
  directory.putUser({ ...userOf(cloud, call), managerId: manager.id }, call.now);
  return { status: 204 };
}

export function removeManager(cloud: Cloud, call: GraphCall): Reply {
  cloud.world.directory.putUser({ ...userOf(cloud, call), managerId: null }, call.now);
  return { status: 204 };
}

export function listGroups(cloud: Cloud, call: GraphCall): Reply {
  return listGroupsThat(cloud, call, "groups", false);
}

export function listDirectoryRoles(cloud: Cloud, call: GraphCall): Reply {
  return listGroupsThat(cloud, call, "directoryRoles", true);
}

function listGroupsThat(cloud: Cloud, call: GraphCall, entity: string, areRoles: boolean): Reply {
  const { view, views } = viewsOf(cloud, call);
  const groups = view.groups
    .all()
    .filter(({ roleTemplateId }) => (roleTemplateId !== undefined) === areRoles);
  const shown = groups.map((group) => views.group(group));
  return replyWithList(call, entity, shown, areRoles ? ROLES : GROUPS);
}

export function getGroup(cloud: Cloud, call: GraphCall): Reply {
  const group = cloud.world.directory.group(call.params.id!);
  return replyWithObject(call, "groups", viewsOf(cloud, call).views.group(group), GROUPS);
}

export function createGroup(cloud: Cloud, call: GraphCall): Reply {
  const required = ["displayName", "mailEnabled", "mailNickname", "securityEnabled"] as const;
  const attributes = readBody(call, GROUP, "Group", required);
  const body = readJson(call);
  const owners = readLinks(body);
  const members = readLinks(body, "members");
  const { views } = viewsOf(cloud, call);
  for (const list of [owners, members]) {
    for (const id of list) if (views.object(id) === undefined) throw refuse("objectNotFound", { id });
    if (new Set(list).size < list.length) throw refuse("linkTwice");
  }
  if (call.caller.isPerson && !owners.includes(call.caller.objectId)) owners.push(call.caller.objectId);
  const group = cloud.world.directory.createGroup(attributes, { members, owners }, call.now);
  return replyWithNew(cloud, call, "groups", viewsOf(cloud, call).views.group(group), "Group");
}

export function updateGroup(cloud: Cloud, call: GraphCall): Reply {
  const group = cloud.world.directory.group(call.params.id!);
  const patch = readBody(call, GROUP, "Group");
  if (!call.caller.isPerson && OF_PERSONS.some((name) => name in patch)) throw refuse("forbidden");
  const attributes = mergeAttributes(group.attributes, patch);
  cloud.world.store.tables.groups.put(group.id, { ...group, attributes }, call.now);
  return { status: 204 };
}

export function deleteGroup(cloud: Cloud, call: GraphCall): Reply {
  const { directory } = cloud.world;
  directory.deleteGroup(directory.group(call.params.id!), call.now);
  return { status: 204 };
}

/** Members of a group or a directory role; `isTransitive`: also those of the groups in it. */
export function listMembers(isTransitive = false) {
  return (cloud: Cloud, call: GraphCall): Reply => {
    const { view, views } = viewsOf(cloud, call);
    const reached = new Set<string>();
    const visit = (group: GroupRecord | undefined): void => {
      for (const member of group?.members ?? []) {
        if (reached.has(member)) continue;
        reached.add(member);
        if (isTransitive) visit(view.groups.get(member));
      }
    };
    const group = view.groups.get(call.params.id!);
    if (group === undefined) throw refuse("objectNotFound", { id: call.params.id! });
    visit(group);
    return replyWithList(call, "directoryObjects", views.objects([...reached]), OBJECTS);
  };
}

/** The object that a path names, by its ID or a person's sign-in name; `/me` is the caller. */
function holderOf(cloud: Cloud, call: GraphCall): string {
  const { id, user } = call.params;
  if (id === undefined) return user === undefined ? call.caller.objectId : userOf(cloud, call).id;
  if (viewsOf(cloud, call).views.object(id) === undefined) throw refuse("objectNotFound", { id });
  return id.toLowerCase();
}

/** The groups and directory roles of a principal, a person or a group, its own or all; `cast` leaves one kind. */
export function listMemberships(isTransitive: boolean, cast?: "group" | "directoryRole") {
  return (cloud: Cloud, call: GraphCall): Reply => {
    const { view, views } = viewsOf(cloud, call);
    const id = holderOf(cloud, call);
    if (views.object(id) === undefined) throw refuse("objectNotFound", { id });
    const groups = groupsOf(view, id)
      .filter(({ members }) => isTransitive || members.includes(id))
      .filter(
        ({ roleTemplateId }) => cast === undefined || (roleTemplateId === undefined) === (cast === "group"),
      );
    return replyWithList(call, "directoryObjects", views.objects(groups.map((group) => group.id)), OBJECTS);
  };
}

/** IDs of all groups that something is in, and of its directory roles unless it is asked for security groups alone. */
export function getMemberGroups(cloud: Cloud, call: GraphCall): Reply {
  const { securityEnabledOnly } = readBody(call, MEMBER_GROUPS, "DirectoryObject");
  const groups = groupsOf(viewsOf(cloud, call).view, holderOf(cloud, call))
    .filter(({ roleTemplateId }) => roleTemplateId === undefined)
    .filter(({ attributes }) => securityEnabledOnly !== true || attributes.securityEnabled !== false);
  const context = `${call.base}/v1.0/$metadata#Collection(Edm.String)`;
  return { status: 200, body: { "@odata.context": context, value: groups.map(({ id }) => id) } };
}

/** What a principal or a person owns. */
export function listOwnedObjects(cloud: Cloud, call: GraphCall): Reply {
  const { view, views } = viewsOf(cloud, call);
  const id = holderOf(cloud, call);
  const all = [...view.applications.all(), ...view.principals.all(), ...view.groups.all()];
  const owned = all.filter(({ owners }) => owners.includes(id)).map((one) => one.id);
  return replyWithList(call, "directoryObjects", views.objects(owned), OBJECTS);
}
