import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { Application } from "@pulumi/azuread/application";
import { ApplicationFederatedIdentityCredential } from "@pulumi/azuread/applicationFederatedIdentityCredential";
import { ApplicationPassword } from "@pulumi/azuread/applicationPassword";
import { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { lookUpExistingApplication, principalTag } from "./existing-application";
import { DEFAULTS, type Authentication, type HimlServicePrincipalArgs } from "./himl-service-principal-args";
import { resolveScope, subscriptionOf, type WorkspaceLocation } from "./scopes";
import { InvalidValuesError } from "./problems";
import { checkOutputs, toResourceError, validateArgs, type Plan } from "./validate-args";
import { lookUpLogin, lookUpWorkspace, type Login } from "./workspace-lookup";

export * from "./himl-service-principal-args";

/** A secret, without its text. */
export interface SecretInfo {
  slot: "a" | "b";
  keyId: string;
  /** When it ends, as an ISO 8601 instant in UTC. */
  ends: string;
  /** Whether it is the one that is handed out. */
  current: boolean;
}

/** A trust, by what its tokens say. */
export interface TrustInfo {
  issuer: string;
  subject: string;
}

/** A role and the resource ID of the scope on which it was given. */
export interface RoleInfo {
  role: string;
  scope: string;
}

/**
 * A service principal with which a pipeline reaches an Azure ML workspace through hi-ml: app registration,
 * principal, client secret that renews itself or trust in the pipeline's own tokens, and role assignments.
 *
 * It waits for nothing that it does not need: application, then principal, secrets and trusts side by side, then roles.
 *
 * @throws pulumi.ResourceError, without a stack trace, that lists every wrong argument at once.
 */
export class HimlServicePrincipal extends pulumi.ComponentResource {
  /** Application (client) ID: `HIML_SERVICE_PRINCIPAL_ID`. */
  readonly clientId: pulumi.Output<string>;
  /** The client secret that is handed out now, a Pulumi secret: `HIML_SERVICE_PRINCIPAL_PASSWORD`. None with `federated`. */
  readonly clientSecret: pulumi.Output<string> | undefined;
  /** Directory (tenant) ID: `HIML_TENANT_ID`. */
  readonly tenantId: pulumi.Output<string>;
  readonly subscriptionId: pulumi.Output<string>;
  readonly resourceGroupName: pulumi.Output<string>;
  readonly workspaceName: pulumi.Output<string>;
  /** Identifies exactly this instance, also as the tag `himl-instance:<id>` of the application: names repeat in every clone. */
  readonly instanceId: pulumi.Output<string>;
  readonly authentication: Authentication;
  /** Client ID of the application if somebody else registered it. */
  readonly existingApplicationId: string | undefined;
  /** The secrets that exist, the current one first, without their texts. */
  readonly secrets: pulumi.Output<SecretInfo[]>;
  readonly trusts: TrustInfo[];
  readonly roles: pulumi.Output<RoleInfo[]>;
  /** First instant at which `pulumi up` makes a new secret. */
  readonly nextRenewal: Date;
  /** The resources themselves, for whoever needs more of them than the outputs. */
  readonly nodes: {
    readonly application: Application;
    readonly servicePrincipal: pulumi.Output<ServicePrincipal>;
    readonly secrets: readonly ApplicationPassword[];
    readonly trusts: readonly ApplicationFederatedIdentityCredential[];
    readonly roleAssignments: readonly RoleAssignment[];
  };

  constructor(name: string, args: HimlServicePrincipalArgs, opts?: pulumi.ComponentResourceOptions) {
    super("himl-service-principal:index:HimlServicePrincipal", name, {}, opts);

    const plan = validateArgs(name, args, this);
    const { login, workspace, existing, verified } = this.lookUp(name, args);
    const owners = this.planOwners(args, login);
    // `protect` of the component reaches application and principal only: a renewal has to remove secrets.
    const child = { parent: this };
    const replaceable = { ...child, protect: false };

    const instance = new RandomUuid(`${name}-instance`, {}, { ...replaceable, dependsOn: verified });
    const gated = { ...child, dependsOn: verified };
    const application = existing
      ? Application.get(
          `${name}-application`,
          pulumi.interpolate`/applications/${existing.objectId}`,
          {},
          gated,
        )
      : new Application(
          `${name}-application`,
          {
            displayName: args.displayName ?? workspace.apply(createDisplayName),
            description:
              args.description ??
              pulumi.interpolate`Used by hi-ml in pipelines for the Azure ML workspace ${workspace.workspaceName}. Managed by Pulumi: project ${pulumi.getProject()}, stack ${pulumi.getStack()}.`,
            serviceManagementReference: args.serviceManagementReference,
            owners: owners.ids,
            tags: ["himl-service-principal", pulumi.interpolate`himl-instance:${instance.result}`],
          },
          { ...gated, ignoreChanges: owners.ignoreChanges },
        );
    // Azure deletes these with the application; asking for it again would cost 20 s of polling each.
    const deletedWith = existing ? {} : { deletedWith: application };
    const createPrincipal = (tags?: string[]) =>
      new ServicePrincipal(
        `${name}-service-principal`,
        { clientId: application.clientId, owners: owners.ids, tags },
        { ...child, ignoreChanges: owners.ignoreChanges, ...deletedWith },
      );
    const servicePrincipal = existing
      ? existing.apply(({ principalObjectId: id }) =>
          id === undefined
            ? createPrincipal(["himl-service-principal", principalTag(name)])
            : ServicePrincipal.get(`${name}-service-principal`, `/servicePrincipals/${id}`, {}, gated),
        )
      : pulumi.output(createPrincipal());

    // Never `deletedWith`: a deleted application can be restored for 30 days, and must not come back with a secret.
    const secrets = plan.secrets.map(
      ({ slot, endDate, rotateWhenChanged }) =>
        new ApplicationPassword(
          `${name}-secret-${slot}`,
          { applicationId: application.id, displayName: `slot ${slot}`, endDate, rotateWhenChanged },
          replaceable,
        ),
    );
    const trusts = plan.trusts.map(
      ({ key, name: displayName, issuer, subject, audience }) =>
        new ApplicationFederatedIdentityCredential(
          `${name}-trust-${key}`,
          { applicationId: application.id, displayName, issuer, subject, audiences: [audience] },
          // A new name is a new credential, and Entra refuses a second one with the same issuer and subject.
          { ...replaceable, ...deletedWith, deleteBeforeReplace: true },
        ),
    );

    const roles = plan.roles.map((role) => ({
      ...role,
      scopeId: workspace.apply((location) => resolveScope(role.scope, location)),
    }));
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
        // azure-native would delete first, since the program gives the name.
        { ...replaceable, deleteBeforeReplace: false },
      );
    });

    this.clientId = application.clientId;
    this.clientSecret = secrets[0] && pulumi.secret(secrets[0].value);
    this.tenantId = login.tenantId;
    this.subscriptionId = workspace.subscriptionId;
    this.resourceGroupName = workspace.resourceGroupName;
    this.workspaceName = workspace.workspaceName;
    this.instanceId = instance.result;
    this.existingApplicationId = args.existingApplicationId;
    this.authentication = args.authentication ?? DEFAULTS.authentication;
    this.secrets = pulumi
      .all(secrets.map(({ keyId }) => keyId))
      .apply((keyIds) => keyIds.map((keyId, i) => describeSecret(plan.secrets[i]!, keyId)));
    this.trusts = plan.trusts.map(({ issuer, subject }) => ({ issuer, subject }));
    this.roles = pulumi
      .all(roles.map(({ scopeId }) => scopeId))
      .apply((scopeIds) => scopeIds.map((scope, i) => ({ role: roles[i]!.label, scope })));
    this.nextRenewal = plan.nextRenewal;
    this.nodes = { application, servicePrincipal, secrets, trusts, roleAssignments };
    this.registerOutputs({
      clientId: this.clientId,
      clientSecret: this.clientSecret,
      tenantId: this.tenantId,
    });
  }

  /**
   * Login and workspace, and what has to be waited for before anything is registered: that all of it was checked.
   *
   * `verified` alone fails, and nothing is computed from it. A failure further up would be walked through every value
   * that depends on it, by V8, since Pulumi's runner has the debugger on: that took minutes and all memory.
   */
  private lookUp(name: string, args: HimlServicePrincipalArgs) {
    const answer = lookUpLogin(this);
    const { existingApplicationId } = args;
    const existing =
      existingApplicationId === undefined
        ? undefined
        : lookUpExistingApplication(existingApplicationId, principalTag(name), this);
    const login = pulumi.output(answer.then(({ login: known }) => known));
    const workspace = pulumi.output({
      subscriptionId: args.subscriptionId ?? login.subscriptionId,
      resourceGroupName: args.resourceGroupName,
      workspaceName: args.workspaceName,
    }) as pulumi.Output<WorkspaceLocation>;
    const verified = pulumi.all([workspace, checkOutputs(args)]).apply(async ([location, problems]) => {
      const { login: caller, failure } = await answer;
      if (failure) throw failure;
      const { failure: notFound } = (await existing) ?? {};
      if (notFound) throw notFound;
      if (problems.length > 0)
        throw toResourceError(new InvalidValuesError("HimlServicePrincipal", problems), this);
      if (args.workspaceLookup ?? true) await lookUpWorkspace(location, caller, this);
      return [] as pulumi.Resource[];
    });
    const application = existing && pulumi.output(existing.then(({ application: found }) => found));
    return { login, workspace, existing: application, verified };
  }

  /** The owners, sorted since their order means nothing; the creator's ID is kept as it was at the first run. */
  private planOwners(args: HimlServicePrincipalArgs, login: pulumi.Output<Login>) {
    if (args.owners === undefined) {
      return { ids: login.objectId.apply((id) => [id]), ignoreChanges: ["owners"] };
    }
    const given: pulumi.Output<string[]> = pulumi.output(args.owners);
    const ids = given.apply((owners) => owners.map((id) => id.toLowerCase()).sort());
    return { ids, ignoreChanges: [] };
  }
}

function describeSecret({ slot, endDate, current }: Plan["secrets"][number], keyId: string): SecretInfo {
  return { slot, keyId, ends: endDate, current };
}

// A stack's name may be long; Entra's limit is 120 characters.
function createDisplayName({ workspaceName }: WorkspaceLocation): string {
  return `himl-${workspaceName}-${pulumi.getStack()}`.slice(0, 120);
}
