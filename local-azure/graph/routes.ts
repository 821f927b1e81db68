import type { Call } from "../call";
import { defineRoutes, type RouteDeclaration, type Service } from "../route";
import { admit, authenticate, type GraphCaller, type GraphRight } from "./caller";
import { renderGraphError } from "./errors";
import * as applications from "./handlers/applications";
import * as credentials from "./handlers/credentials";
import * as directory from "./handlers/directory";
import * as principals from "./handlers/principals";

type Declaration = RouteDeclaration<GraphCaller, GraphRight>;

const BOTH = ["v1.0", "beta"] as const;
const applicationOwners = principals.ownerHandlers("application");
const principalOwners = principals.ownerHandlers("principal");

/** `does`, the right that it needs, the handler; then what more there is to say. */
function route(
  does: string,
  permission: GraphRight,
  handle: Declaration["handle"],
  more: Pick<Declaration, "uncertain" | "versions"> = {},
): Declaration {
  return { does, permission, handle, ...more };
}

const FEDERATED = "/applications/:id/federatedIdentityCredentials";
const DELETED = "/directory/deletedItems";

const routes = defineRoutes<GraphCaller, GraphRight>("graph", {
  "GET /applications": route("List applications", "readApplications", applications.listApplications, {
    versions: BOTH,
  }),
  "POST /applications": route(
    "Register an application",
    "createApplications",
    applications.createApplication,
    {
      versions: BOTH,
      uncertain: "That a caller with Application.ReadWrite.All does not become an owner by itself",
    },
  ),
  "GET /applications/:id": route("Read an application", "readApplications", applications.getApplication, {
    versions: BOTH,
  }),
  "PATCH /applications/:id": route(
    "Change an application",
    "writeApplication",
    applications.updateApplication,
    {
      versions: BOTH,
      uncertain: "That secrets which are left out of passwordCredentials are removed",
    },
  ),
  "DELETE /applications/:id": route(
    "Delete an application: it goes to the recycle bin, and its principal with it",
    "writeApplication",
    applications.deleteApplication,
  ),
  "POST /applications/:id/addPassword": route(
    "Add a secret to an application",
    "writeApplication",
    credentials.addPassword,
    {
      uncertain:
        "Code and text for an end before the start or in the past; `details` of CredentialTypeNotAllowedAsPerAppPolicy",
    },
  ),
  "POST /applications/:id/removePassword": route(
    "Remove a secret of an application",
    "writeApplication",
    credentials.removePassword,
  ),
  [`GET ${FEDERATED}`]: route(
    "List federated credentials",
    "readApplications",
    credentials.listFederatedCredentials,
    { versions: BOTH },
  ),
  [`POST ${FEDERATED}`]: route(
    "Add a federated credential; in the beta also one with `claimsMatchingExpression`",
    "writeApplication",
    credentials.createFederatedCredential,
    {
      versions: BOTH,
      uncertain:
        "Code and text for an expression that is none, for both subject and expression, and for an issuer that is no URL; that a name has 3 to 120 signs",
    },
  ),
  [`GET ${FEDERATED}/:credential`]: route(
    "Read a federated credential",
    "readApplications",
    credentials.getFederatedCredential,
    { versions: BOTH },
  ),
  [`PATCH ${FEDERATED}/:credential`]: route(
    "Change a federated credential",
    "writeApplication",
    credentials.updateFederatedCredential,
    { versions: BOTH },
  ),
  [`DELETE ${FEDERATED}/:credential`]: route(
    "Remove a federated credential",
    "writeApplication",
    credentials.deleteFederatedCredential,
    { versions: BOTH },
  ),
  "GET /applications/:id/owners": route(
    "List the owners of an application",
    "readApplications",
    applicationOwners.list,
  ),
  "POST /applications/:id/owners/$ref": route(
    "Add an owner to an application",
    "writeApplicationOwners",
    applicationOwners.add,
  ),
  "DELETE /applications/:id/owners/:member/$ref": route(
    "Remove an owner from an application",
    "writeApplication",
    applicationOwners.remove,
    { uncertain: "The answer for somebody who is no owner" },
  ),
  "GET /servicePrincipals": route("List service principals", "readApplications", principals.listPrincipals, {
    versions: BOTH,
  }),
  "POST /servicePrincipals": route(
    "Create the service principal of an application",
    "createApplications",
    principals.createPrincipal,
    {
      uncertain:
        "Status of the refusal with Application.ReadWrite.OwnedBy while the application is unknown (403 here)",
    },
  ),
  "GET /servicePrincipals/:id": route(
    "Read a service principal",
    "readApplications",
    principals.getPrincipal,
    {
      versions: BOTH,
    },
  ),
  "PATCH /servicePrincipals/:id": route(
    "Change a service principal",
    "writePrincipal",
    principals.updatePrincipal,
  ),
  "DELETE /servicePrincipals/:id": route(
    "Delete a service principal",
    "writePrincipal",
    principals.deletePrincipal,
  ),
  "POST /servicePrincipals/:id/addPassword": route(
    "Add a secret to a principal: it logs in like one of its application",
    "writePrincipal",
    credentials.addPassword,
  ),
  "POST /servicePrincipals/:id/removePassword": route(
    "Remove a secret of a principal",
    "writePrincipal",
    credentials.removePassword,
  ),
  "GET /servicePrincipals/:id/owners": route(
    "List the owners of a service principal",
    "readApplications",
    principalOwners.list,
  ),
  "POST /servicePrincipals/:id/owners/$ref": route(
    "Add an owner to a service principal",
    "writePrincipalOwners",
    principalOwners.add,
  ),
  "DELETE /servicePrincipals/:id/owners/:member/$ref": route(
    "Remove an owner from a service principal",
    "writePrincipal",
    principalOwners.remove,
  ),
  "GET /servicePrincipals/:id/memberOf": route(
    "Groups and directory roles of a service principal",
    "readApplications",
    principals.listMemberships(false),
  ),
  "GET /servicePrincipals/:id/transitiveMemberOf": route(
    "The same, also by way of other groups",
    "readApplications",
    principals.listMemberships(true),
  ),
  "GET /servicePrincipals/:id/transitiveMemberOf/microsoft.graph.group": route(
    "Groups of a service principal",
    "readApplications",
    principals.listMemberships(true, "group"),
  ),
  "GET /servicePrincipals/:id/transitiveMemberOf/microsoft.graph.directoryRole": route(
    "Directory roles of a service principal",
    "readApplications",
    principals.listMemberships(true, "directoryRole"),
  ),
  "GET /servicePrincipals/:id/ownedObjects": route(
    "What a service principal owns",
    "readApplications",
    principals.listOwnedObjects,
  ),
  "GET /servicePrincipals/:id/appRoleAssignments": route(
    "Permissions that a principal has",
    "readAppRoleAssignments",
    directory.listGrants("principalId"),
  ),
  "POST /servicePrincipals/:id/appRoleAssignments": route(
    "Grant a permission to a principal",
    "grantAppRoles",
    directory.createGrant("principalId"),
    { uncertain: "Codes and texts of its refusals" },
  ),
  "DELETE /servicePrincipals/:id/appRoleAssignments/:grant": route(
    "Take a permission from a principal",
    "grantAppRoles",
    directory.deleteGrant,
  ),
  "GET /servicePrincipals/:id/appRoleAssignedTo": route(
    "Who has permissions on this resource",
    "readAppRoleAssignments",
    directory.listGrants("resourceId"),
  ),
  "POST /servicePrincipals/:id/appRoleAssignedTo": route(
    "Grant a permission on this resource",
    "grantAppRoles",
    directory.createGrant("resourceId"),
  ),
  "DELETE /servicePrincipals/:id/appRoleAssignedTo/:grant": route(
    "Take a permission on this resource from somebody",
    "grantAppRoles",
    directory.deleteGrant,
  ),
  "GET /servicePrincipals/:id/oauth2PermissionGrants": route(
    "Permissions that people lent to a principal",
    "readApplications",
    directory.listScopeGrants,
  ),
  "GET /oauth2PermissionGrants": route(
    "Permissions that people lent to applications",
    "readDirectory",
    directory.listScopeGrants,
  ),
  "POST /directoryObjects/getByIds": route(
    "Look objects up by ID",
    "readApplications",
    directory.getObjectsByIds,
  ),
  "GET /directoryObjects/:id": route("Read any object", "readApplications", directory.getObject),
  "GET /users": route("List people", "readDirectory", directory.listUsers),
  "GET /users/:user": route("Read a person, by ID or sign-in name", "readDirectory", directory.getUser),
  "GET /me": route("The person who is signed in", "signedInPerson", directory.getUser, {
    uncertain: "The answer to an application (403 here)",
  }),
  "GET /me/memberOf": route(
    "Their groups and directory roles",
    "signedInPerson",
    principals.listMemberships(false),
  ),
  "GET /me/transitiveMemberOf": route(
    "The same, also by way of other groups",
    "signedInPerson",
    principals.listMemberships(true),
  ),
  "GET /me/transitiveMemberOf/microsoft.graph.directoryRole": route(
    "Their directory roles",
    "signedInPerson",
    principals.listMemberships(true, "directoryRole"),
  ),
  "GET /groups": route("List groups", "readDirectory", directory.listGroups),
  "GET /groups/:id": route("Read a group", "readDirectory", directory.getGroup),
  "GET /groups/:id/members": route("Members of a group", "readDirectory", directory.listMembers),
  "GET /directoryRoles": route("List directory roles", "readDirectory", directory.listDirectoryRoles),
  "GET /directoryRoles/:id/members": route(
    "Who has a directory role",
    "readDirectory",
    directory.listMembers,
  ),
  "GET /roleManagement/directory/roleAssignments": route(
    "Directory roles by principal",
    "readDirectory",
    directory.listRoleManagement,
  ),
  "GET /policies/authorizationPolicy": route(
    "What every person of the tenant may do",
    "readDirectory",
    directory.getAuthorizationPolicy,
  ),
  "GET /domains": route("Domains of the tenant", "readDomains", directory.listDomains),
  "GET /organization": route("The tenant", "readDirectory", directory.listOrganizations),
  [`GET ${DELETED}/microsoft.graph.application`]: route(
    "List deleted applications",
    "readApplications",
    directory.listDeletedItems("application"),
  ),
  [`GET ${DELETED}/microsoft.graph.servicePrincipal`]: route(
    "List deleted service principals",
    "readApplications",
    directory.listDeletedItems("servicePrincipal"),
  ),
  [`GET ${DELETED}/:id`]: route("Read a deleted object", "readApplications", directory.getDeletedItem),
  [`POST ${DELETED}/:id/restore`]: route(
    "Restore a deleted object; a principal is restored by itself",
    "restoreItem",
    directory.restoreDeletedItem,
    { uncertain: "That an application keeps its secrets" },
  ),
  [`DELETE ${DELETED}/:id`]: route("Delete for good", "restoreItem", directory.purgeDeletedItem),
});

/** Errors and answers without a body have other headers than the rest. */
function headers(call: Call, { status, body }: { status: number; body?: unknown }): Record<string, string> {
  return {
    "cache-control": "no-cache",
    "client-request-id": call.correlationId,
    "content-type":
      status < 400
        ? "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
        : "application/json",
    ...(status < 400 && body !== undefined ? { "odata-version": "4.0" } : {}),
    "request-id": call.requestId,
    "strict-transport-security": "max-age=31536000",
  };
}

export const graphService: Service<GraphCaller, GraphRight> = {
  routes,
  uncertain: [
    "Texts of 401 by cause: no token, other audience, anything else",
    "Code and text for a property of a wrong type or that is unknown, an object ID that is no GUID, and an invalid query option",
    "The answer to a body over 4 MB",
  ],
  authenticate,
  admit,
  renderError: renderGraphError,
  headers,
};
