import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import type { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import { DEFAULT_ROLE } from "../himl-service-principal-args";
import { commandLine } from "../plan/commands";
import { assignmentName } from "../plan/ownership";
import type { PlannedRole } from "../plan/roles";
import { placeOf, resolveScope, subscriptionOf } from "../plan/scopes";
import { warn } from "../report";
import type { Context } from "./context";
import { REPLACEABLE } from "./revocation-guard";

/** A role assignment, and what it gives. */
interface Assigned {
  role: string;
  scope: pulumi.Output<string>;
  resource: RoleAssignment;
}

/** One assignment for each role and scope, independent of their spelling. */
export function assignRoles(context: Context, principal: pulumi.Output<ServicePrincipal>) {
  warnIfLockedOut(context, principal.objectId);
  const assigned = declareAll(context, principal.objectId);
  const roles = assigned.apply((all) => all.map(({ role, scope }) => ({ role, scope })));
  return {
    resources: assigned.apply((all) => all.map(({ resource }) => resource)) as unknown as pulumi.Output<
      readonly RoleAssignment[]
    >,
    details: {
      roles: roles as unknown as pulumi.Output<{ role: string; scope: string }[]>,
      ...(context.plan.roles.length === 0 && { administratorCommand: describeCommand(context, principal) }),
    },
  };
}

function declareAll(context: Context, principalId: pulumi.Output<string>): pulumi.Output<Assigned[]> {
  const { plan, target } = context;
  const assign = (role: PlannedRole, scope: string) => assignRole(context, role, scope, principalId);
  const isId = ({ scope }: PlannedRole) => scope.startsWith("/");
  const places = plan.roles.filter((role) => !isId(role));
  const byPlace = places.map((role) => assign(role, role.scope));
  const ids = plan.roles.filter(isId);
  // `pulumi.output(byPlace)` would wait for every scope.
  if (ids.length === 0) return pulumi.output(undefined).apply(() => byPlace);
  // A resource ID may be that of the workspace or of what it lies in: then it is the same resource of the stack.
  const isNew = ({ id }: PlannedRole, place: string) =>
    !places.some((role) => role.id === id && role.scope === place);
  return pulumi.output(target.given).apply((location) => {
    const resolved = ids.map((role) => ({ role, place: placeOf(role.scope, location) ?? role.scope }));
    const byId = resolved
      .filter(({ role, place }) => isNew(role, place))
      .map(({ role, place }) => assign(role, place));
    return [...byPlace, ...byId];
  });
}

function assignRole(
  context: Context,
  { id: roleId, label }: PlannedRole,
  scope: string,
  principalId: pulumi.Output<string>,
): Assigned {
  const { component, name, target, instanceId } = context;
  const scopeId = pulumi.output(target.given).apply((location) => resolveScope(scope, location));
  const key = pulumi.output({ instanceId, scope: scopeId, principalId });
  const resource = new RoleAssignment(
    `${name}-role-${label}-on-${scope}`.replaceAll(" ", "-"),
    {
      roleAssignmentName: key.apply((known) => assignmentName({ ...known, roleId })),
      principalId,
      // Without the type Azure answers PrincipalNotFound until the new principal has been replicated.
      principalType: "ServicePrincipal",
      roleDefinitionId: pulumi.interpolate`/subscriptions/${scopeId.apply(subscriptionOf)}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
      scope: scopeId,
    },
    // azure-native would delete first, since the program gives the name.
    { ...REPLACEABLE, parent: component, deleteBeforeReplace: false },
  );
  return { role: label, scope: scopeId, resource };
}

/** Warns if the login is this principal, and could not change its own roles afterwards. */
function warnIfLockedOut({ component, plan, target }: Context, principalId: pulumi.Output<string>): void {
  const mayAssign = plan.roles.some((role) => role.isPrivileged !== false);
  if (mayAssign || plan.roles.length === 0) return;
  pulumi.all([principalId, target.login]).apply(([id, { objectId }]) => {
    // Mocks may give neither.
    if (!objectId || String(id).toLowerCase() !== objectId) return;
    warn(
      component,
      "You run Pulumi as the principal of this stack, and its roles do not let it assign roles: somebody else must run the next change of roles.",
    );
  });
}

function describeCommand({ target }: Context, { objectId }: pulumi.Output<ServicePrincipal>) {
  return pulumi
    .all([objectId, target.subscriptionId, target.resourceGroupName])
    .apply(
      ([id, subscription, group]) =>
        commandLine`az role assignment create --assignee-object-id ${id} --assignee-principal-type ServicePrincipal --role ${DEFAULT_ROLE} --scope /subscriptions/${subscription}/resourceGroups/${group}`,
    );
}
