import type { JsonObject } from "../call";
import type { IdSource } from "../ids";
import { Refusal } from "../refusal";
import type {
  ApplicationRecord,
  DeletedRecord,
  GroupRecord,
  PrincipalRecord,
  PrincipalType,
  UserRecord,
} from "./records";
import type { Store, StoreView } from "./store";

const RECYCLE_BIN_DAYS = 30;

/** How a record comes into the world without a call. */
interface Origin {
  readonly initial?: boolean;
  readonly createdAt?: Date;
  readonly appId?: string;
}

/** The applications, principals, people and groups of one tenant, and its recycle bin. */
export class Directory {
  constructor(
    readonly tenantId: string,
    readonly tenantName: string,
    private readonly ids: IdSource,
    readonly store: Store,
  ) {}

  /** The domain that Entra gives every tenant. */
  get domain(): string {
    return `${this.tenantName.toLowerCase().replaceAll(" ", "")}.onmicrosoft.com`;
  }

  createApplication(
    attributes: JsonObject,
    owners: readonly string[],
    now: Date,
    { initial = false, createdAt = now, appId }: Origin = {},
  ): ApplicationRecord {
    this.refuseTakenUris(attributes, undefined);
    const application: ApplicationRecord = {
      id: this.ids.guid("application"),
      appId: appId ?? this.ids.guid("appId"),
      attributes,
      createdAt,
      initial,
      owners,
    };
    this.store.tables.applications.put(application.id, application, createdAt);
    return application;
  }

  application(id: string): ApplicationRecord {
    return found(this.store.tables.applications.get(id), id);
  }

  /** Right after its creation an application may not be known everywhere yet: calls that change it then miss it. */
  replicatedApplication(id: string, now: Date): ApplicationRecord {
    const application = this.application(id);
    if (this.store.visible(now).applications.get(id) === undefined)
      throw new Refusal("objectNotFound", { id });
    return application;
  }

  updateApplication(id: string, change: Partial<ApplicationRecord>, now: Date): void {
    const application = this.application(id);
    if (change.attributes !== undefined) this.refuseTakenUris(change.attributes, application.id);
    this.store.tables.applications.put(application.id, { ...application, ...change }, now);
  }

  /** A group; directory roles, which have members as well, are none. */
  group(id: string): GroupRecord {
    const group = this.store.tables.groups.get(id);
    return found(group?.roleTemplateId === undefined ? group : undefined, id);
  }

  /** A person, by object ID or by sign-in name. */
  user(idOrName: string, view: StoreView = this.store.tables): UserRecord {
    const wanted = idOrName.toLowerCase();
    const named = view.users.all().find((user) => nameOf(user) === wanted);
    return found(view.users.get(idOrName) ?? named, idOrName);
  }

  putUser(user: UserRecord, at: Date): void {
    const name = nameOf(user);
    if (!name.endsWith(`@${this.domain}`)) throw new Refusal("userDomain");
    const others = this.store.tables.users.all().filter(({ id }) => id !== user.id);
    if (others.some((other) => nameOf(other) === name)) throw new Refusal("userNameTaken");
    this.store.tables.users.put(user.id, user, at);
  }

  deleteUser(record: UserRecord, now: Date): void {
    this.store.tables.users.delete(record.id, now);
    const { displayName } = record.attributes;
    this.throwAway({ kind: "user", record, displayName, deletedAt: now });
  }

  deleteGroup(record: GroupRecord, now: Date): void {
    this.store.tables.groups.delete(record.id, now);
    const { displayName, groupTypes } = record.attributes;
    // Only Microsoft 365 groups rest in the recycle bin.
    if (Array.isArray(groupTypes) && groupTypes.includes("Unified"))
      this.throwAway({ kind: "group", record, displayName, deletedAt: now });
  }

