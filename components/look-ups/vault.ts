import { getVault } from "@pulumi/azure-native/keyvault/getVault";
import type * as pulumi from "@pulumi/pulumi";
import { messageOf, type Problem } from "../plan/problems";
import type { WorkspaceLocation } from "../plan/scopes";
import { locateVault, vaultIdOf, WORKSPACE_VAULT, type VaultLocation } from "../plan/vaults";
import { warn } from "../report";
import { askOnce, azureCodeOf, LookUpError, MADE_HERE } from "./ask";
import type { Login } from "./login";

// Loaded only if a Key Vault is set.

const SUBJECT = "Key Vault";

/** A vault to look up. */
export interface VaultQuestion {
  /** In canonical spelling. */
  vault: string;
  workspace: WorkspaceLocation & { keyVaultId?: string };
  login: Login;
  /** Whether to ask Azure. */
  looksUp: boolean;
  /** Whether the password goes into it. */
  password: boolean;
}

/**
 * Finds the vault, and warns if jobs of the workspace could read the password there.
 *
 * @returns undefined if nothing can be known yet, as in a preview whose provider is not configured
 * @throws LookUpError if the vault does not exist, if it may not be read, or if it is not in the provider's subscription
 * (the resource accepts no other)
 */
export async function lookUpVault(
  question: VaultQuestion,
  parent: pulumi.Resource,
): Promise<VaultLocation | undefined> {
  const { vault, workspace, login, looksUp } = question;
  const location = locateVault(vault, workspace);
  if (location === undefined) {
    if (!login.subscriptionId) return undefined;
    throw new LookUpError("WORKSPACE_WITHOUT_KEY_VAULT", SUBJECT, {
      what: "keyVault",
      must: "name the vault: Azure reports none for the workspace",
      remedy: 'Set its name or its resource ID; `az keyvault list --query "[].id"` lists them.',
    });
  }
  if (!login.subscriptionId) return location;
  if (location.subscriptionId !== login.subscriptionId) {
    throw new LookUpError("OTHER_SUBSCRIPTION", SUBJECT, {
      what: "The subscription of the Key Vault",
      must: "be the one that the azure-native provider uses",
      received: { keyVault: location.subscriptionId, provider: login.subscriptionId },
      remedy: "Choose a vault in the subscription of the workspace.",
    });
  }
  if (!looksUp) return location;
  await askForVault(location, parent);
  if (question.password && isOfWorkspace(location, question))
    warn(
      parent,
      `Key Vault ${location.vaultName} belongs to the workspace ${workspace.workspaceName}: everybody who may run a job in the workspace can read the password there. To prevent that, use a separate vault.`,
    );
  return location;
}

async function askForVault(location: VaultLocation, parent: pulumi.Resource): Promise<void> {
  const { resourceGroupName, vaultName } = location;
  const token = "azure-native:keyvault:getVault";
  try {
    await askOnce(parent, token, `${resourceGroupName}/${vaultName}`, () =>
      getVault({ resourceGroupName, vaultName }, { parent }),
    );
  } catch (error) {
    throw new LookUpError("KEY_VAULT_NOT_FOUND", SUBJECT, describeFailure(messageOf(error), location));
  }
}

function describeFailure(message: string, location: VaultLocation): Problem {
  const code = azureCodeOf(message);
  const must = {
    ResourceNotFound: "exist in its resource group",
    ResourceGroupNotFound: "be in a resource group that exists",
    AuthorizationFailed: "be readable with your login",
  }[code];
  if (must === undefined) {
    return {
      what: "The vault",
      must: `be readable. It was not: ${message}`,
      received: location,
      remedy: "Try again. If the problem stays: the message above is from Azure.",
    };
  }
  const remedy =
    code === "AuthorizationFailed"
      ? `Ask for the role Reader on the vault, and check the names: without a role, Azure does not say whether they exist.`
      : '`az keyvault list --query "[].id"` lists the resource IDs of all that exist. A name alone means a vault in the resource group of the workspace. For a vault in another group, set its resource ID.';
  return {
    what: `The vault (Azure: ${code})`,
    must,
    received: location,
    remedy: code === "AuthorizationFailed" ? remedy : `${remedy} ${MADE_HERE}`,
  };
}

/** Whether it is the workspace's own vault, under whatever name. */
export function isOfWorkspace(
  location: VaultLocation,
  { vault, workspace }: Pick<VaultQuestion, "vault" | "workspace">,
): boolean {
  const own = locateVault(WORKSPACE_VAULT, workspace);
  return vault === WORKSPACE_VAULT || (own !== undefined && vaultIdOf(own) === vaultIdOf(location));
}
