import type { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import type { Application } from "@pulumi/azuread/application";
import type { ApplicationPassword } from "@pulumi/azuread/applicationPassword";
import type { ServicePrincipal } from "@pulumi/azuread/servicePrincipal";
import * as pulumi from "@pulumi/pulumi";
import type { PrincipalDetails } from "./details";
import type { HimlServicePrincipalArgs } from "./himl-service-principal-args";
import { valueIfKnown } from "./pulumi-internals";
import { createApplication, createPrincipal } from "./resources/application";
import { createContext } from "./resources/context";
import type * as keyVault from "./resources/key-vault";
import { warnOfLostAccess } from "./resources/last-deployment";
import { RevocationGuard } from "./resources/revocation-guard";
import { assignRoles } from "./resources/roles";
import { createSecrets } from "./resources/secrets";
import { callTransforms } from "./resources/transform";
import { createTrusts, type Trust } from "./resources/trusts";

export * from "./details";
export * from "./himl-service-principal-args";

// Loaded only if a Key Vault is set. `require`, since TypeScript does not translate `import()` to CommonJS, and Node
// then needs file names with extensions.
// oxlint-disable-next-line typescript/no-require-imports
const loadKeyVault = () => require("./resources/key-vault") as typeof keyVault;

/** What exists, each field as soon as it is known. Separate outputs, so that one secret field does not make all secret. */
export type DetailsOutputs = { [Field in keyof PrincipalDetails]: pulumi.Input<PrincipalDetails[Field]> };

/** The outputs of a stack: hi-ml's variables, under the names that hi-ml reads, and `details`. */
export interface StackOutputs {
  HIML_SERVICE_PRINCIPAL_ID: pulumi.Output<string>;
  /** Not with `federated`. */
  HIML_SERVICE_PRINCIPAL_PASSWORD?: pulumi.Output<string>;
  HIML_TENANT_ID: pulumi.Output<string>;
  HIML_SUBSCRIPTION_ID: pulumi.Output<string>;
  HIML_RESOURCE_GROUP: pulumi.Output<string>;
  HIML_WORKSPACE_NAME: pulumi.Output<string>;
  details: DetailsOutputs;
}

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
  /** What a stack exports for hi-ml and for the command `himl-sp`: `export = principal.outputs`. */
  readonly outputs: StackOutputs;
  /** The resources themselves, for programs that need more than the outputs. */
  readonly nodes: {
    readonly application: Application;
    readonly servicePrincipal: pulumi.Output<ServicePrincipal>;
    readonly secrets: pulumi.Output<readonly ApplicationPassword[]>;
    readonly trusts: readonly Trust[];
    readonly roleAssignments: pulumi.Output<readonly RoleAssignment[]>;
    readonly keyVaultSecrets: pulumi.Output<readonly pulumi.CustomResource[]>;
  };

  constructor(name: string, args: HimlServicePrincipalArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const guard = new RevocationGuard(name);
    const transformations = [
      ...(opts.transformations ?? []),
      callTransforms(name, args.transform),
      guard.transformation,
    ];
    super("himl-service-principal:index:HimlServicePrincipal", name, {}, { ...opts, transformations });
    const context = createContext({ component: this, name, args, guard }, opts);
    const { plan, target, instanceId } = context;
    const application = createApplication(context);
    const servicePrincipal = createPrincipal(context, application);
    const secrets = createSecrets(context, application);
    const trusts = createTrusts(context, application);
    const roles = assignRoles(context, servicePrincipal);

    this.clientId = application.clientId;
    this.clientSecret = secrets?.value;
    this.tenantId = target.login.tenantId;
    this.subscriptionId = target.subscriptionId;
    this.resourceGroupName = target.resourceGroupName;
    this.workspaceName = target.workspaceName;
    const variables = this.variables();
    const vault = plan.delivery && loadKeyVault().writeToVault(context, variables, secrets?.current);
    warnOfLostAccess(context, vault?.details.keyVault);
    this.details = {
      version: 1,
      instanceId,
      applicationName: application.displayName,
      applicationObjectId: application.objectId,
      servicePrincipalObjectId: servicePrincipal.objectId,
      authentication: plan.authentication,
      ...(plan.existingClientId !== undefined && { existingClientId: plan.existingClientId }),
      ...(secrets ? secrets.details : { secrets: [] }),
      ...trusts.details,
      ...roles.details,
      ...vault?.details,
    };
    this.outputs = { ...variables, details: this.details };
    this.nodes = {
      application,
      servicePrincipal,
      secrets: secrets?.resources ?? pulumi.output([]),
      trusts: trusts.resources,
      roleAssignments: roles.resources,
      keyVaultSecrets: vault?.resources ?? pulumi.output([]),
    };
    // Audit, repair and the next run read these in the state: what `details` names and the state has no more, a destroy
    // has removed. Not the password: the engine writes the whole state at each step, and its own secret has it already.
    const { tenantId, subscriptionId, details } = this;
    this.registerOutputs({ tenantId, subscriptionId, details });
  }

  private variables() {
    return {
      HIML_SERVICE_PRINCIPAL_ID: this.clientId,
      ...(this.clientSecret && { HIML_SERVICE_PRINCIPAL_PASSWORD: this.clientSecret }),
      HIML_TENANT_ID: this.tenantId,
      HIML_SUBSCRIPTION_ID: this.subscriptionId,
      HIML_RESOURCE_GROUP: this.resourceGroupName,
      HIML_WORKSPACE_NAME: this.workspaceName,
    };
  }

  /**
   * Pulumi waits for this before it collects the children of a component on which something depends: some are declared
   * only when the first day of the secrets, or the place of the workspace, is known.
   */
  protected override async initialize(): Promise<void> {
    // The constructor of the base class calls this, before this class has its fields.
    await Promise.resolve();
    if (!this.nodes) return;
    const { secrets, roleAssignments, servicePrincipal, keyVaultSecrets } = this.nodes;
    const late = [secrets, roleAssignments, servicePrincipal, keyVaultSecrets];
    await Promise.all(late.map(valueIfKnown<unknown>));
  }
}
