import { z } from "zod";
import { type Call, headerOf, isGuid, type JsonObject, type Reply } from "../call";
import type { Cloud } from "../cloud";
import { Refusal } from "../refusal";
import type { Attributes } from "../store/conditions";
import { groupsOf, principalTypeOf } from "../store/directory";
import type { RoleAssignmentRecord, WorkspaceRecord } from "../store/records";
import { idOfGroup, idOfVault, idOfWorkspace, isAtOrAbove, resourceGroupId } from "../store/resources";
import type { View } from "../store/table";
import { BUILT_IN_ROLES, findRole } from "../store/roles";
import { RESOURCE_TYPES } from "./api-versions";
import { type ArmCaller, findSubscription, isRegistered, scopeOf } from "./caller";
import { refuse } from "./errors";
import * as views from "./views";

type ArmCall = Call<ArmCaller>;

const WORKSPACES = "Microsoft.MachineLearningServices/workspaces";
/** Azure ML lists so many at a time. */
const WORKSPACES_A_PAGE = 30;
const READ_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/read";

const ok = (body: JsonObject): Reply => ({ status: 200, body });

/** Reads the JSON body and checks its properties. */
export function readBody<Schema extends z.ZodType>(call: Call, schema: Schema): z.output<Schema> {
  if (call.body.type !== "application/json")
    throw refuse("mediaTypeUnsupported", { type: headerOf(call, "content-type") ?? "<null>" });
  if (call.body.json === undefined)
    throw refuse("bodyInvalid", { what: "Unexpected character encountered while parsing value." });
  const result = schema.safeParse(call.body.json);
  if (result.success) return result.data;
  throw refuse("bodyInvalid", {
    what: `Error converting value. Path '${result.error.issues[0]!.path.join(".")}'.`,
  });
}

function mayRead(cloud: Cloud, call: ArmCall, action: string, scope: string): boolean {
  return cloud.world.access.isAllowed({ principalId: call.caller.objectId, action, scope }, call.now);
}

/** The rows of a table below a scope that the caller may read, each with its resource ID. */
export function readable<Row>(
  cloud: Cloud,
  call: ArmCall,
  { table, idOf, action, scope = scopeOf(call) }: Readable<Row>,
): Row[] {
  return table
    .all()
    .filter((row) => isAtOrAbove(scope, idOf(row)) && mayRead(cloud, call, action, idOf(row)));
}

interface Readable<Row> {
  readonly table: View<Row>;
  readonly idOf: (row: Row) => string;
  readonly action: string;
  readonly scope?: string;
}

/** Only subscriptions in which the caller has a role somewhere. */
export function listSubscriptions(cloud: Cloud, call: ArmCall): Reply {
  const { store, access, directory } = cloud.world;
  const visible = store.tables.subscriptions
    .all()
    .filter(({ subscriptionId }) =>
      access.hasRoleWithin(call.caller.objectId, `/subscriptions/${subscriptionId}`, call.now),
    );
  return ok({
    value: visible.map((subscription) => views.viewSubscription(subscription, directory)),
    count: { type: "Total", value: visible.length },
  });
}

export function getSubscription(cloud: Cloud, call: ArmCall): Reply {
  return ok(views.viewSubscription(findSubscription(cloud, call), cloud.world.directory));
}

export function listTenants(cloud: Cloud): Reply {
  const { tenantId, tenantName, domain } = cloud.world.directory;
  const tenant = {
    id: `/tenants/${tenantId}`,
    tenantId,
    displayName: tenantName,
    defaultDomain: domain,
    tenantCategory: "Home",
  };
  return ok({ value: [tenant] });
}

/** `az resource show` asks this to find out which API versions a resource type takes. */
export function getProvider(cloud: Cloud, call: ArmCall): Reply {
  const namespace = call.params.namespace!;
  const types = RESOURCE_TYPES.filter((type) => type.namespace.toLowerCase() === namespace.toLowerCase());
  if (types.length === 0) throw refuse("providerNotFound", { namespace });
  const { subscriptionId } = findSubscription(cloud, call);
  return ok(views.viewProvider(subscriptionId, types, isRegistered(cloud, namespace)));
}

/** Only groups that the caller may read. */
export function listResourceGroups(cloud: Cloud, call: ArmCall): Reply {
  const { resourceGroups: table } = cloud.world.store.tables;
  const groups = readable(cloud, call, { table, idOf: idOfGroup, action: READ_GROUP });
  return ok({ value: groups.map(views.viewResourceGroup) });
}