  /** Moves an application to the recycle bin, and its principal with it. Its credentials wait there for both. */
  deleteApplication(id: string, now: Date): void {
    const application = this.application(id);
    const principal = findByAppId(this.store.tables.principals.all(), application.appId);
    if (principal !== undefined) this.deletePrincipal(principal.id, now);
    this.store.tables.applications.delete(application.id, now);
    this.throwAway({
      kind: "application",
      record: application,
      displayName: application.attributes.displayName,
      deletedAt: now,
    });
  }

  createPrincipal(
    appId: string,
    attributes: JsonObject,
    owners: readonly string[],
    now: Date,
    { initial = false, createdAt = now }: Origin = {},
  ): PrincipalRecord {
    const application = findByAppId(this.store.visible(now).applications.all(), appId);
    if (application === undefined) throw new Refusal("appIdNotFound", { appId });
    if (findByAppId(this.store.tables.principals.all(), appId) !== undefined)
      throw new Refusal("principalExists", { appId });
    const principal: PrincipalRecord = {
      id: this.ids.guid("servicePrincipal"),
      appId: application.appId,
      attributes,
      createdAt,
      initial,
      owners,
    };
    this.store.tables.principals.put(principal.id, principal, createdAt);
    return principal;
  }

  /** The principal of a managed identity: it has no application. */
  createManagedPrincipal(displayName: string, resourceId: string, now: Date): PrincipalRecord {
    const principal: PrincipalRecord = {
      id: this.ids.guid("servicePrincipal"),
      appId: this.ids.guid("appId"),
      attributes: {
        displayName,
        servicePrincipalType: "ManagedIdentity",
        alternativeNames: ["isExplicit=True", resourceId],
        appDisplayName: null,
        appOwnerOrganizationId: null,
        signInAudience: null,
      },
      createdAt: now,
      initial: false,
      owners: [],
    };
    this.store.tables.principals.put(principal.id, principal, now);
    return principal;
  }

  principal(id: string): PrincipalRecord {
    return found(this.store.tables.principals.get(id), id);
  }

  updatePrincipal(id: string, change: Partial<PrincipalRecord>, now: Date): void {
    const principal = this.principal(id);
    this.store.tables.principals.put(principal.id, { ...principal, ...change }, now);
  }

  deletePrincipal(id: string, now: Date): void {
    const record = this.principal(id);
    const displayName = displayNameOf(this.store.tables, record);
    this.dropPrincipal(record.id, now);
    this.throwAway({ kind: "servicePrincipal", record, displayName, deletedAt: now });
  }

  /** Without the recycle bin, and with all its credentials. */
  destroyPrincipal(id: string, now: Date): void {
    this.dropPrincipal(id, now);
    this.dropCredentials(id, now);
  }

  private dropPrincipal(id: string, now: Date): void {
    this.store.tables.principals.delete(id, now);
    // What a deleted principal had in Microsoft Graph is not given back with it.
    for (const grant of this.store.tables.appRoleAssignments.all())
      if (grant.principalId === id) this.store.tables.appRoleAssignments.delete(grant.id, now);
  }

  /** What is in the recycle bin: Entra empties it after 30 days. */
  deletedItems(now: Date): DeletedRecord[] {
    const limit = now.getTime() - RECYCLE_BIN_DAYS * 86_400_000;
    for (const item of this.store.tables.deletedItems.all())
      if (item.deletedAt.getTime() <= limit) this.destroy(item, now);
    return this.store.tables.deletedItems.all();
  }

  deletedItem(id: string, now: Date): DeletedRecord {
    return found(
      this.deletedItems(now).find(({ record }) => record.id === id.toLowerCase()),
      id,
    );
  }

  /**
   * Puts an object back where it was. An application keeps what it held when it was deleted. A principal needs
   * its application, and must still be the only one for it.
   */
  restore({ kind, record }: DeletedRecord, now: Date): void {
    const { applications, principals, groups } = this.store.tables;
    if (kind === "servicePrincipal") {
      const { appId } = record;
      if (findByAppId(applications.all(), appId) === undefined) throw new Refusal("appIdNotFound", { appId });
      if (findByAppId(principals.all(), appId) !== undefined) throw new Refusal("principalExists", { appId });
    }
    if (kind === "user") this.putUser(record, now);
    else if (kind === "group") groups.put(record.id, record, now);
    else (kind === "application" ? applications : principals).put(record.id, record, now);
    this.store.tables.deletedItems.delete(record.id, now);
  }

