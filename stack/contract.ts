import type { PrincipalDetails } from "../components/details";

// This module does not load Pulumi, so commands that read the outputs start faster.

/**
 * The contract of the stack's outputs: what `pulumi stack output` gives, and what reads it may rely on.
 * Six of them are hi-ml's environment variables, under the names that hi-ml reads
 * (https://github.com/microsoft/hi-ml: hi-ml-azure/src/health_azure/auth.py and utils.py). `property` is the component's
 * output that holds the value, in every language (Python: `client_id`).
 */
export const STACK_OUTPUTS = [
  {
    name: "HIML_SERVICE_PRINCIPAL_ID",
    property: "clientId",
    isSecret: false,
    description: "Application (client) ID of the app registration.",
  },
  {
    name: "HIML_SERVICE_PRINCIPAL_PASSWORD",
    property: "clientSecret",
    isSecret: true,
    description: "The current client secret. Not with `authentication: federated`.",
  },
  { name: "HIML_TENANT_ID", property: "tenantId", isSecret: false, description: "Directory (tenant) ID." },
  {
    name: "HIML_SUBSCRIPTION_ID",
    property: "subscriptionId",
    isSecret: false,
    description: "Subscription of the workspace.",
  },
  {
    name: "HIML_RESOURCE_GROUP",
    property: "resourceGroupName",
    isSecret: false,
    description: "Resource group that contains the workspace.",
  },
  {
    name: "HIML_WORKSPACE_NAME",
    property: "workspaceName",
    isSecret: false,
    description: "Name of the workspace.",
  },
  {
    name: "details",
    property: "details",
    isSecret: false,
    description: "For people and commands: what exists, without secrets. An object with `version: 1`.",
  },
] as const;

export type StackOutputName = (typeof STACK_OUTPUTS)[number]["name"];

/** The output `details`. */
export type StackDetails = PrincipalDetails;
