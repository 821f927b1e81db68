import type { Call } from "../call";
import { routesFor, type Service } from "../route";
import { admit, authenticate, type GraphCaller, type GraphRight } from "./caller";
import { renderGraphError } from "./errors";
import * as applications from "./handlers/applications";
import * as credentials from "./handlers/credentials";
import * as directory from "./handlers/directory";
import { linkHandlers } from "./handlers/links";
import * as people from "./handlers/people";
import * as principals from "./handlers/principals";

const applicationOwners = linkHandlers("application");
const principalOwners = linkHandlers("principal");
const groupOwners = linkHandlers("group");
const groupMembers = linkHandlers("group", "members");

const FEDERATED = "/applications/:id/federatedIdentityCredentials";
const DELETED = "/directory/deletedItems";

const routes = [
  ...routesFor<GraphCaller, GraphRight>("graph", "readApplications", {
    "GET /applications": ["List applications", applications.listApplications],
    "GET /applications/:id": ["Read an application", applications.getApplication],
    [`GET ${FEDERATED}`]: ["List federated credentials", credentials.listFederatedCredentials],
    [`GET ${FEDERATED}/:credential`]: ["Read a federated credential", credentials.getFederatedCredential],
    "GET /applications/:id/owners": ["List the owners of an application", applicationOwners.list],
    "GET /servicePrincipals": ["List service principals", principals.listPrincipals],
    "GET /servicePrincipals/:id": ["Read a service principal", principals.getPrincipal],
    "GET /servicePrincipals/:id/owners": ["List the owners of a service principal", principalOwners.list],
    "GET /servicePrincipals/:id/memberOf": [
      "Groups and directory roles of a service principal",
      people.listMemberships(false),
    ],
    "GET /servicePrincipals/:id/transitiveMemberOf": [
      "The same, also by way of other groups",
      people.listMemberships(true),
    ],
    "GET /servicePrincipals/:id/transitiveMemberOf/microsoft.graph.group": [
      "Groups of a service principal",
      people.listMemberships(true, "group"),
    ],
    "GET /servicePrincipals/:id/transitiveMemberOf/microsoft.graph.directoryRole": [
      "Directory roles of a service principal",
      people.listMemberships(true, "directoryRole"),
    ],
    "GET /servicePrincipals/:id/ownedObjects": ["What a service principal owns", people.listOwnedObjects],
    "GET /servicePrincipals/:id/oauth2PermissionGrants": [
      "Permissions that people lent to a principal",
      directory.listScopeGrants,
    ],
    "POST /directoryObjects/getByIds": ["Look objects up by ID", directory.getObjectsByIds],
    "GET /directoryObjects/:id": ["Read any object", directory.getObject],
    [`GET ${DELETED}/microsoft.graph.application`]: [
      "List deleted applications",
      directory.listDeletedItems("application"),
    ],
    [`GET ${DELETED}/microsoft.graph.servicePrincipal`]: [
      "List deleted service principals",
      directory.listDeletedItems("servicePrincipal"),
    ],
    [`GET ${DELETED}/:id`]: ["Read a deleted object", directory.getDeletedItem],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "createApplications", {
    "POST /applications": [
      "Register an application",
      applications.createApplication,
      "That a caller with Application.ReadWrite.All does not become an owner by itself",
    ],
    "POST /servicePrincipals": [
      "Create the service principal of an application",
      principals.createPrincipal,
      "Status of the refusal with Application.ReadWrite.OwnedBy while the application is unknown (403 here)",
    ],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "writeApplication", {
    "PATCH /applications/:id": [
      "Change an application",
      applications.updateApplication,
      "That secrets which are left out of passwordCredentials are removed",
    ],
    "DELETE /applications/:id": [
      "Delete an application: it goes to the recycle bin, and its principal with it",
      applications.deleteApplication,
    ],
    "POST /applications/:id/addPassword": [
      "Add a secret to an application",
      credentials.addPassword,
      "Code and text for an end before the start or in the past; `details` of CredentialTypeNotAllowedAsPerAppPolicy",
    ],
    "POST /applications/:id/removePassword": [
      "Remove a secret of an application",
      credentials.removePassword,
    ],
    [`POST ${FEDERATED}`]: [
      "Add a federated credential; in the beta also one with `claimsMatchingExpression`",
      credentials.createFederatedCredential,
      "Code and text for an expression that is none, for both subject and expression, and for an issuer that is no URL; that a name has 3 to 120 signs",
    ],
    [`PATCH ${FEDERATED}/:credential`]: [
      "Change a federated credential",
      credentials.updateFederatedCredential,
    ],
    [`DELETE ${FEDERATED}/:credential`]: [
      "Remove a federated credential",
      credentials.deleteFederatedCredential,
    ],
    "DELETE /applications/:id/owners/:member/$ref": [
      "Remove an owner from an application",
      applicationOwners.remove,
      "The answer for somebody who is no owner",
    ],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "writeApplicationOwners", {
    "POST /applications/:id/owners/$ref": ["Add an owner to an application", applicationOwners.add],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "writePrincipal", {
    "PATCH /servicePrincipals/:id": ["Change a service principal", principals.updatePrincipal],
    "DELETE /servicePrincipals/:id": ["Delete a service principal", principals.deletePrincipal],
    "POST /servicePrincipals/:id/addPassword": [
      "Add a secret to a principal: it logs in like one of its application",
      credentials.addPassword,
    ],
    "POST /servicePrincipals/:id/removePassword": [
      "Remove a secret of a principal",
      credentials.removePassword,
    ],
    "DELETE /servicePrincipals/:id/owners/:member/$ref": [
      "Remove an owner from a service principal",
      principalOwners.remove,
    ],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "writePrincipalOwners", {
    "POST /servicePrincipals/:id/owners/$ref": ["Add an owner to a service principal", principalOwners.add],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "readAppRoleAssignments", {
    "GET /servicePrincipals/:id/appRoleAssignments": [
      "Permissions that a principal has",
      directory.listGrants("principalId"),
    ],
    "GET /servicePrincipals/:id/appRoleAssignedTo": [
      "Who has permissions on this resource",
      directory.listGrants("resourceId"),
    ],
    "GET /servicePrincipals/:id/appRoleAssignedTo/:grant": [
      "Read a permission on this resource",
      directory.getGrant,
    ],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "grantAppRoles", {
    "POST /servicePrincipals/:id/appRoleAssignments": [
      "Grant a permission to a principal",
      directory.createGrant("principalId"),
      "Codes and texts of its refusals",
    ],
    "DELETE /servicePrincipals/:id/appRoleAssignments/:grant": [
      "Take a permission from a principal",
      directory.deleteGrant,
    ],
    "POST /servicePrincipals/:id/appRoleAssignedTo": [
      "Grant a permission on this resource",
      directory.createGrant("resourceId"),
    ],
    "DELETE /servicePrincipals/:id/appRoleAssignedTo/:grant": [
      "Take a permission on this resource from somebody",
      directory.deleteGrant,
    ],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "readDirectory", {
    "GET /oauth2PermissionGrants": [
      "Permissions that people lent to applications",
      directory.listScopeGrants,
    ],
    "GET /oauth2PermissionGrants/:grant": ["Read what was lent", directory.getScopeGrant],
    "GET /users": ["List people", people.listUsers],
    "GET /users/:user": ["Read a person, by ID or sign-in name", people.getUser],
    "GET /users/:user/manager": ["A person's manager", people.getManager],
    "GET /users/:user/memberOf": ["Groups and directory roles of a person", people.listMemberships(false)],
    "GET /users/:user/transitiveMemberOf": [
      "The same, also by way of other groups",
      people.listMemberships(true),
    ],
    "GET /users/:user/ownedObjects": ["What a person owns", people.listOwnedObjects],
    "POST /users/:user/getMemberGroups": ["IDs of a person's groups", people.getMemberGroups],
    "GET /groups": ["List groups", people.listGroups],
    "GET /groups/:id/owners": ["List the owners of a group", groupOwners.list],
    "GET /groups/:id/transitiveMembers": [
      "Members of a group, also by way of other groups",
      people.listMembers(true),
    ],
    "GET /groups/:id/memberOf": ["Groups that a group is in", people.listMemberships(false)],
    "GET /groups/:id/transitiveMemberOf": [
      "The same, also by way of other groups",
      people.listMemberships(true),
    ],
    "POST /groups/:id/getMemberGroups": ["IDs of a group's groups", people.getMemberGroups],
    "GET /groups/:id": ["Read a group", people.getGroup],
    "GET /groups/:id/members": ["Members of a group", people.listMembers()],
    "GET /directoryRoles": ["List directory roles", people.listDirectoryRoles],
    "GET /directoryRoles/:id/members": ["Who has a directory role", people.listMembers()],
    "GET /roleManagement/directory/roleAssignments": [
      "Directory roles by principal",
      directory.listRoleManagement,
    ],
    "GET /policies/authorizationPolicy": [
      "What every person of the tenant may do",
      directory.getAuthorizationPolicy,
    ],
    "GET /organization": ["The tenant", directory.listOrganizations],
    [`GET ${DELETED}/microsoft.graph.user`]: ["List deleted people", directory.listDeletedItems("user")],
    [`GET ${DELETED}/microsoft.graph.group`]: ["List deleted groups", directory.listDeletedItems("group")],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "lendPermissions", {
    "POST /oauth2PermissionGrants": [
      "Lend permissions to an application",
      directory.createScopeGrant,
      "Codes and texts of its refusals",
    ],
    "PATCH /oauth2PermissionGrants/:grant": ["Change which permissions are lent", directory.updateScopeGrant],
    "DELETE /oauth2PermissionGrants/:grant": ["Take lent permissions back", directory.deleteScopeGrant],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "writeUsers", {
    "POST /users": ["Create a person", people.createUser, "The order of the checks"],
    "PATCH /users/:user": ["Change a person", people.updateUser],
    "DELETE /users/:user": ["Delete a person: to the recycle bin", people.deleteUser],
    "PUT /users/:user/manager/$ref": ["Set a person's manager", people.setManager],
    "DELETE /users/:user/manager/$ref": ["A person without a manager", people.removeManager],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "signedInPerson", {
    "GET /me": ["The person who is signed in", people.getUser, "The answer to an application (403 here)"],
    "GET /me/memberOf": ["Their groups and directory roles", people.listMemberships(false)],
    "GET /me/transitiveMemberOf": ["The same, also by way of other groups", people.listMemberships(true)],
    "GET /me/transitiveMemberOf/microsoft.graph.directoryRole": [
      "Their directory roles",
      people.listMemberships(true, "directoryRole"),
    ],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "createGroups", {
    "POST /groups": ["Create a group", people.createGroup],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "writeGroup", {
    "PATCH /groups/:id": ["Change a group", people.updateGroup],
    "DELETE /groups/:id": [
      "Delete a group: those of Microsoft 365 go to the recycle bin",
      people.deleteGroup,
    ],
    "POST /groups/:id/owners/$ref": ["Add an owner to a group", groupOwners.add],
    "DELETE /groups/:id/owners/:member/$ref": [
      "Remove an owner from a group, but not the last",
      groupOwners.remove,
    ],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "writeMembers", {
    "POST /groups/:id/members/$ref": ["Add a member to a group", groupMembers.add],
    "DELETE /groups/:id/members/:member/$ref": ["Remove a member from a group", groupMembers.remove],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "readDomains", {
    "GET /domains": ["Domains of the tenant", directory.listDomains],
  }),
  ...routesFor<GraphCaller, GraphRight>("graph", "restoreItem", {
    [`POST ${DELETED}/:id/restore`]: [
      "Restore a deleted object; a principal is restored by itself",
      directory.restoreDeletedItem,
      "That an application keeps its secrets",
    ],
    [`DELETE ${DELETED}/:id`]: ["Delete for good", directory.purgeDeletedItem],
  }),
];

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