  purge(id: string, now: Date): void {
    this.destroy(this.deletedItem(id, now), now);
  }

  createGroup(
    attributes: JsonObject,
    { members, owners = [] }: { members: readonly string[]; owners?: readonly string[] },
    createdAt: Date,
    roleTemplateId?: string,
  ): GroupRecord {
    const id = this.ids.guid(roleTemplateId === undefined ? "group" : "directoryRole");
    const role = roleTemplateId === undefined ? {} : { roleTemplateId };
    const group = { id, attributes, members, owners, createdAt, ...role };
    this.store.tables.groups.put(id, group, createdAt);
    return group;
  }

  addMember(group: GroupRecord, member: string, at: Date): void {
    this.store.tables.groups.put(
      group.id,
      { ...group, members: [...new Set([...group.members, member])] },
      at,
    );
  }

  private throwAway(item: DeletedRecord): void {
    this.store.tables.deletedItems.put(item.record.id, item, item.deletedAt);
  }

  private destroy({ record }: DeletedRecord, now: Date): void {
    this.store.tables.deletedItems.delete(record.id, now);
    this.dropCredentials(record.id, now);
  }

  private dropCredentials(objectId: string, now: Date): void {
    const { passwords, certificates, federatedCredentials } = this.store.tables;
    for (const table of [passwords, certificates])
      for (const one of table.all()) if (one.objectId === objectId) table.delete(one.keyId, now);
    for (const one of federatedCredentials.all())
      if (one.objectId === objectId) federatedCredentials.delete(one.id, now);
  }

  private refuseTakenUris(attributes: JsonObject, ownId: string | undefined): void {
    const wanted = urisOf(attributes);
    const others = this.store.tables.applications.all().filter(({ id }) => id !== ownId);
    if (
      wanted.length > 0 &&
      others.some((other) => urisOf(other.attributes).some((uri) => wanted.includes(uri)))
    )
      throw new Refusal("identifierUriTaken");
  }
}

function nameOf({ attributes }: UserRecord): string {
  return attributes.userPrincipalName.toLowerCase();
}

function found<Row>(row: Row | undefined, id: string): Row {
  if (row === undefined) throw new Refusal("objectNotFound", { id });
  return row;
}

export function findByAppId<Row extends { readonly appId: string }>(
  rows: readonly Row[],
  appId: string,
): Row | undefined {
  return rows.find((row) => row.appId === appId.toLowerCase());
}

function urisOf({ identifierUris }: JsonObject): string[] {
  return Array.isArray(identifierUris) ? identifierUris.map((uri) => String(uri).toLowerCase()) : [];
}

/** A principal has the name of its application unless it was given another. */
export function displayNameOf(view: StoreView, principal: PrincipalRecord): unknown {
  const application = findByAppId(view.applications.all(), principal.appId);
  return principal.attributes.displayName ?? application?.attributes.displayName;
}

/** What kind of principal an object ID belongs to. */
export function principalTypeOf(view: StoreView, id: string): PrincipalType | undefined {
  if (view.principals.get(id) !== undefined) return "ServicePrincipal";
  if (view.users.get(id) !== undefined) return "User";
  return view.groups.get(id) === undefined ? undefined : "Group";
}

/** The groups and directory roles that an object is in, also by way of other groups. */
export function groupsOf(view: StoreView, id: string): GroupRecord[] {
  const all = view.groups.all();
  const reached = new Set<GroupRecord>();
  const visit = (member: string): void => {
    for (const group of all)
      if (group.members.includes(member) && !reached.has(group)) {
        reached.add(group);
        visit(group.id);
      }
  };
  visit(id.toLowerCase());
  return [...reached];
}
