import { addPassword } from "./store/credentials";
import { AccessControl } from "./store/access-control";
import { Directory } from "./store/directory";
import type { DirectoryClock } from "./clock";
import type { IdSource } from "./ids";
import type { GraphPermission, JsonObject } from "./store/records";
import type { Replication } from "./store/replication";
import type { Inventory } from "./store/resources";
import { findRole } from "./store/roles";

/** A service principal with a secret, as tests log in with. */
export interface CallerCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Object ID of the service principal: the `oid` of its tokens. */
  readonly objectId: string;
  readonly servicePrincipalObjectId: string;
  readonly applicationObjectId: string;
}

/** What exists before anybody has called: one tenant, two subscriptions, and an admin who may do everything. */
export interface World {
  readonly directory: Directory;
  readonly access: AccessControl;
  readonly inventory: Inventory;
  readonly admin: CallerCredentials;
  /** Named in the refusals of the tenant's policy. */
  readonly policyId: string;
}

type WorldParts = Pick<World, "directory" | "access" | "inventory">;

export const LOCATION = "westeurope";
export const RESOURCE_GROUP = "rg-ml";
export const OTHER_RESOURCE_GROUP = "rg-private";
export const WORKSPACE = "ws-ml";

export function createWorld(ids: IdSource, clock: DirectoryClock, replication: Replication): World {
  const directory = new Directory(ids.guid("tenant"), "Contoso Rehearsal", ids, clock, replication);
  const access = new AccessControl(directory);
  const [first, second] = [ids.guid("subscription"), ids.guid("subscription")];
  const inventory: Inventory = {
    subscriptions: [
      { subscriptionId: first, displayName: "Contoso ML" },
      { subscriptionId: second, displayName: "Contoso Other" },
    ],
    resourceGroups: [
      { subscriptionId: first, name: RESOURCE_GROUP, location: LOCATION, tags: {} },
      { subscriptionId: first, name: OTHER_RESOURCE_GROUP, location: LOCATION, tags: {} },
    ],
    workspaces: [
      {
        subscriptionId: first,
        resourceGroup: RESOURCE_GROUP,
        name: WORKSPACE,
        location: LOCATION,
        workspaceId: ids.guid("workspace"),
        identityPrincipalId: ids.guid("workspaceIdentity"),
      },
    ],
  };
  const world = { directory, access, inventory };
  const admin = createCaller(world, ids, clock.now(), {
    displayName: "rehearsal-admin",
    graphPermissions: ["Application.ReadWrite.All"],
  });
  for (const subscriptionId of [first, second])
    assignRole(
      world,
      ids,
      longBefore(clock.now()),
      admin.objectId,
      "Owner",
      `/subscriptions/${subscriptionId}`,
    );
  return { ...world, admin, policyId: ids.guid("policy") };
}

/** What a new caller is, and may do. */
export interface CallerOptions {
  readonly displayName: string;
  /** Built-in role by name or GUID; without a scope it holds on the first resource group. */
  readonly role?: string;
  readonly scope?: string;
  /** Makes the caller an owner of all applications and principals that exist and are not part of the world. */
  readonly ownsApplications?: boolean;
  readonly graphPermissions?: readonly GraphPermission[];
}

const CALLER_SECRET_DAYS = 3650;

/** Puts an application, its principal and a secret into the world, as if they had always been there. */
export function createCaller(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  options: CallerOptions,
): CallerCredentials {
  const { directory } = world;
  const attributes: JsonObject = { displayName: options.displayName };
  const longAgo = longBefore(now);
  const application = directory.createApplication(attributes, [], longAgo, true);
  const { secretText } = addPassword(
    application,
    {
      displayName: "rehearsal",
      startDateTime: longAgo.toISOString(),
      endDateTime: new Date(now.getTime() + CALLER_SECRET_DAYS * 86_400_000).toISOString(),
    },
    ids,
    longAgo,
  );
  const principal = directory.createPrincipal(application.appId, {}, [], now, {
    initial: true,
    graphPermissions: options.graphPermissions ?? [],
    createdAt: longAgo,
  });
  if (options.ownsApplications === true)
    for (const record of [...directory.applications.values(), ...directory.principals.values()])
      if (!record.initial) record.owners.push(principal.id);
  if (options.role !== undefined) {
    const group = world.inventory.resourceGroups[0]!;
    const scope = options.scope ?? `/subscriptions/${group.subscriptionId}/resourceGroups/${group.name}`;
    assignRole(world, ids, longAgo, principal.id, options.role, scope);
  }
  return {
    clientId: application.appId,
    clientSecret: secretText,
    objectId: principal.id,
    servicePrincipalObjectId: principal.id,
    applicationObjectId: application.id,
  };
}

/** Backdated, so that no replication lag hides what was always there. */
function longBefore(now: Date): Date {
  return new Date(now.getTime() - CALLER_SECRET_DAYS * 86_400_000);
}

function assignRole(
  world: WorldParts,
  ids: IdSource,
  now: Date,
  principalId: string,
  roleName: string,
  scope: string,
): void {
  const definition = findRole(roleName);
  if (definition === undefined)
    throw new RangeError(`role must be a built-in role that the local Azure knows. Received ${roleName}.`);
  const name = ids.guid("roleAssignment");
  world.access.assign(
    { name, scope, principalId, principalType: "ServicePrincipal", roleGuid: definition.guid },
    principalId,
    now,
    true,
  );
}