/** With the filters by which `az keyvault` finds vaults: by their type, and by their name too. */
export function listResources(cloud: Cloud, call: ArmCall): Reply {
  const filter = call.query.get("$filter") ?? "";
  const [, type, wanted] =
    /^resourceType eq '([^']+)'(?: and name eq '([^']+)')?$/i
      .exec(filter.trim())
      ?.map((part) => part?.toLowerCase()) ?? [];
  if (type === undefined) throw refuse("filterUnsupported");
  const { workspaces, vaults } = cloud.world.store.tables;
  const all = [
    ...workspaces.all().map((one) => ({ ...one, id: idOfWorkspace(one), type: WORKSPACES })),
    ...vaults.all().map((one) => ({ ...one, id: idOfVault(one), type: "Microsoft.KeyVault/vaults" })),
  ];
  const value = all
    .filter((one) => one.type.toLowerCase() === type && [undefined, one.name.toLowerCase()].includes(wanted))
    .filter((one) => isAtOrAbove(scopeOf(call), one.id))
    .filter((one) => mayRead(cloud, call, `${one.type}/read`, one.id))
    .map(({ id, name, type, location }) => ({ id, name, type, location, tags: {} }));
  return ok({ value });
}

function groupOf(cloud: Cloud, { params }: Call) {
  return cloud.world.store.tables.resourceGroups.get(resourceGroupId(params.subscription!, params.group!));
}

export function getResourceGroup(cloud: Cloud, call: ArmCall): Reply {
  return ok(views.viewResourceGroup(groupOf(cloud, call)!));
}

const groupBody = z.object({
  location: z.string(),
  tags: z.record(z.string().max(512), z.string().max(256)).nullish(),
});

/** Creates a resource group, or changes the tags of one that is there. */
export function putResourceGroup(cloud: Cloud, call: ArmCall): Reply {
  const { location, tags } = readBody(call, groupBody);
  const present = groupOf(cloud, call);
  const { subscription, group } = call.params;
  const made = {
    subscriptionId: subscription!.toLowerCase(),
    name: group!,
    location: location.toLowerCase(),
  };
  const written = { ...(present ?? made), tags: tags ?? present?.tags ?? {} };
  cloud.world.store.tables.resourceGroups.put(idOfGroup(written), written, call.now);
  return { status: present === undefined ? 201 : 200, body: views.viewResourceGroup(written) };
}

const tagsBody = z.object({ tags: z.record(z.string().max(512), z.string().max(256)).optional() });

export function updateResourceGroup(cloud: Cloud, call: ArmCall): Reply {
  const group = groupOf(cloud, call)!;
  const changed = { ...group, tags: readBody(call, tagsBody).tags ?? group.tags };
  cloud.world.store.tables.resourceGroups.put(idOfGroup(changed), changed, call.now);
  return ok(views.viewResourceGroup(changed));
}

function readableWorkspaces(cloud: Cloud, call: ArmCall, scope: string): WorkspaceRecord[] {
  const { workspaces: table } = cloud.world.store.tables;
  return readable(cloud, call, { table, idOf: idOfWorkspace, action: `${WORKSPACES}/read`, scope });
}

/** Those of a group or of a subscription that the caller may read. */
export function listWorkspaces(cloud: Cloud, call: ArmCall): Reply {
  const found = readableWorkspaces(cloud, call, scopeOf(call));
  const start = Number(call.query.get("$skip") ?? 0) || 0;
  const page = found.slice(start, start + WORKSPACES_A_PAGE);
  const next = new URLSearchParams(call.query);
  next.set("$skip", String(start + WORKSPACES_A_PAGE));
  return ok({
    value: page.map((one) => views.viewWorkspace(one, cloud.world.directory, call.base)),
    ...(start + page.length < found.length
      ? { nextLink: `${call.base}${call.path}?${next.toString()}` }
      : {}),
  });
}

export function getWorkspace(cloud: Cloud, call: ArmCall): Reply {
  const id = `${scopeOf(call)}/providers/${WORKSPACES}/${call.params.workspace!}`;
  const workspace = cloud.world.store.tables.workspaces.get(id)!;
  return ok(views.viewWorkspace(workspace, cloud.world.directory, call.base));
}

