import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { Application } from "@pulumi/azuread/application";
import { ApplicationPassword } from "@pulumi/azuread/applicationPassword";
import { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { InvalidValuesError } from "./problems";
import { resolveRole, type BuiltInRoleName } from "./roles";
import { planSecrets, type SecretPlan } from "./secret-schedule";
import { RULES, toResourceError, validateArgs, validated, type Rule } from "./validate-args";
import { lookUpLogin, lookUpWorkspace, type WorkspaceLocation } from "./workspace-lookup";

/** Where a role is given: a place relative to the workspace, or the resource ID of anything else. */
export type RoleScope = "resourceGroup" | "workspace" | "subscription" | `/${string}`;

/** A role that the principal gets. */
export interface RoleArgs {
  /** Required. Name of a built-in role (`BUILT_IN_ROLES`) or GUID of any role. Another one is another assignment: made first, then the old one goes. */
  role: BuiltInRoleName | (string & {});
  /**
   * Optional. Where the role holds. Another one is another assignment: made first, then the old one goes.
   * @default "resourceGroup", the resource group of the workspace
   */
  scope?: RoleScope;
}

export interface HimlServicePrincipalArgs {
  /** Required. Name of the Azure ML workspace. A change alters scopes and outputs; the principal stays. */
  workspaceName: pulumi.Input<string>;
  /** Required. Resource group that contains the workspace. A change moves the role assignments; the principal stays. */
  resourceGroupName: pulumi.Input<string>;
  /**
   * Optional. Subscription of the workspace, a GUID. A change moves the role assignments; the principal stays.
   * @default the subscription that the azure-native provider uses
   */
  subscriptionId?: pulumi.Input<string>;
  /**
   * Optional. Name of the app registration, 1 to 120 characters, not unique in a tenant. Changed in place.
   * @default `himl-<workspace>-<stack>`
   */
  displayName?: pulumi.Input<string>;
  /**
   * Optional. What an administrator reads about the app registration, up to 1024 characters. Changed in place.
   * @default a sentence that names the workspace, the project and the stack
   */
  description?: pulumi.Input<string>;
  /** Optional. Reference to a service in the tenant's asset management; some tenants refuse applications without. Changed in place. */
  serviceManagementReference?: pulumi.Input<string>;
  /**
   * Optional. Object IDs of those who own application and principal: exactly these, in any order. Changed in place.
   * @default whoever creates the application, recorded once and never touched again
   */
  owners?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Optional. The roles of the principal, in any order.
   * @default Contributor on the resource group of the workspace, as hi-ml's manual has it
   * @example [{ role: "AzureML Data Scientist", scope: "workspace" }]
   */
  roles?: RoleArgs[];
  /**
   * Optional. Allows Owner, User Access Administrator and Role Based Access Control Administrator in `roles`,
   * whose holder can give itself every other role.
   * @default false
   */
  allowPrivilegedRoles?: boolean;
  /**
   * Optional. Days from one renewal of the secret to the next, a whole number from 1 to 365; a secret lives for
   * two of these periods at most. A change replaces every secret at once: jobs that hold one fail.
   * @default 90
   */
  renewSecretsEveryDays?: number;
  /**
   * Optional. The day from which periods count, `YYYY-MM-DD` in UTC, not in the future. A change replaces every
   * secret at once: jobs that hold one fail. With today's date a new stack starts with one secret instead of two.
   * @default "2020-01-01"
   */
  secretsSince?: string;
  /**
   * Optional. A whole number from 1; raise it by one after a leak. Every secret is replaced at once: jobs that
   * hold one fail.
   * @default 1
   */
  secretGeneration?: number;
  /**
   * Optional. Reads the workspace during preview, so that a wrong name fails before anything is created. It is
   * skipped by itself where a value is not known yet, as when the same program creates the workspace.
   * @default true
   */
  workspaceLookup?: boolean;
  /**
   * Optional. The instant for which the secrets are planned; for tests.
   * @default the clock
   */
  now?: Date;
}

/** A secret, without its text. */
export interface SecretInfo {
  slot: "a" | "b";
  keyId: string;
  /** When it ends, as an ISO 8601 instant in UTC. */
  ends: string;
  /** Whether it is the one that is handed out. */
  current: boolean;
}

/** A role and the resource ID of the scope on which it was given. */
export interface RoleInfo {
  role: string;
  scope: string;
}

/** Default values of the arguments that have a constant one. */
export const DEFAULTS = {
  role: "Contributor",
  renewSecretsEveryDays: 90,
  secretsSince: "2020-01-01",
  secretGeneration: 1,
  allowPrivilegedRoles: false,
} as const;

/**
 * A service principal with which a pipeline reaches an Azure ML workspace through hi-ml: app registration,
 * principal, client secret that renews itself, and role assignments.
 *
 * It waits for nothing that it does not need: application, then principal and secrets side by side, then roles.
 *
 * @throws pulumi.ResourceError, without a stack trace, that lists every wrong argument at once.
 */
export class HimlServicePrincipal extends pulumi.ComponentResource {
  /** Application (client) ID: `HIML_SERVICE_PRINCIPAL_ID`. */
  readonly clientId: pulumi.Output<string>;
  /** The client secret that is handed out now, a Pulumi secret: `HIML_SERVICE_PRINCIPAL_PASSWORD`. */
  readonly clientSecret: pulumi.Output<string>;
  /** Directory (tenant) ID: `HIML_TENANT_ID`. */
  readonly tenantId: pulumi.Output<string>;
  readonly subscriptionId: pulumi.Output<string>;
  readonly resourceGroupName: pulumi.Output<string>;
  readonly workspaceName: pulumi.Output<string>;
  /** Identifies exactly this instance, also as the tag `himl-instance:<id>` of the application: names repeat in every clone. */
  readonly instanceId: pulumi.Output<string>;
  readonly authentication = "secret" as const;
  /** The secrets that exist, the current one first, without their texts. */
  readonly secrets: pulumi.Output<SecretInfo[]>;
  readonly roles: pulumi.Output<RoleInfo[]>;
  /** First instant at which `pulumi up` makes a new secret. */
  readonly nextRenewal: Date;
  /** The resources themselves, for whoever needs more of them than the outputs. */
  readonly nodes: {
    readonly application: Application;
    readonly servicePrincipal: ServicePrincipal;
    readonly secrets: readonly ApplicationPassword[];
    readonly roleAssignments: readonly RoleAssignment[];
  };

  constructor(name: string, args: HimlServicePrincipalArgs, opts?: pulumi.ComponentResourceOptions) {
    super("himl-service-principal:index:HimlServicePrincipal", name, {}, opts);

    const plan = this.checkArgs(name, args);
    const { login, workspace } = this.lookUp(args);
    // Nothing is registered before the look-ups have succeeded: whatever has no other input from them waits for this.
    const afterLookUp: pulumi.Input<pulumi.Resource[]> = workspace.apply(() => []);
    // `protect` of the component reaches application and principal only: a renewal has to remove secrets.
    const child = { parent: this };
    const replaceable = { ...child, protect: false };

    const instance = new RandomUuid(`${name}-instance`, {}, { ...replaceable, dependsOn: afterLookUp });

    const ownership = this.planOwnership(args, login);
    const application = new Application(
      `${name}-application`,
      {
        displayName: this.checked(
          RULES.displayName,
          "displayName",
          args.displayName ?? pulumi.interpolate`himl-${workspace.workspaceName}-${pulumi.getStack()}`,
        ),
        description: this.checked(
          RULES.description,
          "description",
          args.description ??
            pulumi.interpolate`Used by hi-ml in pipelines for the Azure ML workspace ${workspace.workspaceName}. Managed by Pulumi: project ${pulumi.getProject()}, stack ${pulumi.getStack()}.`,
        ),
        serviceManagementReference:
          args.serviceManagementReference &&
          this.checked(
            RULES.serviceManagementReference,
            "serviceManagementReference",
            args.serviceManagementReference,
          ),
        owners: ownership.owners,
        tags: ["himl-service-principal", pulumi.interpolate`himl-instance:${instance.result}`],
      },
      { ...child, ignoreChanges: ownership.ignoreChanges, dependsOn: afterLookUp },
    );

    const servicePrincipal = new ServicePrincipal(
      `${name}-service-principal`,
      { clientId: application.clientId, owners: ownership.owners },
      // Azure deletes the principal with its application; asking for it again would cost 20 s of polling.
      { ...child, ignoreChanges: ownership.ignoreChanges, deletedWith: application },
    );

    // Never `deletedWith`: a deleted application can be restored for 30 days, and must not come back with a secret.
    const secrets = plan.secrets.map(
      ({ slot, endDate, rotateWhenChanged }) =>
        new ApplicationPassword(
          `${name}-secret-${slot}`,
          { applicationId: application.id, displayName: `slot ${slot}`, endDate, rotateWhenChanged },
          replaceable,
        ),
    );

    const roles = (args.roles ?? [{ role: DEFAULTS.role }]).map(({ role, scope = "resourceGroup" }) => {
      const { id, label } = resolveRole(role)!; // checked above
      return { id, label, scope, scopeId: workspace.apply((location) => resolveScope(scope, location)) };
    });
    const roleAssignments = roles.map(({ id, label, scope, scopeId }) => {
      const childName = `${name}-role-${label}-on-${scope}`.replaceAll(" ", "-");
      const principalId = servicePrincipal.objectId;
      // A name of its own for each principal, role and scope: the new assignment can be made before the old one goes.
      const assignmentName = new RandomUuid(
        `${childName}-name`,
        { keepers: { principalId, role: id, scope: scopeId } },
        replaceable,
      );
      return new RoleAssignment(
        childName,
        {
          roleAssignmentName: assignmentName.result,
          principalId,
          // Without the type Azure answers PrincipalNotFound until the new principal has been replicated.
          principalType: "ServicePrincipal",
          roleDefinitionId: pulumi.interpolate`/subscriptions/${scopeId.apply(subscriptionOf)}/providers/Microsoft.Authorization/roleDefinitions/${id}`,
          scope: scopeId,
        },
        replaceable,
      );
    });

    this.clientId = application.clientId;
    this.clientSecret = pulumi.secret(secrets[0]!.value);
    this.tenantId = login.tenantId;
    this.subscriptionId = workspace.subscriptionId;
    this.resourceGroupName = workspace.resourceGroupName;
    this.workspaceName = workspace.workspaceName;
    this.instanceId = instance.result;
    this.secrets = pulumi.all(secrets.map(({ keyId }) => keyId)).apply((keyIds) =>
      plan.secrets.map(({ slot, endDate, current }, i) => ({
        slot,
        keyId: keyIds[i]!,
        ends: endDate,
        current,
      })),
    );
    this.roles = pulumi
      .all(roles.map(({ scopeId }) => scopeId))
      .apply((scopeIds) => roles.map(({ label }, i) => ({ role: label, scope: scopeIds[i]! })));
    this.nextRenewal = plan.nextRenewal;
    this.nodes = { application, servicePrincipal, secrets, roleAssignments };
    this.registerOutputs({
      clientId: this.clientId,
      clientSecret: this.clientSecret,
      tenantId: this.tenantId,
      subscriptionId: this.subscriptionId,
      resourceGroupName: this.resourceGroupName,
      workspaceName: this.workspaceName,
      instanceId: this.instanceId,
      secrets: this.secrets,
      roles: this.roles,
    });
  }

  /** Checks what is plain, and plans the secrets: how many there are must be known before the first is declared. */
  private checkArgs(name: string, args: HimlServicePrincipalArgs): SecretPlan {
    const now = args.now ?? new Date();
    const schedule = {
      renewSecretsEveryDays: args.renewSecretsEveryDays ?? DEFAULTS.renewSecretsEveryDays,
      secretsSince: args.secretsSince ?? DEFAULTS.secretsSince,
      secretGeneration: args.secretGeneration ?? DEFAULTS.secretGeneration,
    };
    try {
      validateArgs(`HimlServicePrincipal "${name}"`, {
        ...args,
        ...schedule,
        roles: args.roles ?? [],
        allowPrivilegedRoles: args.allowPrivilegedRoles ?? DEFAULTS.allowPrivilegedRoles,
        now,
      });
    } catch (error) {
      throw error instanceof InvalidValuesError ? toResourceError(error, this) : error;
    }
    return planSecrets(schedule, now);
  }

  /** Login and workspace; the workspace is known only when everything that can be looked up has been. */
  private lookUp(args: HimlServicePrincipalArgs) {
    const login = lookUpLogin(this);
    const location = pulumi.all([
      args.subscriptionId === undefined
        ? login.subscriptionId
        : this.checked(RULES.subscriptionId, "subscriptionId", args.subscriptionId),
      this.checked(RULES.resourceGroupName, "resourceGroupName", args.resourceGroupName),
      this.checked(RULES.workspaceName, "workspaceName", args.workspaceName),
      login,
    ]);
    const workspace = location.apply(async ([subscriptionId, resourceGroupName, workspaceName, caller]) => {
      const found: WorkspaceLocation = { subscriptionId, resourceGroupName, workspaceName };
      if (args.workspaceLookup ?? true) await lookUpWorkspace(found, caller, this);
      return found;
    });
    return { login, workspace };
  }

  private checked<T>(rule: Rule<T>, what: string, value: pulumi.Input<T>): pulumi.Output<T> {
    return validated(rule, what, value, this);
  }

  /** The owners, sorted since their order means nothing; the creator's ID is kept as it was at the first run. */
  private planOwnership(args: HimlServicePrincipalArgs, login: pulumi.Output<{ objectId: string }>) {
    if (args.owners === undefined) {
      return { owners: login.objectId.apply((id) => [id]), ignoreChanges: ["owners"] };
    }
    const owners = this.checked(RULES.owners, "owners", pulumi.output(args.owners));
    return { owners: owners.apply((ids) => ids.map((id) => id.toLowerCase()).sort()), ignoreChanges: [] };
  }
}

function resolveScope(scope: RoleScope, location: WorkspaceLocation): string {
  const subscription = `/subscriptions/${location.subscriptionId}`;
  const resourceGroup = `${subscription}/resourceGroups/${location.resourceGroupName}`;
  switch (scope) {
    case "subscription":
      return subscription;
    case "resourceGroup":
      return resourceGroup;
    case "workspace":
      return `${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${location.workspaceName}`;
    default:
      return scope;
  }
}

function subscriptionOf(scopeId: string): string {
  return scopeId.split("/")[2]!;
}
