import type { RoleAssignmentArgs } from "@pulumi/azure-native/authorization/roleAssignment";
import type { ApplicationArgs } from "@pulumi/azuread/application";
import type { ApplicationFederatedIdentityCredentialArgs } from "@pulumi/azuread/applicationFederatedIdentityCredential";
import type { ApplicationFlexibleFederatedIdentityCredentialArgs } from "@pulumi/azuread/applicationFlexibleFederatedIdentityCredential";
import type { ApplicationPasswordArgs } from "@pulumi/azuread/applicationPassword";
import type { ServicePrincipalArgs } from "@pulumi/azuread/servicePrincipal";
import type * as pulumi from "@pulumi/pulumi";
import type { TrustArgs } from "./plan/trusts";
import type { BuiltInRoleName } from "./plan/roles";
import type { RoleScope } from "./plan/scopes";

/** A role that the principal gets. */
export interface RoleArgs {
  /**
   * Required. Name of a built-in role (`BUILT_IN_ROLES`), or GUID or resource ID of any role. A change creates the new
   * assignment first, then deletes the old one.
   */
  role: BuiltInRoleName | (string & {});
  /**
   * Optional. Where the role applies: a place of the workspace, or the resource ID of anything else. A change creates the
   * new assignment first, then deletes the old one.
   * @default "resourceGroup", the resource group of the workspace
   */
  scope?: RoleScope;
}

/** The Key Vault to which each `up` writes, and what it writes. */
export interface KeyVaultArgs {
  /** Required. Name of a vault in the resource group of the workspace, a resource ID, or `workspace` for the workspace's own. */
  vault: pulumi.Input<string>;
  /** Optional. Writes the five other variables too. Must be true with `federated`: then there is no password. @default false */
  allVariables?: boolean;
  /**
   * Optional. Prefix of the names of the secrets, 1 to 95 letters, digits or hyphens. No other stack may use it in that
   * vault. A change renames the secrets: jobs that read them fail.
   * @default the name of the stack, and 8 characters computed from project, stack and component
   */
  secretPrefix?: string;
}

/**
 * Some arguments of a resource; or a function that receives its arguments, its options and its name, and changes them in
 * place or returns what is different.
 */
export type Transform<Args> =
  | Partial<Args>
  | ((
      args: Args,
      opts: pulumi.CustomResourceOptions,
      name: string,
    ) => { args?: Partial<Args>; opts?: pulumi.CustomResourceOptions } | void);

/**
 * The arguments of `azure-native.keyvault.Secret`, as far as the component sets them. They are repeated here because the
 * provider's own type imports the inputs of all Azure services: 8 MB to type-check in each program.
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

/** The arguments of a trust in one subject, or in claims that match an expression. */
export type TrustCredentialArgs =
  ApplicationFederatedIdentityCredentialArgs | ApplicationFlexibleFederatedIdentityCredentialArgs;

/** One transform for each kind of resource that the component declares. */
export interface Transforms {
  /** Not called if `existingClientId` is set: that application belongs to somebody else. */
  application?: Transform<ApplicationArgs>;
  servicePrincipal?: Transform<ServicePrincipalArgs>;
  secret?: Transform<ApplicationPasswordArgs>;
  /** Must return arguments of the kind that it received: with `subject`, or with `claimsMatchingExpression`. */
  trust?: Transform<TrustCredentialArgs>;
  roleAssignment?: Transform<RoleAssignmentArgs>;
  keyVaultSecret?: Transform<KeyVaultSecretArgs>;
}

/** How pipelines log in. */
export type Authentication = "secret" | "federated" | "both";

