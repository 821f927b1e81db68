import type * as pulumi from "@pulumi/pulumi";
import { getClientConfig as getAzureClientConfig } from "@pulumi/azure-native/authorization/getClientConfig";
import { getWorkspace } from "@pulumi/azure-native/machinelearningservices/getWorkspace";
import { getClientConfig as getEntraClientConfig } from "@pulumi/azuread/getClientConfig";
import { InvalidValuesError, messageOf, type Problem } from "./problems";
import type { WorkspaceLocation } from "./scopes";
import { toResourceError } from "./validate-args";

/** As whom, and where, the two providers are logged in. */
export interface Login {
  tenantId: string;
  /** Subscription of the azure-native provider. */
  subscriptionId: string;
  /** Object ID of whoever runs Pulumi, as Entra knows it. */
  objectId: string;
}

/** What came of asking for the login; never fails, so that its caller decides where to. */
export interface LoginAnswer {
  login: Login;
  failure?: pulumi.ResourceError;
}

/**
 * Asks both providers for their login. It is a failure if one is not logged in, or if they are in different tenants:
 * the principal of one would get a role in the other.
 */
export async function lookUpLogin(parent: pulumi.Resource): Promise<LoginAnswer> {
  const [entra, azure] = await Promise.allSettled([
    getEntraClientConfig({ parent }),
    getAzureClientConfig({ parent }),
  ]);
  if (entra.status === "rejected")
    return { login: NOBODY, failure: refuseLogin("azuread", entra.reason, parent) };
  if (azure.status === "rejected")
    return { login: NOBODY, failure: refuseLogin("azure-native", azure.reason, parent) };
  const { tenantId, objectId } = entra.value;
  const login = { tenantId, objectId, subscriptionId: azure.value.subscriptionId };
  // In a preview, a provider that the same program creates may not be configured yet: then it knows nothing.
  if (!tenantId || !azure.value.tenantId || tenantId === azure.value.tenantId) return { login };
  const failure = refusal(parent, {
    code: "TenantsDiffer",
    what: "The tenants of the azuread and the azure-native provider",
    must: "be the same",
    received: { azuread: tenantId, "azure-native": azure.value.tenantId },
    remedy: `\`pulumi config set azuread:tenantId ${azure.value.tenantId}\`, or \`az login --tenant TENANT\` for both.`,
  });
  return { login, failure };
}

const NOBODY: Login = { tenantId: "", subscriptionId: "", objectId: "" };

function refuseLogin(provider: string, error: unknown, parent: pulumi.Resource): pulumi.ResourceError {
  return refusal(parent, {
    code: "NotLoggedIn",
    what: `The ${provider} provider`,
    must: `be logged in to Azure. It said: ${messageOf(error)}`,
    remedy:
      "`az login --tenant TENANT`, or ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID in a pipeline.",
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
  if (!login.subscriptionId) return;
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
    throw refusal(parent, describeLookUpFailure(messageOf(error), location));
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

function describeLookUpFailure(message: string, location: WorkspaceLocation): Problem {
  const code = ERROR_CODE.exec(message)?.[1] ?? "";
  const failure = FAILURES[code];
  return failure
    ? {
        code,
        what: `The workspace (Azure: ${code})`,
        must: failure.must,
        received: location,
        remedy: failure.remedy(location),
      }
    : {
        code: "LookUpFailed",
        what: "The workspace",
        must: `be readable. It was not: ${message}`,
        received: location,
        remedy: "Try again; if it stays, the message above is Azure's own.",
      };
}

function refusal(component: pulumi.Resource, problem: Problem): pulumi.ResourceError {
  return toResourceError(new InvalidValuesError("Azure ML workspace", [problem]), component);
}