const resourceQuery = z.object({
  query: z.string(),
  subscriptions: z.array(z.string()).nullish(),
  managementGroups: z.array(z.string()).nullish(),
  options: z.looseObject({}).nullish(),
});
/** The one query that is understood; what is projected or ordered makes no difference to who asks for rows. */
const ALL_WORKSPACES =
  /^resources\s*\|\s*where\s+type\s*(?:=~|==)\s*['"]microsoft\.machinelearningservices\/workspaces['"]\s*(?:\|\s*project\s+[\w\s,]+)?(?:\|\s*order by [\w\s,]+)?$/i;

/** Azure Resource Graph, for the workspaces of all subscriptions that the caller may read. */
export function queryResources(cloud: Cloud, call: ArmCall): Reply {
  const { query, subscriptions } = readBody(call, resourceQuery);
  const match = ALL_WORKSPACES.exec(query.trim());
  if (match === null)
    throw new Refusal("notImplemented", { what: "A query other than for all Azure ML workspaces" });
  const wanted = subscriptions?.map((id) => id.toLowerCase());
  const columns = /\|\s*project\s+([\w\s,]+)/i
    .exec(query)?.[1]
    ?.split(",")
    .map((name) => name.trim());
  const data = readableWorkspaces(cloud, call, "")
    .filter(({ subscriptionId }) => wanted === undefined || wanted.includes(subscriptionId))
    .map((workspace) => {
      const { id, name, location, kind, tags, properties } = views.viewWorkspace(
        workspace,
        cloud.world.directory,
        call.base,
      );
      const { subscriptionId, resourceGroup } = workspace;
      const { tenantId } = cloud.world.directory;
      const type = WORKSPACES.toLowerCase();
      const row = {
        id,
        name,
        type,
        tenantId,
        kind,
        location,
        resourceGroup,
        subscriptionId,
        properties,
        tags,
      };
      if (columns === undefined) return row;
      return Object.fromEntries(Object.entries(row).filter(([column]) => columns.includes(column)));
    });
  const { length: count } = data;
  return ok({ totalRecords: count, count, data, facets: [], resultTruncated: "false" });
}

/** Built-in roles can be listed by anybody who has a token. */
export function listRoleDefinitions(_cloud: Cloud, call: ArmCall): Reply {
  const filter = call.query.get("$filter");
  const roleName = filter === null ? undefined : /^roleName eq '((?:[^']|'')*)'$/i.exec(filter)?.[1];
  const isUnderstood = filter === null || /^(atScope(AndBelow)?\(\)|type eq 'BuiltInRole')$/i.test(filter);
  if (roleName === undefined && !isUnderstood) throw refuse("filterUnsupported");
  const wanted = roleName?.replaceAll("''", "'").toLowerCase();
  const found = BUILT_IN_ROLES.filter((one) => wanted === undefined || one.roleName.toLowerCase() === wanted);
  return ok({ value: found.map((one) => views.viewRoleDefinition(one, call.params.subscription)) });
}

export function getRoleDefinition(_cloud: Cloud, call: ArmCall): Reply {
  const guid = call.params.role!;
  const definition = findRole(guid);
  if (definition?.guid !== guid.toLowerCase())
    throw refuse("roleNotFound", { role: guid.replaceAll("-", "") });
  return ok(views.viewRoleDefinition(definition, call.params.subscription));
}

const shownFor = (call: Call): views.AssignmentShown => ({
  subscriptionId: call.params.subscription,
  version: call.query.get("api-version"),
});

export function listRoleAssignments(cloud: Cloud, call: ArmCall): Reply {
  const matches = assignmentFilter(cloud, call);
  const found = cloud.world.store.readable(call.now).roleAssignments.all().filter(matches);
  return ok({ value: found.map((one) => views.viewRoleAssignment(one, shownFor(call))) });
}

/** `atScope()` leaves out what is below the scope; without a filter that is listed too. `assignedTo` knows groups. */
function assignmentFilter(cloud: Cloud, call: Call): (assignment: RoleAssignmentRecord) => boolean {
  const scope = scopeOf(call);
  const above = (assignment: RoleAssignmentRecord) => isAtOrAbove(assignment.scope, scope);
  const around = (assignment: RoleAssignmentRecord) =>
    above(assignment) || isAtOrAbove(scope, assignment.scope);
  const filter = call.query.get("$filter");
  if (filter === null) return around;
  const tests = filter
    .trim()
    .split(/ and /i)
    .map((part) => {
      if (/^atScope\(\)$/i.test(part)) return above;
      const [, own, assigned] =
        /^(?:principalId eq '([0-9a-f-]{36})'|assignedTo\('([0-9a-f-]{36})'\))$/i.exec(part) ?? [];
      const id = (own ?? assigned)?.toLowerCase();
      if (id === undefined) throw refuse("filterUnsupported");
      const groups = own === undefined ? groupsOf(cloud.world.store.tables, id) : [];
      const holders = [id, ...groups.map((group) => group.id)];
      return (assignment: RoleAssignmentRecord) =>
        holders.includes(assignment.principalId) && around(assignment);
    });
  return (assignment) => tests.every((test) => test(assignment));
}

