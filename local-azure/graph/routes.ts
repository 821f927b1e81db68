import type { Cloud } from "../cloud";
import { type Call, isGuid, type Reply, type Route, type Service } from "../http";
import { RuleViolation } from "../store/violations";
import * as applications from "./applications";
import { authenticate, type GraphCaller } from "./caller";
import * as credentials from "./credentials";
import * as deletedItems from "./deleted-items";
import { objectIdInvalid, renderGraphError, translateViolation } from "./errors";
import * as principals from "./principals";

type GraphHandler = (cloud: Cloud, call: Call, caller: GraphCaller) => Reply;

function route(
  method: Route["method"],
  path: string,
  does: string,
  handler: GraphHandler,
  uncertain?: string,
): Route {
  return {
    api: "graph",
    method,
    path,
    does,
    ...(uncertain === undefined ? {} : { uncertain }),
    async handle(cloud, call) {
      const caller = await authenticate(cloud, call);
      for (const id of [call.params.id, call.params.owner])
        if (id !== undefined && !isGuid(id)) throw objectIdInvalid(id);
      try {
        return handler(cloud, call, caller);
      } catch (error) {
        throw error instanceof RuleViolation ? (translateViolation(error) ?? error) : error;
      }
    },
  };
}

const APPLICATION = "/v1.0/applications/:id";
const PRINCIPAL = "/v1.0/servicePrincipals/:id";
const DELETED = "/v1.0/directory/deletedItems";
const FEDERATED = `${APPLICATION}/federatedIdentityCredentials`;
const applicationOwners = principals.ownerHandlers((cloud, id) => cloud.world.directory.application(id));
const principalOwners = principals.ownerHandlers((cloud, id) => cloud.world.directory.principal(id));

const routes: readonly Route[] = [
  route("GET", "/v1.0/applications", "List applications", applications.listApplications),
  route(
    "POST",
    "/v1.0/applications",
    "Register an application",
    applications.createApplication,
    "That a caller with Application.ReadWrite.All does not become an owner by itself",
  ),
  route("GET", APPLICATION, "Read an application", applications.getApplication),
  route("PATCH", APPLICATION, "Change an application", applications.updateApplication),
  route(
    "DELETE",
    APPLICATION,
    "Delete an application: it goes to the recycle bin",
    applications.deleteApplication,
    "That the principal goes with it",
  ),
  route("GET", "/beta/applications/:id", "Read an application (as v1.0)", applications.getApplication),
  route(
    "POST",
    `${APPLICATION}/addPassword`,
    "Add a secret",
    credentials.addPassword,
    "The code for an end before the start; `details` of CredentialTypeNotAllowedAsPerAppPolicy",
  ),
  route(
    "POST",
    `${APPLICATION}/removePassword`,
    "Remove a secret",
    credentials.removePassword,
    "The text for an unknown keyId",
  ),
  route("GET", FEDERATED, "List federated credentials", credentials.listFederatedCredentials),
  route(
    "POST",
    FEDERATED,
    "Add a federated credential",
    credentials.createFederatedCredential,
    "Code and text for the 21st credential and for a name that is not allowed; former text for a taken issuer and subject had no paramName",
  ),
  route("GET", `${FEDERATED}/:credential`, "Read a federated credential", credentials.getFederatedCredential),
  route(
    "PATCH",
    `${FEDERATED}/:credential`,
    "Change a federated credential",
    credentials.updateFederatedCredential,
    "Code and text for a changed name",
  ),
  route(
    "DELETE",
    `${FEDERATED}/:credential`,
    "Remove a federated credential",
    credentials.deleteFederatedCredential,
  ),
  route("GET", `${APPLICATION}/owners`, "List the owners of an application", applicationOwners.list),
  route("POST", `${APPLICATION}/owners/$ref`, "Add an owner to an application", applicationOwners.add),
  route(
    "DELETE",
    `${APPLICATION}/owners/:owner/$ref`,
    "Remove an owner from an application",
    applicationOwners.remove,
    "The answer for somebody who is no owner",
  ),
  route("GET", "/v1.0/servicePrincipals", "List service principals", principals.listPrincipals),
  route(
    "POST",
    "/v1.0/servicePrincipals",
    "Create the service principal of an application",
    principals.createPrincipal,
    "Status of the refusal with Application.ReadWrite.OwnedBy while the application is unknown (403 here)",
  ),
  route("GET", PRINCIPAL, "Read a service principal", principals.getPrincipal),
  route("PATCH", PRINCIPAL, "Change a service principal", principals.updatePrincipal),
  route("DELETE", PRINCIPAL, "Delete a service principal", principals.deletePrincipal),
  route("GET", "/beta/servicePrincipals/:id", "Read a service principal (as v1.0)", principals.getPrincipal),
  route("GET", `${PRINCIPAL}/owners`, "List the owners of a service principal", principalOwners.list),
  route("POST", `${PRINCIPAL}/owners/$ref`, "Add an owner to a service principal", principalOwners.add),
  route(
    "DELETE",
    `${PRINCIPAL}/owners/:owner/$ref`,
    "Remove an owner from a service principal",
    principalOwners.remove,
  ),
  route("POST", "/v1.0/directoryObjects/getByIds", "Look objects up by ID", principals.getObjectsByIds),
  route(
    "GET",
    `${DELETED}/microsoft.graph.application`,
    "List deleted applications",
    deletedItems.listDeletedItems("application"),
  ),
  route(
    "GET",
    `${DELETED}/microsoft.graph.servicePrincipal`,
    "List deleted service principals",
    deletedItems.listDeletedItems("servicePrincipal"),
  ),
  route("GET", `${DELETED}/:id`, "Read a deleted object", deletedItems.getDeletedItem),
  route(
    "POST",
    `${DELETED}/:id/restore`,
    "Restore a deleted object; a principal is restored by itself",
    deletedItems.restoreDeletedItem,
    "That an application keeps its secrets",
  ),
  route("DELETE", `${DELETED}/:id`, "Delete for good", deletedItems.purgeDeletedItem),
];

export const graphService: Service = {
  routes,
  uncertain: [
    "Texts of 401 by cause: no token, other audience, anything else",
    "Code and text for a property of a wrong type, an object ID that is no GUID, and an invalid query option",
    "The answer to a body over 4 MB",
  ],
  renderError: renderGraphError,
};
