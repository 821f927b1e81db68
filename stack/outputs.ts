import type { HimlServicePrincipal } from "../components/himl-service-principal";
import type { StackOutputName } from "./contract";

export * from "./contract";

/** The outputs of the stack. */
export function createStackOutputs(principal: HimlServicePrincipal) {
  return {
    HIML_SERVICE_PRINCIPAL_ID: principal.clientId,
    ...(principal.clientSecret && { HIML_SERVICE_PRINCIPAL_PASSWORD: principal.clientSecret }),
    HIML_TENANT_ID: principal.tenantId,
    HIML_SUBSCRIPTION_ID: principal.subscriptionId,
    HIML_RESOURCE_GROUP: principal.resourceGroupName,
    HIML_WORKSPACE_NAME: principal.workspaceName,
    details: principal.details,
  } satisfies Partial<Record<StackOutputName, unknown>>;
}
