import { getVersion } from "@pulumi/azure-native/utilities";
import { AzureConnection } from "../azure-connection";
import type { Provider } from "../resource-type";
import {
  getResourceGroup,
  getRoleDefinition,
  getSecret,
  getUserAssignedIdentity,
  getVault,
  getWorkspace,
} from "./get-resource";
import { keyVaultSecret } from "./key-vault-secret";
import { federatedIdentityCredential, userAssignedIdentity } from "./managed-identity";
import { subscriptionOf } from "./resource-manager";
import { roleAssignment } from "./role-assignment";

/** The stand-in of the provider `azure-native`. */
export const azureNative: Provider<AzureConnection> = {
  name: "azure-native",
  version: getVersion(),
  connect: (readSetting, signal) => AzureConnection.open(readSetting, signal),
  disconnect: (connection) => connection.close(),
  resources: [federatedIdentityCredential, keyVaultSecret, roleAssignment, userAssignedIdentity],
  functions: {
    "azure-native:authorization:getClientConfig": async (connection) => ({
      ...(await connection.caller()),
      subscriptionId: subscriptionOf(connection),
    }),
    // As the real provider takes them, see tokenEndpoint in pulumi-azure-native provider/pkg/provider/provider.go.
    "azure-native:authorization:getClientToken": async (connection, { endpoint }) => ({
      token: await connection.clientToken(
        typeof endpoint === "string" && endpoint !== "" ? endpoint : undefined,
      ),
    }),
    "azure-native:authorization:getRoleDefinition": getRoleDefinition,
    "azure-native:keyvault:getSecret": getSecret,
    "azure-native:keyvault:getVault": getVault,
    "azure-native:machinelearningservices:getWorkspace": getWorkspace,
    "azure-native:managedidentity:getUserAssignedIdentity": getUserAssignedIdentity,
    "azure-native:resources:getResourceGroup": getResourceGroup,
  },
};
