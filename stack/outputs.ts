import * as pulumi from "@pulumi/pulumi";
import type { HimlServicePrincipal } from "../components/himl-service-principal";
import { DEFAULTS } from "../components/himl-service-principal-args";
import type { StackDetails, StackOutputName } from "./contract";

export * from "./contract";

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
    ...(principal.clientSecret && { nextRenewal: principal.nextRenewal.toISOString() }),
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
