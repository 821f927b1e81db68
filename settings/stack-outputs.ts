import * as pulumi from "@pulumi/pulumi";
import { DEFAULTS } from "../components/himl-service-principal-args";
import type {
  HimlServicePrincipal,
  RoleInfo,
  SecretInfo,
  TrustInfo,
} from "../components/himl-service-principal";

/**
 * The contract of the stack's outputs: what `pulumi stack output` gives, and what reads it may rely on.
 * Six of them are hi-ml's environment variables, under the names that hi-ml reads
 * (https://github.com/microsoft/hi-ml: hi-ml-azure/src/health_azure/auth.py and utils.py).
 */
export const STACK_OUTPUTS = [
  {
    name: "HIML_SERVICE_PRINCIPAL_ID",
    isSecret: false,
    description: "Application (client) ID of the app registration.",
  },
  {
    name: "HIML_SERVICE_PRINCIPAL_PASSWORD",
    isSecret: true,
    description: "Client secret, the current one. Not with `authentication: federated`.",
  },
  { name: "HIML_TENANT_ID", isSecret: false, description: "Directory (tenant) ID." },
  { name: "HIML_SUBSCRIPTION_ID", isSecret: false, description: "Subscription of the workspace." },
  {
    name: "HIML_RESOURCE_GROUP",
    isSecret: false,
    description: "Resource group that contains the workspace.",
  },
  { name: "HIML_WORKSPACE_NAME", isSecret: false, description: "Name of the workspace." },
  {
    name: "details",
    isSecret: false,
    description: "For people and commands: what exists, without secrets. An object with `version: 1`.",
  },
] as const;

export type StackOutputName = (typeof STACK_OUTPUTS)[number]["name"];

/** The output `details`. Fields are only ever added under the same `version`. */
export interface StackDetails {
  version: 1;
  instanceId: string;
  applicationObjectId: string;
  servicePrincipalObjectId: string;
  authentication: "secret" | "federated" | "both";
  secrets: SecretInfo[];
  trusts: TrustInfo[];
  roles: RoleInfo[];
  /** Only where somebody else registered the application: its client ID. */
  existingApplicationId?: string;
  /** Only where the stack gives no role: what somebody who may assign roles has to run. */
  administratorCommand?: string;
}

type Outputs<T> = { [Name in keyof T]: pulumi.Input<T[Name]> };

/** The outputs of the stack. */
export function createStackOutputs(principal: HimlServicePrincipal) {
  const details: Outputs<StackDetails> = {
    version: 1,
    instanceId: principal.instanceId,
    applicationObjectId: principal.nodes.application.objectId,
    servicePrincipalObjectId: principal.nodes.servicePrincipal.objectId,
    authentication: principal.authentication,
    secrets: principal.secrets,
    trusts: principal.trusts,
    roles: principal.roles,
    ...(principal.existingApplicationId !== undefined && {
      existingApplicationId: principal.existingApplicationId,
    }),
    ...(principal.nodes.roleAssignments.length === 0 && {
      administratorCommand: createAdministratorCommand(principal),
    }),
  };
  return {
    HIML_SERVICE_PRINCIPAL_ID: principal.clientId,
    ...(principal.clientSecret && { HIML_SERVICE_PRINCIPAL_PASSWORD: principal.clientSecret }),
    HIML_TENANT_ID: principal.tenantId,
    HIML_SUBSCRIPTION_ID: principal.subscriptionId,
    HIML_RESOURCE_GROUP: principal.resourceGroupName,
    HIML_WORKSPACE_NAME: principal.workspaceName,
    details,
  } satisfies Partial<Record<StackOutputName, unknown>>;
}

function createAdministratorCommand({ nodes, subscriptionId, resourceGroupName }: HimlServicePrincipal) {
  return pulumi.interpolate`az role assignment create --assignee-object-id ${nodes.servicePrincipal.objectId} --assignee-principal-type ServicePrincipal --role ${DEFAULTS.role} --scope "/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}"`;
}
