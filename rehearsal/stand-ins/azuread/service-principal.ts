import type { AzureConnection } from "../azure-connection";
import { ProviderError } from "../provider-error";
import type { ResourceType } from "../resource-type";
import {
  bindOwners,
  callGraph,
  checkObjectPath,
  fromGraph,
  listObjects,
  readOwned,
  toGraph,
  updateOwners,
} from "./graph";

const INPUT_NAMES = {
  accountEnabled: "accountEnabled",
  appRoleAssignmentRequired: "appRoleAssignmentRequired",
  description: "description",
  notes: "notes",
  tags: "tags",
};
const OUTPUT_NAMES = {
  ...INPUT_NAMES,
  applicationTenantId: "appOwnerOrganizationId",
  clientId: "appId",
  displayName: "displayName",
  objectId: "id",
  servicePrincipalNames: "servicePrincipalNames",
  signInAudience: "signInAudience",
  type: "servicePrincipalType",
};

/** `azuread.ServicePrincipal`. One write where the real provider makes three. */
export const servicePrincipal: ResourceType<AzureConnection> = {
  token: "azuread:index/servicePrincipal:ServicePrincipal",
  comparedWith: "state",
  inputs: {
    clientId: { required: true, replaces: true },
    accountEnabled: { computed: true },
    appRoleAssignmentRequired: {},
    description: {},
    notes: {},
    owners: { unordered: true },
    tags: { unordered: true, computed: true },
    useExisting: {},
  },
  computedOutputs: [
    "applicationTenantId",
    "displayName",
    "objectId",
    "servicePrincipalNames",
    "signInAudience",
    "type",
  ],

  async create(connection, inputs) {
    const clientId = String(inputs["clientId"]);
    const filter = `/servicePrincipals?$filter=${encodeURIComponent(`appId eq '${clientId}'`)}`;
    const [existing] = await listObjects(connection, "Could not list existing service principals", filter);
    if (existing !== undefined) {
      const id = String(existing["id"]);
      const path = `/servicePrincipals/${id}`;
      if (inputs["useExisting"] === true)
        return { id: path, outputs: await this.update!(connection, path, inputs, {}) };
      throw new ProviderError(
        "ALREADY_EXISTS",
        `A resource with the ID "${id}" already exists. To be managed via Terraform, this resource needs to be imported into the State.`,
      );
    }
    const body = { appId: clientId, ...toGraph(INPUT_NAMES, inputs), ...bindOwners(connection, inputs) };
    const created = await callGraph(connection, "Could not create service principal", {
      method: "POST",
      path: "/servicePrincipals",
      body,
    });
    const outputs = { ...fromGraph(OUTPUT_NAMES, created.json), owners: inputs["owners"] ?? [] };
    return { id: `/servicePrincipals/${String(created.json["id"])}`, outputs };
  },

  async read(connection, id) {
    const path = checkObjectPath("servicePrincipals", id);
    const outputs = await readOwned(connection, path, OUTPUT_NAMES);
    return outputs && { id, outputs };
  },

  async update(connection, id, inputs) {
    const path = checkObjectPath("servicePrincipals", id);
    const body = toGraph(INPUT_NAMES, inputs, true);
    body["accountEnabled"] ??= true;
    body["appRoleAssignmentRequired"] ??= false;
    body["tags"] ??= [];
    await callGraph(connection, `Updating ${path}`, { method: "PATCH", path, body });
    await updateOwners(connection, path, inputs);
    return (await readOwned(connection, path, OUTPUT_NAMES)) ?? {};
  },

  async delete(connection, id) {
    const path = checkObjectPath("servicePrincipals", id);
    await callGraph(connection, `Deleting ${path}`, { method: "DELETE", path });
  },
};
