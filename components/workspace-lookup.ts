import * as pulumi from "@pulumi/pulumi";
import { getClientConfigOutput as getAzureClientConfig } from "@pulumi/azure-native/authorization/getClientConfig";
import { getWorkspace } from "@pulumi/azure-native/machinelearningservices/getWorkspace";
import { getClientConfigOutput as getEntraClientConfig } from "@pulumi/azuread/getClientConfig";
import { InvalidValuesError, type Problem } from "./problems";
import { toResourceError } from "./validate-args";

/** Where an Azure ML workspace is. */
export interface WorkspaceLocation {
  subscriptionId: string;
  resourceGroupName: string;
  workspaceName: string;
}

/** As whom, and where, the two providers are logged in. */
export interface Login {
  tenantId: string;
  /** Subscription of the azure-native provider. */
  subscriptionId: string;
  /** Object ID of whoever runs Pulumi, as Entra knows it. */
  objectId: string;
}

/**
 * Asks both providers for their login. Unknown where a provider is not configured yet, as in the preview of a
 * program that creates it.
 *
 * @throws pulumi.ResourceError if they are in different tenants: the principal of one would get a role in the other.
 */
export function lookUpLogin(parent: pulumi.Resource): pulumi.Output<Login> {
  return pulumi
    .all([getEntraClientConfig({ parent }), getAzureClientConfig({ parent })])
    .apply(([entra, azure]) => {
      if (entra.tenantId !== azure.tenantId) {
        throw refusal(parent, {
          code: "TenantsDiffer",
          what: "The tenants of the azuread and the azure-native provider",
          must: "be the same",
          received: { azuread: entra.tenantId, "azure-native": azure.tenantId },
          remedy: `\`pulumi config set azuread:tenantId ${azure.tenantId}\`, or \`az login --tenant TENANT\` for both.`,
        });
      }
      return { tenantId: entra.tenantId, subscriptionId: azure.subscriptionId, objectId: entra.objectId };
    });
}

/**
 * Reads the workspace, so that a wrong name fails in preview.
 *
 * @throws pulumi.ResourceError if the workspace, its resource group or its subscription does not exist, may not be
 * read, or lies in another subscription than the provider's (the getter takes no other).
 */
export async function lookUpWorkspace(
  location: WorkspaceLocation,
  login: Login,
  parent: pulumi.Resource,
): Promise<void> {
  if (location.subscriptionId.toLowerCase() !== login.subscriptionId.toLowerCase()) {
    throw refusal(parent, {
      code: "OtherSubscription",
      what: "The subscription of the workspace",
      must: "be the one that the azure-native provider uses",
      received: { workspace: location.subscriptionId, provider: login.subscriptionId },
      remedy: `\`pulumi config set azure-native:subscriptionId ${location.subscriptionId}\``,
    });
  }
  const { resourceGroupName, workspaceName } = location;
  try {
    await getWorkspace({ resourceGroupName, workspaceName }, { parent });
  } catch (error) {
    const problem = describeLookUpFailure(error instanceof Error ? error.message : String(error), location);
    if (problem === undefined) throw error;
    throw refusal(parent, problem);
  }
}

// azure-native prints Azure's error as `Status=404 Code="ResourceNotFound" Message="…"`, its SDK as `ERROR CODE: …`.
const ERROR_CODE = /(?:Code="|ERROR CODE: )(\w+)/;

const FAILURES: Record<string, { must: string; remedy: (location: WorkspaceLocation) => string }> = {
  ResourceNotFound: {
    must: "exist in its resource group",
    remedy: ({ resourceGroupName }) =>
      `\`az resource list --resource-group ${resourceGroupName} --resource-type Microsoft.MachineLearningServices/workspaces\` lists those that do.`,
  },
  ResourceGroupNotFound: {
    must: "be in a resource group that exists",
    remedy: ({ subscriptionId }) =>
      `\`az group list --subscription ${subscriptionId} --output table\` lists those that do.`,
  },
  SubscriptionNotFound: {
    must: "be in a subscription that exists in your tenant",
    remedy: () =>
      "`az account list --output table` lists those you can reach; `az login --tenant TENANT` changes the tenant.",
  },
  AuthorizationFailed: {
    must: "be readable to whoever runs Pulumi",
    remedy: ({ resourceGroupName }) =>
      `Ask for a role on resource group ${resourceGroupName} that may read it and assign roles, and check the names: without a role Azure does not tell whether they exist.`,
  },
};

function describeLookUpFailure(message: string, location: WorkspaceLocation): Problem | undefined {
  const code = ERROR_CODE.exec(message)?.[1] ?? "";
  const failure = FAILURES[code];
  return (
    failure && {
      code,
      what: `The workspace (Azure: ${code})`,
      must: failure.must,
      received: location,
      remedy: failure.remedy(location),
    }
  );
}

function refusal(component: pulumi.Resource, problem: Problem): pulumi.ResourceError {
  return toResourceError(new InvalidValuesError("Azure ML workspace", [problem]), component);
}
