import { getVault, type GetVaultResult } from "@pulumi/azure-native/keyvault/getVault";
import * as pulumi from "@pulumi/pulumi";
import { command } from "../plan/commands";
import { readLastDetails } from "./last-outputs";
import { askOnce, azureCodeOf, Hidden, LookUpError, type Login } from "./look-ups";
import { messageOf, type Problem } from "../plan/problems";
import type { WorkspaceLocation } from "../plan/scopes";
import {
  canonicalVault,
  locateVault,
  vaultIdOf,
  WORKSPACE_VAULT,
  type NamedSecret,
  type VaultLocation,
} from "../plan/vaults";

// Loaded only if a Key Vault is set.

/** A vault to look up: which one it is, for whom, and what goes into it. */
export interface VaultQuestion {
  /** In canonical spelling. */
  vault: string;
  workspace: WorkspaceLocation & { keyVaultId?: string };
  login: Login;
  /** Whether to ask Azure. */
  looksUp: boolean;
  vaultSecrets: readonly NamedSecret[];
  /** The arguments that are secrets, by their names. */
  secrets: Readonly<Record<string, string>>;
}

/**
 * Finds the vault, and warns of dangers before anything is written to it.
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
  const hidden = hide(question.secrets, location);
  const shown = hidden.place(location);
  if (location.subscriptionId !== login.subscriptionId.toLowerCase()) {
    throw new LookUpError("OTHER_SUBSCRIPTION", SUBJECT, {
      what: "The subscription of the Key Vault",
      must: "be the one that the azure-native provider uses",
      received: { keyVault: shown.subscriptionId, provider: login.subscriptionId },
      remedy: "Choose a vault in the subscription of the workspace.",
    });
  }
  if (!looksUp) return location;
  const found = await askForVault(location, parent, hidden);
  const tell = (severity: "info" | "warn", text: string) =>
    void pulumi.log[severity](hidden.text(text), parent);
  for (const danger of describeDangers(found, location, question)) tell("warn", danger);
  if (await isNew(location, parent))
    for (const { severity, text } of describeFirstDelivery(found, location, question)) tell(severity, text);
  return location;
}

/** Hides in messages: names of the workspace that are secrets, and those of the vault if `keyVault` is a secret. */
function hide({ keyVault, ...secrets }: VaultQuestion["secrets"], location: VaultLocation): Hidden {
  if (keyVault === undefined) return new Hidden(secrets);
  const { vaultName, ...place } = location;
  return new Hidden({ ...secrets, vaultName, ...(canonicalVault(keyVault)?.startsWith("/") && place) });
}

const SUBJECT = "Key Vault";

async function askForVault(
  location: VaultLocation,
  parent: pulumi.Resource,
  hidden: Hidden,
): Promise<VaultProperties> {
  const { resourceGroupName, vaultName } = location;
  const token = "azure-native:keyvault:getVault";
  try {
    const { properties } = await askOnce(parent, token, `${resourceGroupName}/${vaultName}`, () =>
      getVault({ resourceGroupName, vaultName }, { parent }),
    );
    return properties;
  } catch (error) {
    throw new LookUpError(
      "KEY_VAULT_NOT_FOUND",
      SUBJECT,
      describeFailure(hidden.text(messageOf(error)), hidden.place(location)),
    );
  }
}

type VaultProperties = Partial<GetVaultResult["properties"]>;

const MADE_HERE = "If this program creates it, set workspaceLookup to false.";

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

