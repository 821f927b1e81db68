import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import type { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import { DEFAULT_ROLE } from "../himl-service-principal-args";
import { commandLine } from "../plan/commands";
import { assignmentName } from "../plan/ownership";
import type { PlannedRole } from "../plan/roles";
import { resolveScope, subscriptionOf } from "../plan/scopes";
import { unknownIfLeftOut } from "../pulumi-internals";
import { warn } from "../report";
import type { Context } from "./context";
import { REPLACEABLE } from "./revocation-guard";

/** A role assignment, and what it gives. */
interface Assigned {
  role: string;
  scope: string;
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

/** The resolved scope stands in the name: another scope or role is another resource, created before the old one goes. */
function declareAll(context: Context, principalId: pulumi.Output<string>): pulumi.Output<Assigned[]> {
  const { plan, target } = context;
  if (plan.roles.length === 0) return pulumi.output<Assigned[]>([]);
  // The program may create the workspace itself: its name is needed only for a role on it.
  const isOnWorkspace = plan.roles.some(({ scope }) => scope === "workspace");
  const needed = { ...target.given, ...(!isOnWorkspace && { workspaceName: "" }) };
  return pulumi.output(needed).apply((location) => {
    const resolved = plan.roles.map((role) => ({ ...role, scope: resolveScope(role.scope, location) }));
    // A resource ID may be that of the workspace or of what it lies in.
    const different = new Map(resolved.map((role) => [`${role.id} ${role.scope}`, role]));
    return [...different.values()].map((role) => assignRole(context, role, principalId));
  });
}

function assignRole(
  { component, name, instanceId }: Context,
  { id: roleId, label: role, scope }: PlannedRole,
  principalId: pulumi.Output<string>,
): Assigned {
  const key = pulumi.output({ instanceId, principalId: unknownIfLeftOut(principalId) });
  const resource = new RoleAssignment(
    `${name}-role-${role}-on-${scope}`.replaceAll(" ", "-"),
    {
      roleAssignmentName: key.apply((known) => assignmentName({ ...known, scope, roleId })),
      principalId,
      // Without the type Azure answers PrincipalNotFound until the new principal has been replicated.
      principalType: "ServicePrincipal",
      roleDefinitionId: `/subscriptions/${subscriptionOf(scope)}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
      scope,
    },
    // Azure allows one assignment of a role on a scope: what replaces it, by force or for a new principal, comes after it.
    { ...REPLACEABLE, parent: component, deleteBeforeReplace: true },
  );
  return { role, scope, resource };
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
