import { Application } from "@pulumi/azuread/application";
import { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import type { HimlServicePrincipalArgs } from "../himl-service-principal-args";
import { isOwnPrincipal, type ExistingApplication } from "../look-ups/application";
import { canonical, type Target } from "../look-ups/target";
import { instanceTag, managedBy, PROGRAM_TAG } from "../plan/ownership";
import { valueIfKnown } from "../pulumi-internals";
import { checked, warn } from "../report";
import type { Context } from "./context";

/** The application, or the one that somebody else registered. */
export function createApplication(context: Context): Application {
  const { component, name, args, target, instanceId } = context;
  const childName = `${name}-application`;
  const opts = { parent: component, dependsOn: target.verified };
  if (target.existing) {
    const id = target.existing.then(({ objectId }) => `/applications/${objectId}`);
    return Application.get(childName, id, {}, opts);
  }
  const { workspaceName } = target;
  const { ids, ignoreChanges } = planOwners(args, target);
  const described = {
    displayName: args.displayName ?? workspaceName.apply(createDisplayName),
    description:
      args.description ??
      pulumi.interpolate`Used by hi-ml in pipelines for the Azure ML workspace ${workspaceName}. ${managedBy({ project: pulumi.getProject(), stack: pulumi.getStack() })}`,
    serviceManagementReference: args.serviceManagementReference,
    owners: ids,
    tags: [PROGRAM_TAG, instanceId.apply(instanceTag)],
  };
  warnIfNoOwner(context);
  return new Application(childName, described, { ...opts, ignoreChanges });
}

// A stack's name may be long; Entra's limit is 120 characters.
function createDisplayName(workspaceName: string): string {
  return `himl-${workspaceName}-${pulumi.getStack()}`.slice(0, 120);
}

/** The owners; the creator's ID is kept as it was at the first run. */
function planOwners(args: HimlServicePrincipalArgs, { login }: Target) {
  return args.owners === undefined
    ? { ids: login.apply(({ objectId }) => [objectId]), ignoreChanges: ["owners"] }
    : { ids: canonical<string[]>("owners", args.owners), ignoreChanges: [] };
}

/** Warns if this run removes a right that a later run with the same login needs. */
function warnIfNoOwner({ component, args, target }: Context): void {
  if (args.owners === undefined) return;
  pulumi.all([canonical<string[]>("owners", args.owners), target.login]).apply(([owners, { objectId }]) => {
    if (!objectId || owners.includes(objectId)) return;
    warn(
      component,
      `owners leaves out the identity that runs Pulumi (${objectId}). Unless a directory role or a permission lets it change any application, its next change, such as the next renewal of the secret, fails with 403 Authorization_RequestDenied.`,
    );
  });
}

/**
 * Azure deletes these with the application; asking for it again would cost 20 s of polling each. Not where the application
 * stays: the engine lets go of them before it finds out that it is protected.
 */
export function deletedWith({ target, guard }: Context, application: Application) {
  return target.existing || guard.keepsApplication ? {} : { deletedWith: application };
}

/** The principal. For somebody else's application only if it has none, or if this instance created it. */
export function createPrincipal(context: Context, application: Application): pulumi.Output<ServicePrincipal> {
  const { component, name, args, target, instanceId } = context;
  const childName = `${name}-service-principal`;
  const { ids, ignoreChanges } = planOwners(args, target);
  const opts = {
    parent: component,
    ignoreChanges,
    ...deletedWith(context, application),
    // An application has one principal: a forced replacement would find the old one, and then delete it.
    deleteBeforeReplace: true,
  };
  const create = (own: { tags?: pulumi.Input<string>[]; useExisting?: boolean }) =>
    new ServicePrincipal(childName, { clientId: application.clientId, owners: ids, ...own }, opts);
  // An interrupted run may have left a principal behind. Nobody else creates one for this application, so it is adopted.
  if (!target.existing) return pulumi.output(create({ useExisting: true }));
  const foreign = checked(findForeignPrincipal(context, target.existing), component);
  return pulumi
    .output(foreign)
    .apply((id) =>
      id === undefined
        ? create({ tags: [PROGRAM_TAG, instanceId.apply(instanceTag)] })
        : ServicePrincipal.get(childName, id, {}, { parent: component, dependsOn: target.verified }),
    );
}

/** The ID of the principal that an existing application has and this instance did not create. */
async function findForeignPrincipal(
  { plan, instanceId }: Context,
  existing: Promise<ExistingApplication>,
): Promise<string | undefined> {
  const found = await existing;
  const isOwn = isOwnPrincipal(found, plan.existingClientId!, await valueIfKnown(instanceId));
  return isOwn ? undefined : `/servicePrincipals/${found.principal!.objectId}`;
}
