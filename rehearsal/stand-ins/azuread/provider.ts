import { getVersion } from "@pulumi/azuread/utilities";
import { AzureConnection } from "../azure-connection";
import type { Provider } from "../resource-type";
import { application } from "./application";
import { applicationPassword } from "./application-password";
import { federatedCredential, flexibleFederatedCredential } from "./federated-credential";
import { getApplication, getServicePrincipal } from "./look-ups";
import { servicePrincipal } from "./service-principal";

/** The stand-in of the provider `azuread`. */
export const azuread: Provider<AzureConnection> = {
  name: "azuread",
  version: getVersion(),
  async connect(readSetting, signal) {
    const connection = await AzureConnection.open(readSetting, signal);
    // The real one logs in when it is configured, in a preview too; azure-native does at its first call.
    await connection.caller();
    return connection;
  },
  disconnect: (connection) => connection.close(),
  resources: [
    application,
    servicePrincipal,
    applicationPassword,
    federatedCredential,
    flexibleFederatedCredential,
  ],
  functions: {
    "azuread:index/getClientConfig:getClientConfig": async (connection) => {
      const caller = await connection.caller();
      return { ...caller, id: `${caller.tenantId}-${caller.clientId}-${caller.objectId}` };
    },
    "azuread:index/getApplication:getApplication": getApplication,
    "azuread:index/getServicePrincipal:getServicePrincipal": getServicePrincipal,
  },
};
