import type { AzureConnection } from "../azure-connection";
import { isObject, type Properties } from "../property-values";
import { ProviderError } from "../provider-error";
import type { ProviderFunction } from "../resource-type";
import { KEY_VAULT_API_VERSION, secretOutputs, vaultPath } from "./key-vault-secret";
import { callResourceManager, subscriptionOf } from "./resource-manager";

/** `azure-native.machinelearningservices.getWorkspace`. */
export const getWorkspace: ProviderFunction<AzureConnection> = (connection, args) =>
  getResource(
    connection,
    `/subscriptions/${subscriptionOf(connection)}/resourceGroups/${segment(args, "resourceGroupName")}` +
      `/providers/Microsoft.MachineLearningServices/workspaces/${segment(args, "workspaceName")}`,
    "2025-12-01",
  );

/** `azure-native.managedidentity.getUserAssignedIdentity`. */
export const getUserAssignedIdentity: ProviderFunction<AzureConnection> = (connection, args) =>
  getResource(
    connection,
    `/subscriptions/${subscriptionOf(connection)}/resourceGroups/${segment(args, "resourceGroupName")}` +
      `/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${segment(args, "resourceName")}`,
    "2023-01-31",
  );

/** `azure-native.resources.getResourceGroup`. */
export const getResourceGroup: ProviderFunction<AzureConnection> = (connection, args) =>
  getResource(
    connection,
    `/subscriptions/${subscriptionOf(connection)}/resourceGroups/${segment(args, "resourceGroupName")}`,
    "2024-03-01",
  );

/** `azure-native.authorization.getRoleDefinition`. */
export const getRoleDefinition: ProviderFunction<AzureConnection> = (connection, args) =>
  getResource(
    connection,
    `/${String(args["scope"]).replace(/^\/+|\/+$/g, "")}/providers/Microsoft.Authorization/roleDefinitions/${segment(args, "roleDefinitionId")}`,
    "2022-05-01-preview",
  );

/** `azure-native.keyvault.getVault`. */
export const getVault: ProviderFunction<AzureConnection> = (connection, args) =>
  readResource(connection, vaultPath(subscriptionOf(connection), args), KEY_VAULT_API_VERSION);

/** `azure-native.keyvault.getSecret`: never the value. */
export const getSecret: ProviderFunction<AzureConnection> = async (connection, args) => {
  const path = `${vaultPath(subscriptionOf(connection), args)}/secrets/${segment(args, "secretName")}`;
  const secret = await readResource(connection, path, KEY_VAULT_API_VERSION);
  return { ...secret, ...secretOutputs(secret) };
};

/** The SDKs see the members of `properties` beside the envelope's own, where the API's description says so. */
async function getResource(
  connection: AzureConnection,
  path: string,
  apiVersion: string,
): Promise<Properties> {
  const { properties, ...envelope } = await readResource(connection, path, apiVersion);
  return { ...(isObject(properties) ? properties : {}), ...envelope };
}

async function readResource(
  connection: AzureConnection,
  path: string,
  apiVersion: string,
): Promise<Properties> {
  const { json } = await callResourceManager(connection, { method: "GET", path, apiVersion }, [200]).catch(
    (error: unknown) => {
      if (!(error instanceof ProviderError)) throw error;
      throw new ProviderError(error.code, `request failed ${path}: ${error.message}`, error.status);
    },
  );
  return { ...json, azureApiVersion: apiVersion };
}

function segment(args: Properties, name: string): string {
  return encodeURIComponent(String(args[name]));
}
