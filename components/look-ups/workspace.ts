import type * as pulumi from "@pulumi/pulumi";
import { getWorkspace } from "@pulumi/azure-native/machinelearningservices/getWorkspace";
import { command } from "../plan/commands";
import { messageOf, type Problem } from "../plan/problems";
import type { WorkspaceLocation } from "../plan/scopes";
import { askOnce, azureCodeOf, LookUpError, MADE_HERE } from "./ask";
import type { Login } from "./login";

const SUBJECT = "Azure ML workspace";

/** A workspace's names as Azure spells them. */
export type WorkspaceNames = Pick<WorkspaceLocation, "resourceGroupName" | "workspaceName">;

export interface FoundWorkspace extends WorkspaceNames {
  /** Resource ID of its Key Vault. Empty if Azure returned none. */
  keyVaultId?: string;
}

/**
 * Reads the workspace, so that a wrong name fails in preview.
 *
 * @throws LookUpError if the workspace, its resource group or its subscription does not exist, may not be read, or lies
 * in another subscription than the provider's (the getter takes no other).
 */
export async function lookUpWorkspace(
  location: WorkspaceLocation,
  login: Login,
  parent: pulumi.Resource,
): Promise<FoundWorkspace> {
  const { subscriptionId, resourceGroupName, workspaceName } = location;
  if (!login.subscriptionId) return location;
  if (subscriptionId !== login.subscriptionId) {
    throw new LookUpError("OTHER_SUBSCRIPTION", SUBJECT, {
      what: "The subscription of the workspace",
      must: "be the one that the azure-native provider uses",
      received: { workspace: subscriptionId, provider: login.subscriptionId },
      remedy: command`pulumi config set azure-native:subscriptionId ${subscriptionId}`,
    });
  }
  const token = "azure-native:machinelearningservices:getWorkspace";
  const question = `${resourceGroupName}/${workspaceName}`.toLowerCase();
  try {
    const { id, keyVault } = await askOnce(parent, token, question, () =>
      getWorkspace({ resourceGroupName, workspaceName }, { parent }),
    );
    return { ...spelledAsIn(id, location), keyVaultId: keyVault ?? "" };
  } catch (error) {
    throw new LookUpError("WORKSPACE_NOT_FOUND", SUBJECT, describeFailure(messageOf(error), location));
  }
}

/** The names from the workspace's resource ID, so that another spelling of a setting changes nothing. */
function spelledAsIn(id: unknown, { resourceGroupName, workspaceName }: WorkspaceNames): WorkspaceNames {
  const parts = typeof id === "string" ? id.split("/") : [];
  const [group, name] = [parts[4] ?? "", parts[8] ?? ""];
  const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return {
    resourceGroupName: isSame(group, resourceGroupName) ? group : resourceGroupName,
    workspaceName: isSame(name, workspaceName) ? name : workspaceName,
  };
}

const FAILURES: Record<string, { must: string; remedy: (location: WorkspaceLocation) => string }> = {
  ResourceNotFound: {
    must: "exist in its resource group",
    remedy: ({ resourceGroupName }) =>
      `${command`az resource list --resource-group ${resourceGroupName} --resource-type Microsoft.MachineLearningServices/workspaces`} lists those that do. ${MADE_HERE}`,
  },
  ResourceGroupNotFound: {
    must: "be in a resource group that exists",
    remedy: ({ subscriptionId }) =>
      `${command`az group list --subscription ${subscriptionId} --output table`} lists those that do. ${MADE_HERE}`,
  },
  SubscriptionNotFound: {
    must: "be in a subscription that exists in your tenant",
    remedy: () =>
      "`az account list --output table` lists those you can reach; `az login --tenant TENANT` changes the tenant.",
  },
  AuthorizationFailed: {
    must: "be readable with your login",
    remedy: ({ resourceGroupName }) =>
      `Ask for a role on resource group ${resourceGroupName} that may read it and assign roles, and check the names: without a role, Azure does not say whether they exist. ${MADE_HERE}`,
  },
};

function describeFailure(message: string, location: WorkspaceLocation): Problem {
  const code = azureCodeOf(message);
  const failure = FAILURES[code];
  return failure
    ? {
        what: `The workspace (Azure: ${code})`,
        must: failure.must,
        received: location,
        remedy: failure.remedy(location),
      }
    : {
        what: "The workspace",
        must: `be readable. It was not: ${message}`,
        received: location,
        remedy: "Try again. If the problem stays: the message above is from Azure.",
      };
}
