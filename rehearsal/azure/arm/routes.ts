import type { Cloud } from "../cloud";
import type { Call, Reply, Route, Service } from "../http";
import { RuleViolation } from "../store/violations";
import * as authorization from "./authorization";
import { type ArmCaller, authenticate } from "./caller";
import { apiVersionMissing, renderArmError, translateViolation } from "./errors";
import * as inventory from "./inventory";

type ArmHandler = (cloud: Cloud, call: Call, caller: ArmCaller) => Reply;

function route(
  method: Route["method"],
  path: string,
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
      if (!call.query.get("api-version")) throw apiVersionMissing();
      try {
        return handler(cloud, call, caller);
      } catch (error) {
        const { tenantId } = cloud.world.directory;
        throw error instanceof RuleViolation ? (translateViolation(error, tenantId) ?? error) : error;
      }
    },
  };
}

const GROUP = "/subscriptions/:subscription/resourceGroups/:group";
const DEFINITIONS = "{scope}/providers/Microsoft.Authorization/roleDefinitions";
const ASSIGNMENTS = "{scope}/providers/Microsoft.Authorization/roleAssignments";

const routes: readonly Route[] = [
  route("GET", "/subscriptions", "Subscriptions in which the caller has a role", inventory.listSubscriptions),
  route(
    "GET",
    "/subscriptions/:subscription",
    "Read a subscription",
    inventory.getSubscription,
    "That a role anywhere in it suffices",
  ),
  route("GET", "/tenants", "The tenant", inventory.listTenants),
  route(
    "GET",
    "/subscriptions/:subscription/resourceGroups",
    "Resource groups that the caller may read",
    inventory.listResourceGroups,
  ),
  route("GET", GROUP, "Read a resource group", inventory.getResourceGroup),
  route(
    "GET",
    `${GROUP}/providers/Microsoft.MachineLearningServices/workspaces/:workspace`,
    "Read an Azure ML workspace",
    inventory.getWorkspace,
    "That a caller without a role gets 403 for a missing workspace too",
  ),
  route("GET", DEFINITIONS, "List built-in roles", authorization.listRoleDefinitions),
  route("GET", `${DEFINITIONS}/:role`, "Read a built-in role", authorization.getRoleDefinition),
  route("GET", ASSIGNMENTS, "List role assignments", authorization.listRoleAssignments),
  route("GET", `${ASSIGNMENTS}/:assignment`, "Read a role assignment", authorization.getRoleAssignment),
  route(
    "PUT",
    `${ASSIGNMENTS}/:assignment`,
    "Assign a role",
    authorization.putRoleAssignment,
    "The text of RoleAssignmentExists; the answer to a repeated identical PUT",
  ),
  route(
    "DELETE",
    `${ASSIGNMENTS}/:assignment`,
    "Remove a role assignment",
    authorization.deleteRoleAssignment,
  ),
  route(
    "GET",
    "{scope}/providers/Microsoft.Authorization/permissions",
    "What the caller may do on a scope",
    authorization.listPermissions,
  ),
];

export const armService: Service = { routes, renderError: renderArmError };
