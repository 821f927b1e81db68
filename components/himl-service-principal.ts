import type { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import type { Application } from "@pulumi/azuread/application";
import type { ApplicationPassword } from "@pulumi/azuread/applicationPassword";
import type { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import {
  assignRoles,
  createApplication,
  createInstanceId,
  createPrincipal,
  createSecrets,
  scopeIdOf,
  warnOfLockOut,
  type Assigned,
  type Context,
  type DeclaredSecrets,
} from "./resources/children";
import { checkClouds, readClouds } from "./plan/clouds";
import { commandLine } from "./plan/commands";
import { createTrusts, type Trust } from "./resources/trusts";
import { deliver, type VaultContent } from "./resources/delivery";
import type { PrincipalDetails, TrustInfo } from "./details";
import type { ResolvedTrust } from "./plan/trusts";
import { DEFAULT_ROLE, type HimlServicePrincipalArgs } from "./himl-service-principal-args";
import { planPrincipal, type PrincipalPlan } from "./plan/plan";
import { InvalidValuesError } from "./plan/problems";
import { RevocationGuard } from "./resources/revocation-guard";
import { refuseTakenRoles } from "./look-ups/taken-roles";
import { nameVaultSecrets } from "./plan/vaults";
import { warn } from "./resources/warnings";
import { isPlain, lookUpWorld, toResourceError, valueIfKnown, withoutOutputs } from "./look-ups/world";

export * from "./details";
export * from "./himl-service-principal-args";

/** What exists, each field as soon as it is known. Separate outputs, so that one secret field does not make all secret. */
export type DetailsOutputs = { [Field in keyof PrincipalDetails]: pulumi.Input<PrincipalDetails[Field]> };

/**
 * A service principal with which a pipeline reaches an Azure ML workspace through hi-ml: app registration,
 * principal, a client secret that is renewed or trusts in the pipeline's own tokens, and role assignments.
 *
 * The order is: application, then principal, secrets and trusts in parallel, then roles.
 *
 * Under Pulumi's mocks, return a GUID as `result` of each `RandomUuid`, and its input `keepers` as output.
 *
 * @throws pulumi.ResourceError, without a stack trace, that lists every wrong argument at once.
 */
export class HimlServicePrincipal extends pulumi.ComponentResource {
  /** Application (client) ID: `HIML_SERVICE_PRINCIPAL_ID`. */
  readonly clientId: pulumi.Output<string>;
  /** The current client secret, a Pulumi secret: `HIML_SERVICE_PRINCIPAL_PASSWORD`. Not with `federated`. */
  readonly clientSecret: pulumi.Output<string> | undefined;
  /** Directory (tenant) ID: `HIML_TENANT_ID`. */
  readonly tenantId: pulumi.Output<string>;
  readonly subscriptionId: pulumi.Output<string>;
  readonly resourceGroupName: pulumi.Output<string>;
  readonly workspaceName: pulumi.Output<string>;
  /** What exists, without secrets. The command `himl-sp` reads it as the stack output `details`. */
  readonly details: DetailsOutputs;
  /** The resources themselves, for programs that need more than the outputs. */
  readonly nodes: {
    readonly application: Application;
    readonly servicePrincipal: pulumi.Output<ServicePrincipal>;
    readonly secrets: pulumi.Output<readonly ApplicationPassword[]>;
    readonly trusts: pulumi.Output<readonly Trust[]>;
    readonly roleAssignments: pulumi.Output<readonly RoleAssignment[]>;
    readonly keyVaultSecrets: pulumi.Output<readonly pulumi.CustomResource[]>;
  };

  constructor(name: string, args: HimlServicePrincipalArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const guard = new RevocationGuard(name);
    super("himl-service-principal:index:HimlServicePrincipal", name, {}, guard.join(opts));
    const now = args.now ?? new Date();
    const plan = this.plan(name, args, opts, now);
    const owner = { project: pulumi.getProject(), stack: pulumi.getStack(), component: name };
    const vaultSecrets = plan.delivery ? nameVaultSecrets(owner, plan.delivery) : [];
    const world = lookUpWorld(this, args, plan, vaultSecrets, opts.dependsOn);
    const instanceId = createInstanceId(this, name, world.verified);
    const context: Context = { component: this, name, args, plan, world, instanceId, now, guard };

    const application = createApplication(context);
    const servicePrincipal = createPrincipal(context, application);
    const declared = plan.schedule && createSecrets(context, plan.schedule, application);
    const trusts = createTrusts(context, application);
    const assigned = assignRoles(context, servicePrincipal);
    refuseTakenRoles(this, assigned);
    warnOfLockOut(context, servicePrincipal.objectId);

    this.clientId = application.clientId;
    this.clientSecret = declared && pulumi.secret(findValue(declared));
    this.tenantId = world.login.tenantId;
    this.subscriptionId = world.subscriptionId;
    this.resourceGroupName = world.resourceGroupName;
    this.workspaceName = world.workspaceName;
    const delivered = plan.delivery && deliver(context, vaultSecrets, this.vaultContent(declared));
    this.details = {
      version: 1,
      instanceId,
      applicationObjectId: application.objectId,
      servicePrincipalObjectId: servicePrincipal.objectId,
      ...describePlan(plan),
      ...describeSecrets(declared),
      roles: describeRoles(context, assigned),
      ...(delivered && { keyVault: delivered.info }),
      ...(plan.roles.length === 0 && {
        administratorCommand: this.createAdministratorCommand(servicePrincipal),
      }),
    };
    this.nodes = {
      application,
      servicePrincipal,
      secrets: resourcesOf(declared?.apply(({ secrets }) => secrets)),
      trusts,
      roleAssignments: resourcesOf(assigned),
      keyVaultSecrets: delivered?.resources ?? pulumi.output<pulumi.CustomResource[]>([]),
    };
    // Audit and repair read these in the state: what `details` names and the state has no more, a destroy has removed.
    // Not the password: the engine writes the whole state at each step, and its own secret has it already.
    this.registerOutputs({
      tenantId: this.tenantId,
      subscriptionId: this.subscriptionId,
      details: this.details,
    });
  }

  private vaultContent(declared: pulumi.Output<DeclaredSecrets> | undefined): VaultContent {
    return {
      values: {
        HIML_SERVICE_PRINCIPAL_PASSWORD: this.clientSecret,
        HIML_SERVICE_PRINCIPAL_ID: this.clientId,
        HIML_TENANT_ID: this.tenantId,
        HIML_SUBSCRIPTION_ID: this.subscriptionId,
        HIML_RESOURCE_GROUP: this.resourceGroupName,
        HIML_WORKSPACE_NAME: this.workspaceName,
      },
      current: declared?.apply(({ secrets }) => secrets[0]!.planned),
    };
  }

  /**
   * Pulumi waits for this before it collects the children of a component on which something depends: some are declared
   * only when the calendar's first day, or the place of the workspace, is known.
   */
  protected override async initialize(): Promise<void> {
    // The constructor of the base class calls this, before this class has its fields.
    await Promise.resolve();
    if (this.nodes)
      await Promise.all(
        [
          this.nodes.secrets,
          this.nodes.roleAssignments,
          this.nodes.servicePrincipal,
          this.nodes.trusts,
          this.nodes.keyVaultSecrets,
        ].map(valueIfKnown<unknown>),
      );
  }

  private plan(
    name: string,
    args: HimlServicePrincipalArgs,
    opts: pulumi.ComponentResourceOptions,
    now: Date,
  ): PrincipalPlan {
    if (opts.deletedWith !== undefined) {
      // A child without this option inherits the parent's: the secrets would not be removed.
      const problem = {
        what: "The resource option deletedWith",
        must: "be left out: a destroy would not remove the secrets",
        remedy:
          "A deleted application can be restored for 30 days, with all the secrets that it still holds.",
      };
      throw toResourceError(
        new InvalidValuesError(`HimlServicePrincipal "${name}"`, [problem]),
        this,
      ) as Error;
    }
    const { plan, problems: planned = [] } = planPrincipal(withoutOutputs(args), now);
    const problems = [...planned, ...checkClouds(readClouds(this))];
    if (!plan || problems.length > 0)
      throw toResourceError(
        new InvalidValuesError(`HimlServicePrincipal "${name}"`, problems),
        this,
      ) as Error;
    for (const warning of plan.warnings) warn(this, warning);
    return plan;
  }

  private createAdministratorCommand({ objectId }: pulumi.Output<ServicePrincipal>): pulumi.Output<string> {
    return pulumi
      .all([objectId, this.subscriptionId, this.resourceGroupName])
      .apply(
        ([id, subscription, group]) =>
          commandLine`az role assignment create --assignee-object-id ${id} --assignee-principal-type ServicePrincipal --role ${DEFAULT_ROLE} --scope /subscriptions/${subscription}/resourceGroups/${group}`,
      );
  }
}

function describePlan({ authentication, existingClientId, trusts }: PrincipalPlan) {
  return {
    authentication,
    trusts: trusts.map(describeTrust),
    ...(existingClientId !== undefined && { existingClientId }),
  };
}

function describeTrust({ key, name, issuer, subject, claimsMatchingExpression }: ResolvedTrust): TrustInfo {
  return {
    ...(name !== key && { name }),
    issuer,
    ...(subject !== undefined && { subject }),
    ...(claimsMatchingExpression !== undefined && { claimsMatchingExpression }),
  };
}

function describeSecrets(declared: pulumi.Output<DeclaredSecrets> | undefined) {
  if (!declared) return { secrets: [] };
  const found = findSecrets(declared);
  const secrets = found.apply((all) =>
    all.map(({ planned: { slot, startDate: starts, endDate: ends }, keyId }, i) => {
      return { slot, keyId, starts, ends, current: i === 0 };
    }),
  );
  const nextRenewal = declared.apply(({ plan }) =>
    found.apply(([current]) => {
      const isRenewed = current?.planned.startDate === plan.current.startDate;
      return (isRenewed ? plan.nextRenewal : new Date(plan.current.startDate)).toISOString();
    }),
  );
  return { secretsSince: declared.apply(({ since }) => since), secrets, nextRenewal };
}

function findValue(declared: pulumi.Output<DeclaredSecrets>): pulumi.Output<string> {
  // None where `--target` left out every secret.
  const NONE = undefined as unknown as pulumi.Output<string>;
  return findSecrets(declared).apply(([current]) => current?.resource.value ?? NONE);
}

/** The secrets that exist, the current one first: with `--target` the engine may leave out the one that is due. */
function findSecrets(declared: pulumi.Output<DeclaredSecrets>) {
  return declared.apply(({ secrets }) =>
    pulumi
      .all(secrets.map(({ resource }) => resource.keyId as pulumi.Output<string | undefined>))
      .apply((keyIds) =>
        secrets.flatMap(({ planned, resource }, i) => {
          const keyId = keyIds[i];
          return keyId === undefined ? [] : [{ planned, keyId, resource }];
        }),
      ),
  );
}

/** One secret scope must not make the whole list secret, so the length of the list must be known without an output. */
function describeRoles(
  { args, plan, world }: Context,
  assigned: pulumi.Output<Assigned[]>,
): pulumi.Input<PrincipalDetails["roles"]> {
  const { subscriptionId, resourceGroupName, workspaceName } = args;
  if (isPlain([subscriptionId, resourceGroupName, workspaceName]))
    return assigned.apply((all) =>
      all.map(({ role, scope }) => ({ role, scope })),
    ) as unknown as pulumi.Output<PrincipalDetails["roles"]>;
  return plan.roles.map(({ label: role, scope }) => ({
    role,
    scope: scopeIdOf(scope, world),
  })) as unknown as PrincipalDetails["roles"];
}

function resourcesOf<T>(declared: pulumi.Output<{ resource: T }[]> | undefined): pulumi.Output<readonly T[]> {
  const all = declared ?? pulumi.output<{ resource: T }[]>([]);
  return (all as pulumi.Output<{ resource: T }[]>).apply((each) =>
    each.map(({ resource }) => resource),
  ) as unknown as pulumi.Output<readonly T[]>;
}
