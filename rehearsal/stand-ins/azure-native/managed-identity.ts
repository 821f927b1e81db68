import { randomBytes } from "node:crypto";
import type { AzureAnswer, AzureConnection } from "../azure-connection";
import { isObject, type Properties } from "../property-values";
import type { InputRule, ResourceType } from "../resource-type";
import { callResourceManager, requireFree, subscriptionOf } from "./resource-manager";

const API_VERSION = "2023-01-31";
// The real provider's own mark on inputs: it chose the name at random, so two of them can be there side by side.
const CREATE_BEFORE_DELETE = "__createBeforeDelete";

/** `azure-native.managedidentity.UserAssignedIdentity`. */
export const userAssignedIdentity = resource({
  token: "azure-native:managedidentity:UserAssignedIdentity",
  nameInput: "resourceName",
  inputs: {
    // Left out, the real provider takes that of the resource group; here it must be said.
    location: { required: true, replaces: true },
    tags: {},
  },
  computed: ["clientId", "principalId", "tenantId"],
  pathOf: identityPath,
  bodyOf: ({ location, tags }) => ({ location, tags }),
});

/** `azure-native.managedidentity.FederatedIdentityCredential`. */
export const federatedIdentityCredential = resource({
  token: "azure-native:managedidentity:FederatedIdentityCredential",
  nameInput: "federatedIdentityCredentialResourceName",
  inputs: {
    audiences: { required: true },
    issuer: { required: true },
    resourceName: { required: true, replaces: true },
    subject: { required: true },
  },
  computed: [],
  pathOf: (connection, inputs) =>
    `${identityPath(connection, inputs)}/federatedIdentityCredentials/${segment(inputs, "federatedIdentityCredentialResourceName")}`,
  bodyOf: ({ audiences, issuer, subject }) => ({ properties: { audiences, issuer, subject } }),
});

/** What the two have in common: a name that is chosen where none is given, and one path for everything. */
function resource(kind: {
  token: string;
  nameInput: string;
  inputs: Readonly<Record<string, InputRule>>;
  computed: readonly string[];
  pathOf: (connection: AzureConnection, inputs: Properties) => string;
  bodyOf: (inputs: Properties) => Properties;
}): ResourceType<AzureConnection> {
  const { nameInput, pathOf, bodyOf } = kind;
  const put = async (connection: AzureConnection, path: string, inputs: Properties) => {
    const call = { method: "PUT", path, apiVersion: API_VERSION, body: bodyOf(inputs) } as const;
    const answer = await callResourceManager(connection, call, [200, 201]);
    const { id } = answer.json;
    return { id: typeof id === "string" ? id : path, outputs: outputsOf(answer) };
  };
  return {
    token: kind.token,
    comparedWith: "inputs",
    inputs: {
      ...kind.inputs,
      azureApiVersion: {},
      [nameInput]: { replaces: true },
      resourceGroupName: { required: true, replaces: true },
    },
    computedOutputs: ["name", "type", "systemData", ...kind.computed],

    deletesBeforeReplacing: (oldInputs) => oldInputs[CREATE_BEFORE_DELETE] !== true,

    check(news, olds) {
      const inputs: Properties = { ...news, azureApiVersion: API_VERSION };
      if (inputs[nameInput] === undefined) {
        inputs[nameInput] = olds[nameInput] ?? `identity${randomBytes(4).toString("hex")}`;
        inputs[CREATE_BEFORE_DELETE] = olds[nameInput] === undefined || olds[CREATE_BEFORE_DELETE] === true;
      }
      return { inputs, failures: [] };
    },

    async create(connection, inputs) {
      const path = pathOf(connection, inputs);
      await requireFree(connection, path, API_VERSION);
      return put(connection, path, inputs);
    },

    async read(connection, id) {
      const call = { method: "GET", path: id, apiVersion: API_VERSION } as const;
      const answer = await callResourceManager(connection, call, [200, 404]);
      return answer.status === 404 ? undefined : { id, outputs: outputsOf(answer) };
    },

    async update(connection, id, inputs) {
      return (await put(connection, id, inputs)).outputs;
    },

    async delete(connection, id) {
      const call = { method: "DELETE", path: id, apiVersion: API_VERSION } as const;
      await callResourceManager(connection, call, [200, 202, 204, 404]);
    },
  };
}

function identityPath(connection: AzureConnection, inputs: Properties): string {
  const group = `/subscriptions/${subscriptionOf(connection)}/resourceGroups/${segment(inputs, "resourceGroupName")}`;
  return `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${segment(inputs, "resourceName")}`;
}

function segment(inputs: Properties, name: string): string {
  return encodeURIComponent(String(inputs[name]));
}

/** The SDKs see the members of `properties` beside the envelope's own. */
function outputsOf({ json: { id: _id, properties, ...envelope } }: AzureAnswer): Properties {
  return { ...(isObject(properties) ? properties : {}), ...envelope, azureApiVersion: API_VERSION };
}
