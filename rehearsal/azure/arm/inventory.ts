import type { Cloud } from "../cloud";
import type { Call, Reply } from "../http";
import { findResourceGroup, findWorkspace } from "../store/resources";
import { type ArmCaller, requireAction } from "./caller";
import * as errors from "./errors";
import { requireScopeExists, requireSubscription, scopeOf } from "./scopes";
import { resourceGroupId, viewResourceGroup, viewSubscription, viewWorkspace } from "./views";

/** Only subscriptions in which the caller has a role somewhere. */
export function listSubscriptions(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const { inventory, access, directory } = cloud.world;
  const visible = inventory.subscriptions.filter(({ subscriptionId }) =>
    access.hasRoleWithin(caller.objectId, `/subscriptions/${subscriptionId}`, call.now),
  );
  return {
    status: 200,
    body: {
      value: visible.map((subscription) => viewSubscription(subscription, directory)),
      count: { type: "Total", value: visible.length },
    },
  };
}

export function getSubscription(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const subscription = requireSubscription(cloud, call);
  const scope = scopeOf(call);
  if (!cloud.world.access.hasRoleWithin(caller.objectId, scope, call.now))
    throw errors.authorizationFailed(
      caller.appId,
      caller.objectId,
      "Microsoft.Resources/subscriptions/read",
      scope,
    );
  return { status: 200, body: viewSubscription(subscription, cloud.world.directory) };
}

export function listTenants(cloud: Cloud): Reply {
  const { tenantId, tenantName, domain } = cloud.world.directory;
  return {
    status: 200,
    body: {
      value: [
        {
          id: `/tenants/${tenantId}`,
          tenantId,
          displayName: tenantName,
          defaultDomain: domain,
          tenantCategory: "Home",
        },
      ],
    },
  };
}

const READ_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/read";

/** Only groups that the caller may read. */
export function listResourceGroups(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const { inventory, access } = cloud.world;
  const { subscriptionId } = requireSubscription(cloud, call);
  const groups = inventory.resourceGroups.filter(
    (group) =>
      group.subscriptionId === subscriptionId &&
      access.isAllowed(caller.objectId, READ_GROUP, resourceGroupId(group), call.now),
  );
  return { status: 200, body: { value: groups.map(viewResourceGroup) } };
}

export function getResourceGroup(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  requireSubscription(cloud, call);
  requireAction(cloud, call, caller, READ_GROUP, scopeOf(call));
  requireScopeExists(cloud, call);
  const { subscription, group } = call.params;
  return {
    status: 200,
    body: viewResourceGroup(findResourceGroup(cloud.world.inventory, subscription!, group!)!),
  };
}

const WORKSPACES = "Microsoft.MachineLearningServices/workspaces";

export function getWorkspace(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  requireSubscription(cloud, call);
  const { subscription, group, workspace: name } = call.params;
  const scope = `${scopeOf(call)}/providers/${WORKSPACES}/${name!}`;
  requireAction(cloud, call, caller, `${WORKSPACES}/read`, scope);
  requireScopeExists(cloud, call);
  const workspace = findWorkspace(cloud.world.inventory, subscription!, group!, name!);
  if (workspace === undefined) throw errors.resourceNotFound(`${WORKSPACES}/${name!}`, group!);
  return { status: 200, body: viewWorkspace(workspace, cloud.world.directory, call.base) };
}
