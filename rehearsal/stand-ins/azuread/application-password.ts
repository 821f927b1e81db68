import type { AzureConnection } from "../azure-connection";
import { isObject, type Properties } from "../property-values";
import type { ResourceType } from "../resource-type";
import { callGraph, fromGraph, parseCredentialId, parseObjectPath, readObject } from "./graph";

const NAMES = {
  displayName: "displayName",
  startDate: "startDateTime",
  endDate: "endDateTime",
  keyId: "keyId",
};

/** `azuread.ApplicationPassword`: whatever changes, it is replaced. Its value is answered once, at its creation. */
export const applicationPassword: ResourceType<AzureConnection> = {
  token: "azuread:index/applicationPassword:ApplicationPassword",
  comparedWith: "state",
  inputs: {
    applicationId: { required: true, replaces: true },
    displayName: { replaces: true, computed: true },
    endDate: { replaces: true, computed: true },
    rotateWhenChanged: { replaces: true },
    startDate: { replaces: true, computed: true },
  },
  computedOutputs: ["keyId", "value"],
  secretOutputs: ["value"],

  async create(connection, inputs) {
    const applicationId = parseObjectPath("applications", inputs["applicationId"]);
    const credential: Properties = {};
    for (const [input, property] of Object.entries(NAMES)) {
      if (inputs[input] !== undefined) credential[property] = inputs[input];
    }
    const { json } = await callGraph(
      connection,
      `Adding password for Application (Application: "${applicationId}")`,
      {
        method: "POST",
        path: `/applications/${applicationId}/addPassword`,
        body: { passwordCredential: credential },
      },
    );
    return {
      id: `${applicationId}/password/${String(json["keyId"])}`,
      outputs: { ...fromGraph(NAMES, json), value: json["secretText"] },
    };
  },

  async read(connection, id) {
    const { applicationId, keyId } = parseCredentialId("password", id);
    const path = `/applications/${applicationId}`;
    const object = await readObject(
      connection,
      `Retrieving Application (Application: "${applicationId}")`,
      path,
    );
    const credentials = Array.isArray(object?.["passwordCredentials"]) ? object["passwordCredentials"] : [];
    const found = credentials
      .filter(isObject)
      .find((one) => String(one["keyId"]).toLowerCase() === keyId.toLowerCase());
    if (found === undefined) return undefined;
    return { id, outputs: { ...fromGraph(NAMES, found), applicationId: path } };
  },

  async delete(connection, id) {
    const { applicationId, keyId } = parseCredentialId("password", id);
    await callGraph(
      connection,
      `Removing password credential "${keyId}" from Application (Application: "${applicationId}")`,
      { method: "POST", path: `/applications/${applicationId}/removePassword`, body: { keyId } },
    );
  },
};