export interface HimlServicePrincipalArgs {
  /** Required. Name of the Azure ML workspace. A change changes the outputs, and role assignments on it; the principal stays. */
  workspaceName: pulumi.Input<string>;
  /** Required. Resource group that contains the workspace. A change moves the role assignments; the principal stays. */
  resourceGroupName: pulumi.Input<string>;
  /**
   * Optional. Subscription of the workspace, a GUID. A change moves the role assignments; the principal stays.
   * @default the subscription that the azure-native provider uses
   */
  subscriptionId?: pulumi.Input<string>;
  /**
   * Optional. Application (client) ID of an application that somebody else registered. It gets the secrets, trusts and
   * roles, and a principal if it has none. A destroy removes only these. A change, or removing the argument later, changes
   * the client ID: jobs that use the old one fail.
   * @default the component registers its own application
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
  /** Optional. Reference to a service in the tenant's asset management. Some tenants refuse applications without one. Changed in place. */
  serviceManagementReference?: pulumi.Input<string>;
  /**
   * Optional. Object IDs of all owners of application and principal, in any order. Changed in place.
   * @default the identity that creates the application, recorded once and not changed again
   */
  owners?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Optional. The roles of the principal, in any order. A name alone means that role on the resource group of the workspace.
   * @default Contributor on the resource group of the workspace, as hi-ml's manual says. An empty list means no role
   * @example ["AzureML Data Scientist", { role: "Reader", scope: "subscription" }]
   */
  roles?: (BuiltInRoleName | (string & {}) | RoleArgs)[];
  /**
   * Optional. Allows Owner, User Access Administrator and Role Based Access Control Administrator in `roles`. A principal
   * with one of these can give itself every other role.
   * @default false
   */
  allowPrivilegedRoles?: boolean;
  /**
   * Optional. How pipelines log in. `secret`: with a client secret. `federated`: without a password, with the pipeline's
   * own tokens, which `federatedCredentials` trusts. `both`: for moving from one to the other. A change to `federated`
   * removes the secrets: jobs that use one fail.
   * @default `federated` with `federatedCredentials`, otherwise `secret`
   */
  authentication?: Authentication;
  /**
   * Required with `federated` and `both`, not allowed with `secret`. The tokens to trust, 20 at most, in any order. Without
   * `authentication` they stand in the place of the password. Changed in place; another issuer or subject is a new trust.
   * @example [{ github: { repository: "octocat/training", environment: "production" } }]
   */
  federatedCredentials?: TrustArgs[];
  /**
   * Optional. Allows trusts that let in more than one repository of GitHub, project of GitLab or workspace of Terraform:
   * patterns, and subjects that an organisation customised. Everybody who can run such a job can log in.
   * @default false
   */
  allowBroadTrusts?: boolean;
  /**
   * Optional. Days from one renewal of the secret to the next, a whole number from 1 to 365. A secret is valid for at
   * most two of these periods. The first period begins on the day of the first `up`. A change replaces every secret
   * at once: jobs that use one fail.
   * @default 90
   */
  renewSecretsEveryDays?: number;
  /**
   * Optional. A whole number from 1. Raise it by one after a leak: that replaces every secret at once, and jobs that use
   * one fail.
   * @default 1
   */
  secretGeneration?: number;
  /**
   * Optional. A Key Vault to which each `up` writes the password: the vault alone, or an object that says more. Everybody
   * who may run a job in the workspace can read the workspace's own vault. A change, or removing the argument later,
   * deletes the secrets: jobs that read them fail.
   * @default the password is written to no Key Vault
   * @example "kv-ml"
   */
  keyVault?: pulumi.Input<string> | KeyVaultArgs;
  /**
   * Optional. Asks Azure during preview for the workspace and the Key Vault, so that a wrong name fails before anything is
   * created. The component skips this if a value is not known yet, for example if the same program creates the workspace.
   * @default true
   */
  previewChecks?: boolean;
  /**
   * Optional. Changes a resource before it is declared. Use it if an argument that you need is missing here.
   * @default nothing is changed
   * @example { application: { notes: "Asked for by team X" } }
   */
  transform?: Transforms;
}

/** The role if `roles` is left out, as hi-ml's manual says. */
export const DEFAULT_ROLE = "Contributor";

/** The constant default values of arguments. */
export const DEFAULTS = {
  renewSecretsEveryDays: 90,
  secretGeneration: 1,
  allowPrivilegedRoles: false,
  allowBroadTrusts: false,
} as const;
