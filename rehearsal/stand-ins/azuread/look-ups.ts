import type { AzureConnection } from "../azure-connection";
import type { Properties } from "../property-values";
import { ProviderError } from "../provider-error";
import type { ProviderFunction } from "../resource-type";
import { fromGraph, listObjects } from "./graph";

const APPLICATION = {
  clientId: "appId",
  displayName: "displayName",
  objectId: "id",
  tags: "tags",
};
const PRINCIPAL = { ...APPLICATION, accountEnabled: "accountEnabled", type: "servicePrincipalType" };

/** `azuread.getApplication`, by its client ID. */
export const getApplication: ProviderFunction<AzureConnection> = async (connection, { clientId }) => {
  const [found] = await listByClientId(connection, "applications", clientId);
  if (found !== undefined)
    return { ...fromGraph(APPLICATION, found), id: `/applications/${String(found["id"])}` };
  throw new ProviderError(
    "NOT_FOUND",
    `Application not found: no applications found matching filter: "appId eq '${String(clientId)}'"`,
  );
};

/** `azuread.getServicePrincipal`, by the client ID of its application. */
export const getServicePrincipal: ProviderFunction<AzureConnection> = async (connection, { clientId }) => {
  const [found] = await listByClientId(connection, "servicePrincipals", clientId);
  if (found !== undefined)
    return { ...fromGraph(PRINCIPAL, found), id: `/servicePrincipals/${String(found["id"])}` };
  throw new ProviderError("NOT_FOUND", "No service principal found: no service principal found");
};

function listByClientId(connection: AzureConnection, path: string, clientId: unknown): Promise<Properties[]> {
  if (typeof clientId !== "string")
    throw new ProviderError("NOT_SUPPORTED", `${path} can be looked up by client ID only.`);
  const filter = `appId eq '${clientId}'`;
  return listObjects(
    connection,
    `Listing ${path} for filter "${filter}"`,
    `/${path}?$filter=${encodeURIComponent(filter)}`,
  );
}
