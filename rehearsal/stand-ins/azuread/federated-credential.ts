import type { AzureConnection } from "../azure-connection";
import type { Properties } from "../property-values";
import type { ResourceType } from "../resource-type";
import { callGraph, fromGraph, parseCredentialId, parseObjectPath, readObject } from "./graph";

const NAMES = {
  audiences: "audiences",
  description: "description",
  displayName: "name",
  issuer: "issuer",
  subject: "subject",
};

/** `azuread.ApplicationFederatedIdentityCredential`: the trust in one subject of one issuer. */
export const federatedCredential: ResourceType<AzureConnection> = {
  token: "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
  comparedWith: "state",
  inputs: {
    applicationId: { required: true, replaces: true },
    audiences: { required: true },
    description: {},
    displayName: { required: true, replaces: true },
    issuer: { required: true },
    subject: { required: true },
  },
  computedOutputs: ["credentialId"],

  async create(connection, inputs) {
    const applicationId = parseObjectPath("applications", inputs["applicationId"]);
    const action = `Adding federated identity credential for Application (Application: "${applicationId}")`;
    const path = `/applications/${applicationId}/federatedIdentityCredentials`;
    const { json } = await callGraph(connection, action, { method: "POST", path, body: toBody(inputs) });
    const credentialId = String(json["id"]);
    return {
      id: `${applicationId}/federatedIdentityCredential/${credentialId}`,
      outputs: { ...fromGraph(NAMES, json), credentialId },
    };
  },

  async read(connection, id) {
    const { applicationId, keyId } = parseCredentialId("federatedIdentityCredential", id);
    const action = `Retrieving federated identity credential with ID "${keyId}" for application with object ID "${applicationId}"`;
    const path = `/applications/${applicationId}/federatedIdentityCredentials/${keyId}`;
    const object = await readObject(connection, action, path);
    if (object === undefined) return undefined;
    const outputs = {
      ...fromGraph(NAMES, object),
      applicationId: `/applications/${applicationId}`,
      credentialId: keyId,
    };
    return { id, outputs };
  },

  async update(connection, id, inputs) {
    const { applicationId, keyId } = parseCredentialId("federatedIdentityCredential", id);
    const action = `Updating federated identity credential with ID "${keyId}" for application with object ID "${applicationId}"`;
    const path = `/applications/${applicationId}/federatedIdentityCredentials/${keyId}`;
    await callGraph(connection, action, { method: "PATCH", path, body: toBody(inputs) });
    return { description: inputs["description"] ?? "" };
  },

  async delete(connection, id) {
    const { applicationId, keyId } = parseCredentialId("federatedIdentityCredential", id);
    const path = `/applications/${applicationId}/federatedIdentityCredentials/${keyId}`;
    await callGraph(connection, `Removing ${path}`, { method: "DELETE", path });
  },
};

function toBody(inputs: Properties): Properties {
  return {
    name: inputs["displayName"],
    issuer: inputs["issuer"],
    subject: inputs["subject"],
    audiences: inputs["audiences"],
    description: inputs["description"] ?? "",
  };
}