export function getRoleAssignment(cloud: Cloud, call: ArmCall): Reply {
  const name = call.params.assignment!;
  const view = cloud.world.store.readable(call.now);
  const assignment = cloud.world.access.find(scopeOf(call), name, view);
  if (assignment === undefined) throw refuse("roleAssignmentNotFound", { name });
  return ok(views.viewRoleAssignment(assignment, shownFor(call)));
}

const assignmentBody = z.object({
  properties: z.object({
    principalId: z.string(),
    principalType: z.string().nullish(),
    roleDefinitionId: z.string(),
    condition: z.string().nullish(),
    conditionVersion: z.string().nullish(),
    description: z.string().nullish(),
  }),
});
const ROLE_DEFINITION_ID =
  /^(?:\/subscriptions\/([0-9a-f-]{36}))?\/providers\/Microsoft\.Authorization\/roleDefinitions\/([0-9a-f-]{36})$/i;

export function putRoleAssignment(cloud: Cloud, call: ArmCall): Reply {
  const name = call.params.assignment!;
  if (!isGuid(name)) throw refuse("roleAssignmentIdInvalid", { name });
  const { properties } = readBody(call, assignmentBody);
  const { principalId, principalType, roleDefinitionId } = properties;
  if (!isGuid(principalId)) throw refuse("principalIdInvalid", { id: principalId });
  if (principalType != null && !["User", "Group", "ServicePrincipal"].includes(principalType))
    throw refuse("principalTypeInvalid", { type: principalType });
  const [, subscription, roleGuid] = ROLE_DEFINITION_ID.exec(roleDefinitionId) ?? [];
  if (roleGuid === undefined)
    throw refuse("bodyInvalid", { what: "Error converting value. Path 'properties.roleDefinitionId'." });
  // A role of another subscription cannot be assigned in this one.
  const own = call.params.subscription?.toLowerCase();
  if (subscription !== undefined && own !== undefined && subscription.toLowerCase() !== own)
    throw refuse("roleNotFound", { role: roleGuid.replaceAll("-", "") });
  const assignment = cloud.world.access.assign(
    {
      name,
      scope: scopeOf(call),
      principalId,
      principalType: principalType ?? undefined,
      roleGuid,
      condition: properties.condition ?? null,
      conditionVersion: properties.conditionVersion ?? null,
      description: properties.description ?? null,
    },
    call.caller.objectId,
    call.now,
  );
  return { status: 201, body: views.viewRoleAssignment(assignment, { ...shownFor(call), isNew: true }) };
}

const ATTRIBUTES = "Microsoft.Authorization/roleAssignments";

function attributesOf(roleGuid: string, principalId: string, principalType: string): Attributes {
  return {
    [`${ATTRIBUTES}:RoleDefinitionId`]: roleGuid,
    [`${ATTRIBUTES}:PrincipalId`]: principalId,
    [`${ATTRIBUTES}:PrincipalType`]: principalType,
  };
}

/** What a condition may ask about an assignment that is to be written: only what the request itself says. */
export function attributesOfRequest(_cloud: Cloud, call: Call): { request: Attributes } {
  const { success, data } = assignmentBody.safeParse(call.body.json);
  if (!success) return { request: {} };
  const { roleDefinitionId, principalId, principalType } = data.properties;
  return { request: attributesOf(roleDefinitionId.split("/").at(-1)!, principalId, principalType ?? "") };
}

/** The same about an assignment that is there. */
export function attributesOfAssignment(cloud: Cloud, call: Call): { resource: Attributes } {
  const assignment = cloud.world.access.find(scopeOf(call), call.params.assignment!);
  if (assignment === undefined) return { resource: {} };
  const { roleGuid, principalId, principalType } = assignment;
  const type = principalTypeOf(cloud.world.store.tables, principalId) ?? principalType;
  return { resource: attributesOf(roleGuid, principalId, type) };
}

/** Already gone: 204. */
export function deleteRoleAssignment(cloud: Cloud, call: ArmCall): Reply {
  const removed = cloud.world.access.remove(scopeOf(call), call.params.assignment!, call.now);
  return removed === undefined ? { status: 204 } : ok(views.viewRoleAssignment(removed, shownFor(call)));
}

/** What the caller itself may do on a scope: nobody needs a right to ask this. */
export function listPermissions(cloud: Cloud, call: ArmCall): Reply {
  const assignments = cloud.world.access.effectiveAt(call.caller.objectId, scopeOf(call), call.now);
  return ok({ value: assignments.map(({ roleGuid }) => views.viewPermission(findRole(roleGuid)!)) });
}
