import { randomUUID } from "node:crypto";
import type { AzureAnswer, AzureConnection } from "../azure-connection";
import { isObject, type Properties } from "../property-values";
import type { ResourceType } from "../resource-type";
import { callResourceManager, requireFree } from "./resource-manager";

const API_VERSION = "2022-04-01";
const BODY = [
  "condition",
  "conditionVersion",
  "delegatedManagedIdentityResourceId",
  "description",
  "principalId",
  "principalType",
  "roleDefinitionId",
];
const READ_ONLY = ["createdBy", "createdOn", "updatedBy", "updatedOn"];
// The real provider's own mark on inputs: it chose the name at random, so two of them can be there side by side.
const CREATE_BEFORE_DELETE = "__createBeforeDelete";

/** `azure-native.authorization.RoleAssignment`. */
export const roleAssignment: ResourceType<AzureConnection> = {
  token: "azure-native:authorization:RoleAssignment",
  comparedWith: "inputs",
  inputs: {
    azureApiVersion: {},
    condition: {},
    conditionVersion: {},
    delegatedManagedIdentityResourceId: {},
    description: {},
    principalId: { required: true, replaces: true },
    principalType: {},
    roleAssignmentName: { replaces: true },
    // Not a reason to replace, see forceNewMap in pulumi-azure-native provider/pkg/gen/replacement.go.
    roleDefinitionId: { required: true },
    scope: { required: true, replaces: true },
  },
  computedOutputs: ["name", "type", ...READ_ONLY],

  // As in pulumi-azure-native provider/pkg/provider/provider.go, Diff: a name given by the program may be taken.
  deletesBeforeReplacing: (oldInputs) => oldInputs[CREATE_BEFORE_DELETE] !== true,

  check(news, olds) {
    const inputs: Properties = { ...news, azureApiVersion: API_VERSION };
    if (inputs["roleAssignmentName"] === undefined) {
      inputs["roleAssignmentName"] = olds["roleAssignmentName"] ?? randomUUID();
      inputs[CREATE_BEFORE_DELETE] =
        olds["roleAssignmentName"] === undefined || olds[CREATE_BEFORE_DELETE] === true;
    }
    return { inputs, failures: [] };
  },

  async create(connection, inputs) {
    const path = pathOf(inputs);
    await requireFree(connection, path, API_VERSION);
    return put(connection, path, inputs);
  },

  async read(connection, id) {
    const answer = await callResourceManager(
      connection,
      { method: "GET", path: id, apiVersion: API_VERSION },
      [200, 404],
    );
    return answer.status === 404 ? undefined : { id, outputs: outputsOf(answer) };
  },

  async update(connection, id, inputs) {
    return (await put(connection, id, inputs)).outputs;
  },

  async delete(connection, id) {
    await callResourceManager(
      connection,
      { method: "DELETE", path: id, apiVersion: API_VERSION },
      [200, 202, 204, 404],
    );
  },
};

function pathOf(inputs: Properties): string {
  const scope = String(inputs["scope"]).replace(/^\/+|\/+$/g, "");
  return `/${scope}/providers/Microsoft.Authorization/roleAssignments/${String(inputs["roleAssignmentName"])}`;
}

async function put(connection: AzureConnection, path: string, inputs: Properties) {
  const properties = Object.fromEntries(
    BODY.filter((name) => inputs[name] !== undefined).map((name) => [name, inputs[name]]),
  );
  const call = { method: "PUT", path, apiVersion: API_VERSION, body: { properties } } as const;
  const answer = await callResourceManager(connection, call, [200, 201]);
  return { id: typeof answer.json["id"] === "string" ? answer.json["id"] : path, outputs: outputsOf(answer) };
}

function outputsOf({ json }: AzureAnswer): Properties {
  const properties = isObject(json["properties"]) ? json["properties"] : {};
  const outputs: Properties = { name: json["name"], type: json["type"], azureApiVersion: API_VERSION };
  for (const name of [...BODY, ...READ_ONLY, "scope"]) outputs[name] = properties[name];
  return outputs;
}
