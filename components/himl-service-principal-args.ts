import type { RoleAssignmentArgs } from "@pulumi/azure-native/authorization/roleAssignment";
import type { ApplicationArgs } from "@pulumi/azuread/application";
import type { ApplicationFederatedIdentityCredentialArgs } from "@pulumi/azuread/applicationFederatedIdentityCredential";
import type { ApplicationFlexibleFederatedIdentityCredentialArgs } from "@pulumi/azuread/applicationFlexibleFederatedIdentityCredential";
import type { ApplicationPasswordArgs } from "@pulumi/azuread/applicationPassword";
import type { ServicePrincipalArgs } from "@pulumi/azuread/servicePrincipal";
import type * as pulumi from "@pulumi/pulumi";
import type { TrustArgs } from "./federated-subjects";
import type { BuiltInRoleName } from "./roles";
import type { RoleScope } from "./scopes";

/** A role that the principal gets. */
export interface RoleArgs {
  /**
   * Required. Name of a built-in role (`BUILT_IN_ROLES`), or GUID or resource ID of any role. Another one is another
   * assignment: made first, then the old one goes.
   */
  role: BuiltInRoleName | (string & {});
  /**
   * Optional. Where the role holds: a place of the workspace, or the resource ID of anything else. Another one is
   * another assignment: made first, then the old one goes.
   * @default "resourceGroup", the resource group of the workspace
   */
  scope?: RoleScope;
}

/** Receives the arguments and the options of one resource, and returns them changed. `name` tells which resource it is. */
export type Transform<Args> = (
  args: Args,
  opts: pulumi.CustomResourceOptions,
  name: string,
) => { args: Args; opts: pulumi.CustomResourceOptions };

/**
 * The arguments of `azure-native.keyvault.Secret`, as far as the component sets them. Written out here: the provider's own
 * type leads to the inputs of every service of Azure, 8 MB that each program would have to read to be type-checked.
 */
export interface KeyVaultSecretArgs {
  resourceGroupName: pulumi.Input<string>;
  vaultName: pulumi.Input<string>;
  secretName: pulumi.Input<string>;
  properties: pulumi.Input<{
    value?: pulumi.Input<string>;
    contentType?: pulumi.Input<string>;
    /** Instants in seconds since 1970. */
    attributes?: pulumi.Input<{
      enabled?: pulumi.Input<boolean>;
      expires?: pulumi.Input<number>;
      notBefore?: pulumi.Input<number>;
    }>;
  }>;
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Of a trust in one subject, or in claims that match an expression. */
export type TrustCredentialArgs =
  ApplicationFederatedIdentityCredentialArgs | ApplicationFlexibleFederatedIdentityCredentialArgs;

/** One transform for each kind of resource that the component declares. */
export interface Transforms {
  /** Not called where `existingClientId` is set: that application is somebody else's. */
  application?: Transform<ApplicationArgs>;
  servicePrincipal?: Transform<ServicePrincipalArgs>;
  secret?: Transform<ApplicationPasswordArgs>;
  /** Returns arguments of the kind that it was given: with `subject`, or with `claimsMatchingExpression`. */
  trust?: Transform<TrustCredentialArgs>;
  roleAssignment?: Transform<RoleAssignmentArgs>;
  keyVaultSecret?: Transform<KeyVaultSecretArgs>;
}

/** How pipelines log in. */
export type Authentication = "secret" | "federated" | "both";

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
   * Optional. Application (client) ID of an application that somebody else registered: it gets the secrets, trusts and
   * roles, and a principal if it has none; destroy removes just these. Another one, or leaving it out later, is another
   * client ID: jobs that hold the old one fail.
   * @default an application of its own
   */
  existingClientId?: string;
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
   * @default Contributor on the resource group of the workspace, as hi-ml's manual has it; none with an empty list
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
   * Optional. How pipelines log in. `secret`: with a client secret. `federated`: with the tokens of the pipeline
   * itself, which `federatedCredentials` trusts; there is no password. `both`: for moving from one to the other. A
   * change to `federated` removes the secrets: jobs that hold one fail.
   * @default "secret"
   */
  authentication?: Authentication;
  /**
   * Required with `federated` and `both`, else not allowed. The tokens to trust, 20 at most, in any order. Changed in
   * place; another issuer or subject is another trust.
   * @example [{ github: { repository: "octocat/training", environment: "production" } }]
   */
  federatedCredentials?: TrustArgs[];
  /**
   * Optional. Days from one renewal of the secret to the next, a whole number from 1 to 365; a secret lives for
   * two of these periods at most. The first one begins with the day of the first `up`. A change replaces every secret
   * at once: jobs that hold one fail.
   * @default 90
   */
  renewSecretsEveryDays?: number;
  /**
   * Optional. A whole number from 1; raise it by one after a leak. Every secret is replaced at once: jobs that
   * hold one fail.
   * @default 1
   */
  secretGeneration?: number;
  /**
   * Optional. A Key Vault to which each `up` delivers the password: its name, if it lies in the resource group of the
   * workspace; its resource ID; or `workspace` for the vault of the Azure ML workspace, which everybody can read who may
   * run a job there. Another one, or leaving it out later, deletes the secret: jobs that read it fail.
   * @default the password is delivered nowhere
   * @example "kv-ml"
   */
  keyVault?: pulumi.Input<string>;
  /**
   * Optional. Delivers the five other variables to `keyVault` too. Required to be true with `keyVault` where
   * `authentication` is `federated`: then there is no password.
   * @default false
   */
  keyVaultAllVariables?: boolean;
  /**
   * Optional. What the names of the secrets in `keyVault` begin with, 1 to 95 letters, digits or hyphens; no other stack
   * may use it in that vault. A change renames the secrets: jobs that read them fail.
   * @default the name of the stack, and 8 characters that stand for project, stack and component
   */
  keyVaultSecretPrefix?: string;
  /**
   * Optional. Reads the workspace and the Key Vault during preview, so that a wrong name fails before anything is
   * created. It is skipped by itself where a value is not known yet, as when the same program creates the workspace.
   * @default true
   */
  workspaceLookup?: boolean;
  /**
   * Optional. The way out where an argument is missing: changes a resource before it is declared.
   * @default nothing is changed
   * @example { application: (args, opts) => ({ args: { ...args, notes: "Asked for by team X" }, opts }) }
   */
  transform?: Transforms;
  /**
   * Optional. The instant for which the secrets are planned; for tests.
   * @default the clock
   */
  now?: Date;
}

/** The role where `roles` is left out, as hi-ml's manual has it. */
export const DEFAULT_ROLE = "Contributor";

/** Default values of the arguments that have a constant one. */
export const DEFAULTS = {
  authentication: "secret",
  renewSecretsEveryDays: 90,
  secretGeneration: 1,
  allowPrivilegedRoles: false,
  keyVaultAllVariables: false,
} as const;