/** Warnings of every run. */
export function describeDangers(
  vault: VaultProperties,
  location: VaultLocation,
  { vault: wanted, workspace, login, vaultSecrets }: VaultQuestion,
): string[] {
  const { vaultName } = location;
  const dangers: string[] = [];
  const ofWorkspace = locateVault(WORKSPACE_VAULT, workspace);
  const isWorkspaces =
    wanted === WORKSPACE_VAULT || (ofWorkspace && vaultIdOf(ofWorkspace)) === vaultIdOf(location);
  const hasPassword = vaultSecrets.some(({ variable }) => variable === "HIML_SERVICE_PRINCIPAL_PASSWORD");
  if (isWorkspaces && hasPassword) {
    dangers.push(
      `Key Vault ${vaultName} belongs to the workspace ${workspace.workspaceName}: everybody who may run a job in the workspace can read the password there. To prevent that, use a separate vault.`,
    );
  }
  if (hasFirewall(vault)) {
    dangers.push(
      `Key Vault ${vaultName} has a firewall. \`pulumi up\` writes through Azure Resource Manager, and works. But \`pulumi destroy\` deletes in the vault itself: outside the networks that the vault allows it fails. Jobs that read the secret fail there too.`,
    );
  }
  if (vault.enableRbacAuthorization !== true && login.objectId && !mayDelete(vault, login.objectId)) {
    dangers.push(
      `Key Vault ${vaultName}: none of its access policies lets you (${login.objectId}) delete secrets. Unless a group of yours has such a policy, \`pulumi destroy\` will fail. ` +
        `${command`az keyvault set-policy --name ${vaultName} --object-id ${login.objectId} --secret-permissions get list delete recover`} gives you the right.`,
    );
  }
  return dangers;
}

function hasFirewall({ publicNetworkAccess, networkAcls }: VaultProperties): boolean {
  const is = (value: unknown, word: string) => typeof value === "string" && value.toLowerCase() === word;
  return is(publicNetworkAccess, "disabled") || is(networkAcls?.defaultAction, "deny");
}

function mayDelete({ accessPolicies = [] }: VaultProperties, objectId: string): boolean {
  return accessPolicies
    .filter((policy) => policy.objectId.toLowerCase() === objectId.toLowerCase())
    .flatMap(({ permissions }) => permissions.secrets ?? [])
    .some((permission) => ["delete", "all"].includes(permission.toLowerCase()));
}

/** Whether this stack has written nothing to the vault yet, as far as its outputs show. */
async function isNew(location: VaultLocation, parent: pulumi.Resource): Promise<boolean> {
  const id = vaultIdOf(location).toLowerCase();
  const last = await readLastDetails(parent);
  return !last.some(({ keyVault }) => keyVault?.vaultId.toLowerCase() === id);
}

/** Messages before the first delivery. They come so early because `pulumi destroy` does not run the program. */
export function describeFirstDelivery(
  vault: VaultProperties,
  { vaultName }: VaultLocation,
  { vaultSecrets }: VaultQuestion,
): { severity: "info" | "warn"; text: string }[] {
  const said: { severity: "info" | "warn"; text: string }[] = [];
  if (vault.enableRbacAuthorization === true) {
    said.push({
      severity: "warn",
      text:
        `Key Vault ${vaultName} uses role assignments. This program cannot look up which of them you have. \`pulumi up\` needs the right to write secrets (Microsoft.KeyVault/vaults/secrets/write, as in Contributor and Key Vault Contributor). ` +
        "`pulumi destroy` needs the right to delete them in the vault (Key Vault Secrets Officer), and fails without it.",
    });
  }
  // Since 2025 every new vault has soft delete; older ones may not.
  if (vault.enableSoftDelete === false) return said;
  const days = vault.softDeleteRetentionInDays ?? 90;
  const [what, names, which] =
    vaultSecrets.length > 1 ? ["secrets", "their names", "them"] : ["secret", "its name", "it"];
  const sooner =
    vault.enablePurgeProtection === true
      ? `the vault has purge protection, so nobody can remove ${which} sooner`
      : `${command`az keyvault secret purge --vault-name ${vaultName} --name ${vaultSecrets[0]!.secretName}`} removes ${which} sooner`;
  said.push({
    severity: "info",
    text:
      `Key Vault ${vaultName}: \`pulumi destroy\` deletes the ${what}, and the vault keeps ${which} as deleted for ${days} days (${sooner}). Nobody can log in with the password by then: Entra has removed it. ` +
      `Nothing else can use ${names} in that time. A later \`pulumi up\` recovers ${which} if you may read and recover deleted secrets in the vault (Key Vault Secrets Officer). Otherwise it fails with a conflict; then choose other names with keyVaultSecretPrefix.`,
  });
  return said;
}
