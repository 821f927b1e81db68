import { RoleAssignment, type RoleAssignmentArgs } from "@pulumi/azure-native/authorization/roleAssignment";
import { Application } from "@pulumi/azuread/application";
import { ApplicationPassword } from "@pulumi/azuread/applicationPassword";
import { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { isOwnPrincipal } from "../look-ups/application";
import type { HimlServicePrincipalArgs, Transform } from "../himl-service-principal-args";
import { assignmentName, instanceTag, PROGRAM_TAG, secretDisplayName } from "../plan/ownership";
import type { PrincipalPlan } from "../plan/plan";
import type { PlannedRole } from "../plan/roles";
import { placeOf, resolveScope, subscriptionOf } from "../plan/scopes";
import { REPLACEABLE, type RevocationGuard } from "./revocation-guard";
import {
  planSecrets,
  type PlannedSecret,
  type SecretPlan,
  type SecretSchedule,
} from "../plan/secret-schedule";
import { warn } from "./warnings";
import { canonical, ifFulfilled, toResourceError, valueIfKnown, type World } from "../look-ups/world";

/** What every child is made from. */
export interface Context {
  component: pulumi.ComponentResource;
  name: string;
  args: HimlServicePrincipalArgs;
  plan: PrincipalPlan;
  world: World;
  instanceId: pulumi.Output<string>;
  now: Date;
  guard: RevocationGuard;
}

/** The arguments of a child's constructor, after the transform of its kind. */
export function transformed<Args>(
  { guard }: Pick<Context, "guard">,
  transform: Transform<Args> | undefined,
  name: string,
  args: Args,
  opts: pulumi.CustomResourceOptions,
): [string, Args, pulumi.CustomResourceOptions] {
  const changed = transform?.(args, opts, name);
  return changed ? [name, changed.args, guard.afterTransform(opts, changed.opts)] : [name, args, opts];
}

/** The ID by which this instance's resources can be found again: names are the same in every clone. */
export function createInstanceId(component: pulumi.Resource, name: string, verified: World["verified"]) {
  const opts = { ...REPLACEABLE, parent: component, dependsOn: verified };
  return new RandomUuid(`${name}-instance`, {}, opts).result;
}

/** The application, or the one that somebody else registered. */
export function createApplication(context: Context): Application {
  const { component, name, args, world, instanceId } = context;
  const childName = `${name}-application`;
  const opts = { parent: component, dependsOn: world.verified };
  if (world.existing) {
    const id = world.existing.then(({ objectId }) => `/applications/${objectId}`);
    return Application.get(childName, id, {}, opts);
  }
  const { workspaceName } = world;
  const { ids, ignoreChanges } = planOwners(args, world);
  const described = {
    displayName: args.displayName ?? workspaceName.apply(createDisplayName),
    description:
      args.description ??
      pulumi.interpolate`Used by hi-ml in pipelines for the Azure ML workspace ${workspaceName}. Managed by Pulumi: project ${pulumi.getProject()}, stack ${pulumi.getStack()}.`,
    serviceManagementReference: args.serviceManagementReference,
    owners: ids,
    tags: [PROGRAM_TAG, instanceId.apply(instanceTag)],
  };
  return new Application(
    ...transformed(context, args.transform?.application, childName, described, { ...opts, ignoreChanges }),
  );
}

// A stack's name may be long; Entra's limit is 120 characters.
function createDisplayName(workspaceName: string): string {
  return `himl-${workspaceName}-${pulumi.getStack()}`.slice(0, 120);
}

/** The owners; the creator's ID is kept as it was at the first run. */
function planOwners(args: HimlServicePrincipalArgs, { login }: World) {
  return args.owners === undefined
    ? { ids: login.apply(({ objectId }) => [objectId]), ignoreChanges: ["owners"] }
    : { ids: canonical<string[]>("owners", args.owners), ignoreChanges: [] };
}

/** Warns if this run removes a right that a later run with the same login needs. */
export function warnOfLockOut(
  { component, args, plan, world }: Context,
  principalId: pulumi.Output<string>,
): void {
  if (args.owners !== undefined) {
    pulumi.all([canonical<string[]>("owners", args.owners), world.login]).apply(([owners, { objectId }]) => {
      if (!objectId || owners.includes(objectId)) return;
      warn(
        component,
        `owners leaves out the identity that runs Pulumi (${objectId}). Unless a directory role or a permission lets it change any application, its next change, such as the next renewal of the secret, fails with 403 Authorization_RequestDenied.`,
      );
    });
  }
  const mayAssign = plan.roles.some((role) => role.isPrivileged !== false);
  if (mayAssign || plan.roles.length === 0) return;
  pulumi.all([principalId, world.login]).apply(([id, { objectId }]) => {
    // Mocks may give neither.
    if (!objectId || String(id).toLowerCase() !== objectId) return;
    warn(
      component,
      "You run Pulumi as the principal of this stack, and its roles do not let it assign roles: somebody else must run the next change of roles.",
    );
  });
}

/**
 * Azure deletes these with the application; asking for it again would cost 20 s of polling each. Not where the application
 * stays: the engine lets go of them before it finds out that it is protected.
 */
export function deletedWith({ world, guard }: Context, application: Application) {
  return world.existing || guard.keepsApplication ? {} : { deletedWith: application };
}

/** The principal. For somebody else's application only if it has none, or if this instance created it. */
export function createPrincipal(context: Context, application: Application): pulumi.Output<ServicePrincipal> {
  const { component, name, args, plan, world, instanceId } = context;
  const childName = `${name}-service-principal`;
  const { ids, ignoreChanges } = planOwners(args, world);
  const opts = { parent: component, ignoreChanges, ...deletedWith(context, application) };
  const create = (own: { tags?: pulumi.Input<string>[]; useExisting?: boolean }) =>
    new ServicePrincipal(
      ...transformed(
        context,
        args.transform?.servicePrincipal,
        childName,
        { clientId: application.clientId, owners: ids, ...own },
        opts,
      ),
    );
  const { existing } = world;
  // An interrupted run may have left a principal behind. Nobody else creates one for this application, so it is adopted.
  if (!existing) return pulumi.output(create({ useExisting: true }));
  const isOwn = async () => {
    const found = await existing;
    const isOurs = isOwnPrincipal(found, plan.existingClientId!, await valueIfKnown(instanceId));
    return isOurs ? undefined : `/servicePrincipals/${found.principal!.objectId}`;
  };
  const own = isOwn();
  // As with `verified`: only this fails, and nothing is computed from it.
  void own.catch((error: unknown) => {
    throw toResourceError(error, component) as Error;
  });
  const opened = { parent: component, dependsOn: world.verified };
  return pulumi
    .output(ifFulfilled(own))
    .apply((id) =>
      id === undefined
        ? create({ tags: [PROGRAM_TAG, instanceId.apply(instanceTag)] })
        : ServicePrincipal.get(childName, id, {}, opened),
    );
}

/** The secrets that exist, the current one first. */
export interface DeclaredSecrets {
  since: string;
  plan: SecretPlan;
  secrets: { planned: PlannedSecret; resource: ApplicationPassword }[];
}

/**
 * The secrets of the current period and, if it was handed out, of the one before; and the records by which both are
 * known: the calendar keeps the day of its creation, and a mark the period in which it was made.
 *
 * Never `deletedWith`: a deleted application can be restored for 30 days, and must not come back with a secret.
 */
export function createSecrets(
  context: Context,
  schedule: SecretSchedule,
  application: Application,
): pulumi.Output<DeclaredSecrets> {
  const { component, name, args, plan, world, instanceId, now } = context;
  const opts = { ...REPLACEABLE, parent: component };
  const calendarName = `${schedule.renewSecretsEveryDays}-${schedule.secretGeneration}`;
  // The state keeps the keepers of the day of creation, and gives them back in every preview.
  const remember = (
    childName: string,
    keepers: Record<string, string>,
    dependsOn: pulumi.CustomResourceOptions["dependsOn"] = [],
  ) =>
    new RandomUuid(childName, { keepers }, { ...opts, ignoreChanges: ["keepers"], dependsOn }).keepers.apply(
      (kept) => kept ?? {},
    );
  const declare = (planned: PlannedSecret) => ({
    planned,
    resource: new ApplicationPassword(
      ...transformed(
        context,
        args.transform?.secret,
        `${name}-secret-${planned.slot}`,
        {
          applicationId: application.id,
          displayName: instanceId.apply((id) => secretDisplayName(id, planned.slot)),
          endDate: planned.endDate,
          rotateWhenChanged: planned.rotateWhenChanged,
        },
        opts,
      ),
    ),
  });
  return remember(`${name}-calendar-${calendarName}`, { since: plan.today }, world.verified).apply(
    ({ since }) => {
      const secretPlan = planSecrets(schedule, since!, now);
      const { period, current, previous } = secretPlan;
      const mark = (n: number) => remember(`${name}-period-${calendarName}-${n}`, { period: String(period) });
      const handedOut = declare(current);
      // Made when the secret is there. Not by `dependsOn`: in the next period the mark comes first, and with `--target`
      // the engine takes what a record depends on from the state, and then refuses to see it in the program as well.
      handedOut.resource.urn.apply(() => mark(period));
      const declared = { since: since!, plan: secretPlan, secrets: [handedOut] };
      if (!previous) return pulumi.output(undefined).apply(() => declared);
      return mark(period - 1).apply(({ period: made }) =>
        made === String(period - 1) ? { ...declared, secrets: [handedOut, declare(previous)] } : declared,
      );
    },
  );
}

/** A role assignment, and what it gives. */
export interface Assigned {
  role: string;
  scope: pulumi.Output<string>;
  /** What the resource was declared with. */
  declared: RoleAssignmentArgs;
  resource: RoleAssignment;
}

/** One assignment for each role and scope, independent of their spelling. */
export function assignRoles(
  context: Context,
  servicePrincipal: pulumi.Output<ServicePrincipal>,
): pulumi.Output<Assigned[]> {
  const { plan, world } = context;
  const assign = (role: PlannedRole, scope: string) =>
    assignRole(context, role, scope, servicePrincipal.objectId);
  const isId = ({ scope }: PlannedRole) => scope.startsWith("/");
  const places = plan.roles.filter((role) => !isId(role));
  const byPlace = places.map((role) => assign(role, role.scope));
  const ids = plan.roles.filter(isId);
  // `pulumi.output(byPlace)` would wait for every scope.
  if (ids.length === 0) return pulumi.output(undefined).apply(() => byPlace);
  // A resource ID may be that of the workspace or of what it lies in: then it is the same resource of the stack.
  const isNew = ({ id }: PlannedRole, place: string) =>
    !places.some((role) => role.id === id && role.scope === place);
  return pulumi.output(world.named).apply((location) => {
    const resolved = ids.map((role) => ({ role, place: placeOf(role.scope, location) ?? role.scope }));
    const byId = resolved
      .filter(({ role, place }) => isNew(role, place))
      .map(({ role, place }) => assign(role, place));
    return [...byPlace, ...byId];
  });
}

/** The ID of a scope, computed only from the values that it needs, because others may be secret. */
export function scopeIdOf(scope: string, { named }: World): pulumi.Output<string> {
  const { subscriptionId, resourceGroupName, workspaceName } = named;
  const none = pulumi.output("");
  const needed = {
    subscriptionId,
    resourceGroupName: scope === "subscription" ? none : resourceGroupName,
    workspaceName: scope === "workspace" ? workspaceName : none,
  };
  return scope.startsWith("/")
    ? pulumi.output(scope)
    : pulumi.output(needed).apply((location) => resolveScope(scope, location));
}

function assignRole(
  context: Context,
  { id: roleId, label }: PlannedRole,
  scope: string,
  principalId: pulumi.Output<string>,
): Assigned {
  const { component, name, args, world, instanceId } = context;
  const scopeId = scopeIdOf(scope, world);
  const key = pulumi.output({ instanceId, scope: scopeId, principalId });
  const [childName, declared, opts] = transformed<RoleAssignmentArgs>(
    context,
    args.transform?.roleAssignment,
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
  const resource = new RoleAssignment(childName, declared, opts);
  return { role: label, scope: scopeId, declared, resource };
}
