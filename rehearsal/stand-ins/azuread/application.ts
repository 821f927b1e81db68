import type { AzureConnection } from "../azure-connection";
import type { Properties } from "../property-values";
import type { ResourceType } from "../resource-type";
import { bindOwners, callGraph, checkObjectPath, fromGraph, readOwned, toGraph, updateOwners } from "./graph";

const INPUT_NAMES = {
  displayName: "displayName",
  description: "description",
  notes: "notes",
  serviceManagementReference: "serviceManagementReference",
  signInAudience: "signInAudience",
  tags: "tags",
};
const OUTPUT_NAMES = {
  ...INPUT_NAMES,
  clientId: "appId",
  objectId: "id",
  publisherDomain: "publisherDomain",
};

/** `azuread.Application`. One write where the real provider makes four (design of the stand-ins). */
export const application: ResourceType<AzureConnection> = {
  token: "azuread:index/application:Application",
  comparedWith: "state",
  inputs: {
    displayName: { required: true },
    description: {},
    notes: {},
    owners: { unordered: true },
    serviceManagementReference: {},
    signInAudience: { computed: true },
    tags: { unordered: true, computed: true },
  },
  computedOutputs: ["clientId", "objectId", "publisherDomain"],

  async create(connection, inputs) {
    const body = { ...toGraph(INPUT_NAMES, inputs), ...bindOwners(connection, inputs) };
    const created = await callGraph(connection, "Could not create application", {
      method: "POST",
      path: "/applications",
      body,
    });
    // The owners are those asked for: to read them back is another call, and the next refresh does it.
    const outputs = { ...fromGraph(OUTPUT_NAMES, created.json), owners: inputs["owners"] ?? [] };
    return { id: `/applications/${String(created.json["id"])}`, outputs };
  },

  async read(connection, id) {
    const path = checkObjectPath("applications", id);
    const outputs = await readOwned(connection, path, OUTPUT_NAMES);
    return outputs && { id, outputs };
  },

  async update(connection, id, inputs, state) {
    const path = checkObjectPath("applications", id);
    const action = `Could not update application with object ID: "${String(state["objectId"])}"`;
    await callGraph(connection, action, {
      method: "PATCH",
      path,
      body: withDefaults(toGraph(INPUT_NAMES, inputs, true)),
    });
    await updateOwners(connection, path, inputs);
    return (await readOwned(connection, path, OUTPUT_NAMES)) ?? {};
  },

  async delete(connection, id) {
    const path = checkObjectPath("applications", id);
    await callGraph(connection, `deleting ${path}`, { method: "DELETE", path });
  },
};

// Graph refuses null for these two.
function withDefaults(body: Properties): Properties {
  return { ...body, signInAudience: body["signInAudience"] ?? "AzureADMyOrg", tags: body["tags"] ?? [] };
}
