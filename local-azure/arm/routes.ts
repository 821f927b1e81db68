import type { Cloud } from "../cloud";
import type { Call, Reply, Route, Service } from "../http";
import { RuleViolation } from "../store/violations";
import * as types from "./api-versions";
import * as authorization from "./authorization";
import { type ArmCaller, authenticate } from "./caller";
import { renderArmError, translateViolation } from "./errors";
import * as inventory from "./inventory";

type ArmHandler = (cloud: Cloud, call: Call, caller: ArmCaller) => Reply;

function route(
  method: Route["method"],
  path: string,
  type: types.ResourceType,
  does: string,
  handler: ArmHandler,
  uncertain?: string,
): Route {
  return {
    api: "arm",
    method,
    path,
    does,
    ...(uncertain === undefined ? {} : { uncertain }),
    async handle(cloud, call) {
      const caller = await authenticate(cloud, call);
      types.requireApiVersion(call, type);
      try {
        return handler(cloud, call, caller);
      } catch (error) {
        const { tenantId } = cloud.world.directory;
        throw error instanceof RuleViolation ? (translateViolation(error, tenantId) ?? error) : error;
      }
    },
  };
}

const SUBSCRIPTION = "/subscriptions/:subscription";
const GROUP = `${SUBSCRIPTION}/resourceGroups/:group`;
const WORKSPACES = "/providers/Microsoft.MachineLearningServices/workspaces";
const DEFINITIONS = "{scope}/providers/Microsoft.Authorization/roleDefinitions";
const ASSIGNMENTS = "{scope}/providers/Microsoft.Authorization/roleAssignments";

const inventoryRoutes: readonly Route[] = [
  route(
    "GET",
    "/subscriptions",
    types.RESOURCES,
    "Subscriptions in which the caller has a role",
    inventory.listSubscriptions,
  ),
  route(
    "GET",
    SUBSCRIPTION,
    types.RESOURCES,
    "Read a subscription",
    inventory.getSubscription,
    "That a role anywhere in it suffices",
  ),
  route("GET", "/tenants", types.RESOURCES, "The tenant", inventory.listTenants, "Its api-version"),
  route(
    "GET",
    `${SUBSCRIPTION}/providers/:namespace`,
    types.RESOURCES,
    "Resource types of a provider, with their API versions",
    inventory.getProvider,
    "That a role anywhere in the subscription suffices",
  ),
  route(
    "GET",
    `${SUBSCRIPTION}/resourceGroups`,
    types.RESOURCES,
    "Resource groups that the caller may read",
    inventory.listResourceGroups,
  ),
  route("GET", GROUP, types.RESOURCES, "Read a resource group", inventory.getResourceGroup),
  route(
    "PATCH",
    GROUP,
    types.RESOURCES,
    "Change the tags of a resource group",
    inventory.updateResourceGroup,
  ),
  route(
    "GET",
    `${SUBSCRIPTION}${WORKSPACES}`,
    types.WORKSPACES,
    "Azure ML workspaces of a subscription that the caller may read",
    inventory.listWorkspaces,
  ),
  route(
    "GET",
    `${GROUP}${WORKSPACES}`,
    types.WORKSPACES,
    "Azure ML workspaces of a resource group",
    inventory.listWorkspaces,
  ),
  route(
    "GET",
    `${GROUP}${WORKSPACES}/:workspace`,
    types.WORKSPACES,
    "Read an Azure ML workspace",
    inventory.getWorkspace,
    "That a caller without a role gets 403 for a missing workspace too; that AzureML Data Scientist may read the workspace itself; the code for an unknown api-version",
  ),
];

const authorizationRoutes: readonly Route[] = [
  route(
    "GET",
    DEFINITIONS,
    types.ROLE_DEFINITIONS,
    "List built-in roles",
    authorization.listRoleDefinitions,
    "The code for an unknown api-version",
  ),
  route(
    "GET",
    `${DEFINITIONS}/:role`,
    types.ROLE_DEFINITIONS,
    "Read a built-in role",
    authorization.getRoleDefinition,
  ),
  route(
    "GET",
    ASSIGNMENTS,
    types.ROLE_ASSIGNMENTS,
    "List role assignments",
    authorization.listRoleAssignments,
  ),
  route(
    "GET",
    `${ASSIGNMENTS}/:assignment`,
    types.ROLE_ASSIGNMENTS,
    "Read a role assignment",
    authorization.getRoleAssignment,
  ),
  route(
    "PUT",
    `${ASSIGNMENTS}/:assignment`,
    types.ROLE_ASSIGNMENTS,
    "Assign a role",
    authorization.putRoleAssignment,
    "That RoleAssignmentExists names the existing ID; the answer to a repeated identical PUT (409 here)",
  ),
  route(
    "DELETE",
    `${ASSIGNMENTS}/:assignment`,
    types.ROLE_ASSIGNMENTS,
    "Remove a role assignment",
    authorization.deleteRoleAssignment,
  ),
  route(
    "GET",
    "{scope}/providers/Microsoft.Authorization/permissions",
    types.PERMISSIONS,
    "What the caller may do on a scope",
    authorization.listPermissions,
  ),
];

export const armService: Service = {
  routes: [...inventoryRoutes, ...authorizationRoutes],
  uncertain: [
    "InvalidAuthenticationTokenAudience for a token of another audience",
    "UnsupportedMediaType (415) for a body that is not declared as JSON",
    "NoRegisteredProviderFound for an unknown api-version of a provider other than Microsoft.Resources",
    "How paths with `..` and encoded slashes are read",
  ],
  renderError: renderArmError,
};
