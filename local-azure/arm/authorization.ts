import { z } from "zod";
import type { Cloud } from "../cloud";
import { type Call, isGuid, type Reply } from "../http";
import { isAtOrAbove } from "../store/access-control";
import type { RoleAssignmentRecord } from "../store/records";
import { BUILT_IN_ROLES, findRole } from "../store/roles";
import { readBody } from "./body";
import { type ArmCaller, requireAction } from "./caller";
import * as errors from "./errors";
import { requireScopeExists, requireSubscription, scopeOf } from "./scopes";
import { viewPermission, viewRoleAssignment, viewRoleDefinition } from "./views";

const ASSIGNMENTS = "Microsoft.Authorization/roleAssignments";

const assignmentBody = z.object({
  properties: z.object({
    principalId: z.string(),
    principalType: z.enum(["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"]).nullish(),
    roleDefinitionId: z.string().regex(/\/roleDefinitions\/[0-9a-f-]{36}$/i),
    condition: z.string().nullish(),
    conditionVersion: z.string().nullish(),
    description: z.string().nullish(),
  }),
});

/** Built-in roles can be listed by anybody who has a token. */
export function listRoleDefinitions(cloud: Cloud, call: Call): Reply {
  if (call.params.subscription !== undefined) requireSubscription(cloud, call);
  const filter = call.query.get("$filter");
  const roleName = filter === null ? undefined : /^roleName eq '((?:[^']|'')*)'$/i.exec(filter)?.[1];
  const isScopeFilter = filter !== null && /^atScope(AndBelow)?\(\)$/i.test(filter);
  const isTypeFilter = filter !== null && /^type eq 'BuiltInRole'$/i.test(filter);
  if (filter !== null && roleName === undefined && !isScopeFilter && !isTypeFilter)
    throw errors.filterUnsupported();
  const wanted = roleName?.replaceAll("''", "'").toLowerCase();
  const found = BUILT_IN_ROLES.filter(
    (definition) => wanted === undefined || definition.roleName.toLowerCase() === wanted,
  );
  const { subscription } = call.params;
  return {
    status: 200,
    body: { value: found.map((definition) => viewRoleDefinition(definition, subscription)) },
  };
}

export function getRoleDefinition(cloud: Cloud, call: Call): Reply {
  if (call.params.subscription !== undefined) requireSubscription(cloud, call);
  const definition = findRole(call.params.role!);
  if (definition === undefined || definition.guid !== call.params.role!.toLowerCase())
    throw errors.roleDefinitionNotFound(call.params.role!);
  return { status: 200, body: viewRoleDefinition(definition, call.params.subscription) };
}

export function listRoleAssignments(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const scope = enter(cloud, call, caller, `${ASSIGNMENTS}/read`);
  const matches = assignmentFilter(call.query.get("$filter"));
  const found = cloud.world.access
    .all()
    .filter((assignment) => matches(assignment, scope))
    .map(viewRoleAssignment);
  return { status: 200, body: { value: found } };
}

export function getRoleAssignment(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const scope = enter(cloud, call, caller, `${ASSIGNMENTS}/read`);
  const assignment = cloud.world.access.find(scope, call.params.assignment!);
  if (assignment === undefined) throw errors.roleAssignmentNotFound(call.params.assignment!);
  return { status: 200, body: viewRoleAssignment(assignment) };
}

export function putRoleAssignment(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const name = call.params.assignment!;
  if (!isGuid(name)) throw errors.roleAssignmentIdInvalid(name);
  const scope = enter(cloud, call, caller, `${ASSIGNMENTS}/write`);
  const { properties } = readBody(call, assignmentBody);
  if (!isGuid(properties.principalId)) throw errors.principalIdInvalid(properties.principalId);
  const { principalType, ...rest } = properties;
  const { assignment, created } = cloud.world.access.assign(
    {
      ...rest,
      name,
      scope,
      roleGuid: properties.roleDefinitionId.split("/").at(-1)!,
      ...(principalType == null ? {} : { principalType }),
    },
    caller.objectId,
    call.now,
  );
  return { status: created ? 201 : 200, body: viewRoleAssignment(assignment) };
}

/** Already gone: 204. */
export function deleteRoleAssignment(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const scope = enter(cloud, call, caller, `${ASSIGNMENTS}/delete`);
  const removed = cloud.world.access.remove(scope, call.params.assignment!);
  return removed === undefined ? { status: 204 } : { status: 200, body: viewRoleAssignment(removed) };
}

/** What the caller itself may do on a scope: nobody needs a right to ask this. */
export function listPermissions(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  requireSubscription(cloud, call);
  requireScopeExists(cloud, call);
  const permissions = cloud.world.access
    .effectiveAt(caller.objectId, scopeOf(call), call.now)
    .map(({ roleGuid }) => viewPermission(findRole(roleGuid)!));
  return { status: 200, body: { value: permissions } };
}

function enter(cloud: Cloud, call: Call, caller: ArmCaller, action: string): string {
  requireSubscription(cloud, call);
  const scope = scopeOf(call);
  const { assignment } = call.params;
  const target = assignment === undefined ? scope : `${scope}/providers/${ASSIGNMENTS}/${assignment}`;
  requireAction(cloud, call, caller, action, target);
  requireScopeExists(cloud, call);
  return scope;
}

/** `atScope()` leaves out what is below the scope; without a filter that is listed too. */
function assignmentFilter(
  filter: string | null,
): (assignment: RoleAssignmentRecord, scope: string) => boolean {
  const above = (assignment: RoleAssignmentRecord, scope: string) => isAtOrAbove(assignment.scope, scope);
  const around = (assignment: RoleAssignmentRecord, scope: string) =>
    above(assignment, scope) || isAtOrAbove(scope, assignment.scope);
  if (filter === null) return around;
  const parts = filter.trim().split(/ and /i);
  const tests = parts.map((part) => {
    if (/^atScope\(\)$/i.test(part)) return above;
    const id = /^(?:principalId eq|assignedTo\() ?'([0-9a-f-]{36})'\)?$/i.exec(part)?.[1]?.toLowerCase();
    if (id === undefined) throw errors.filterUnsupported();
    return (assignment: RoleAssignmentRecord, scope: string) =>
      assignment.principalId === id && around(assignment, scope);
  });
  return (assignment, scope) => tests.every((test) => test(assignment, scope));
}
