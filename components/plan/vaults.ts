import { createHash } from "node:crypto";
import { canonicalScope, unwrap, type WorkspaceLocation } from "./scopes";

/** Where a Key Vault is. All in lower case: Azure ignores case in names, azure-native does not. */
export interface VaultLocation {
  subscriptionId: string;
  resourceGroupName: string;
  vaultName: string;
}

/** The Key Vault that belongs to the Azure ML workspace. */
export const WORKSPACE_VAULT = "workspace";

// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftkeyvault
const VAULT_NAME = /^(?=.{3,24}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const VAULT_ID =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/microsoft\.keyvault\/vaults\/([^/]+)$/;

/** A Key Vault in canonical spelling: `workspace`, a name or a resource ID. Undefined if it is none of these. */
export function canonicalVault(text: string): string | undefined {
  const wanted = unwrap(text).toLowerCase();
  if (VAULT_NAME.test(wanted)) return wanted;
  const id = canonicalScope(text) ?? "";
  return VAULT_NAME.test(VAULT_ID.exec(id)?.[3] ?? "") ? id : undefined;
}

/** Where the vault of a canonical text is. Undefined if the workspace has none. */
export function locateVault(
  vault: string,
  workspace: WorkspaceLocation & { keyVaultId?: string },
): VaultLocation | undefined {
  if (vault === WORKSPACE_VAULT) return parseVaultId(canonicalScope(workspace.keyVaultId ?? "") ?? "");
  return (
    parseVaultId(vault) ?? {
      subscriptionId: workspace.subscriptionId.toLowerCase(),
      resourceGroupName: workspace.resourceGroupName.toLowerCase(),
      vaultName: vault,
    }
  );
}

function parseVaultId(id: string): VaultLocation | undefined {
  const [, subscriptionId, resourceGroupName, vaultName] = VAULT_ID.exec(id) ?? [];
  return vaultName === undefined
    ? undefined
    : { subscriptionId: subscriptionId!, resourceGroupName: resourceGroupName!, vaultName };
}

export function vaultIdOf({ subscriptionId, resourceGroupName, vaultName }: VaultLocation): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/Microsoft.KeyVault/vaults/${vaultName}`;
}

/** Longest prefix: a secret's name has at most 127 characters, the longest variable 31, with a hyphen between. */
export const LONGEST_PREFIX = 95;

/**
 * Default prefix of the secrets' names: the stack's name, in the characters that Key Vault allows, and 8 hexadecimal
 * digits, which differ for every component of every stack and project. The name alone would not do: Key Vault ignores
 * case, and two stacks may differ in nothing else.
 */
export function defaultSecretPrefix(project: string, stack: string, component: string): string {
  const whose = createHash("sha256")
    .update(JSON.stringify([project, stack, component]))
    .digest("hex")
    .slice(0, 8);
  const shown = stack
    .replace(/[^0-9A-Za-z]+/g, "-")
    .slice(0, LONGEST_PREFIX - whose.length - 1)
    .replace(/^-|-$/g, "");
  return shown === "" ? whose : `${shown}-${whose}`;
}

/** Name of the secret that holds a variable. */
function vaultSecretName(prefix: string, variable: string): string {
  return `${prefix}-${variable.replaceAll("_", "-")}`;
}

/** The password comes first, so that no failure of another variable stops a renewal. */
const PASSWORD = "HIML_SERVICE_PRINCIPAL_PASSWORD";
const OTHERS = [
  "HIML_SERVICE_PRINCIPAL_ID",
  "HIML_TENANT_ID",
  "HIML_SUBSCRIPTION_ID",
  "HIML_RESOURCE_GROUP",
  "HIML_WORKSPACE_NAME",
] as const;

export type Variable = typeof PASSWORD | (typeof OTHERS)[number];

/** The variables that a delivery writes into the vault. */
function deliveredVariables(delivery: { password: boolean; otherVariables: boolean }): Variable[] {
  return [...(delivery.password ? [PASSWORD] : []), ...(delivery.otherVariables ? OTHERS : [])] as Variable[];
}

/** A variable, and the name of the secret that holds it. */
export interface NamedSecret {
  variable: Variable;
  secretName: string;
}

/** The secrets that a delivery creates. */
export function nameVaultSecrets(
  owner: { project: string; stack: string; component: string },
  delivery: { password: boolean; otherVariables: boolean; prefix: string | undefined },
): NamedSecret[] {
  const prefix = delivery.prefix ?? defaultSecretPrefix(owner.project, owner.stack, owner.component);
  return deliveredVariables(delivery).map((variable) => ({
    variable,
    secretName: vaultSecretName(prefix, variable),
  }));
}
