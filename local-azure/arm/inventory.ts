import { z } from "zod";
import type { Cloud } from "../cloud";
import type { Call, Reply } from "../http";
import { findResourceGroup, findWorkspace, type WorkspaceRecord } from "../store/resources";
import { RESOURCE_TYPES } from "./api-versions";
import { readBody } from "./body";
import { type ArmCaller, requireAction, requireRoleWithin } from "./caller";
import * as errors from "./errors";
import { requireScopeExists, requireSubscription, scopeOf } from "./scopes";
import {
  resourceGroupId,
  viewProvider,
  viewResourceGroup,
  viewSubscription,
  viewWorkspace,
  workspaceId,
} from "./views";

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
  requireRoleWithin(cloud, call, caller, "Microsoft.Resources/subscriptions/read", scopeOf(call));
  return { status: 200, body: viewSubscription(subscription, cloud.world.directory) };
}

export function listTenants(cloud: Cloud): Reply {
  const { tenantId, tenantName, domain } = cloud.world.directory;
  const tenant = {
    id: `/tenants/${tenantId}`,
    tenantId,
    displayName: tenantName,
    defaultDomain: domain,
    tenantCategory: "Home",
  };
  return { status: 200, body: { value: [tenant] } };
}

/** `az resource show` asks this to find out which API versions a resource type takes. */
export function getProvider(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const { subscriptionId } = requireSubscription(cloud, call);
  const scope = `/subscriptions/${subscriptionId}`;
  requireRoleWithin(cloud, call, caller, "Microsoft.Resources/subscriptions/providers/read", scope);
  const namespace = call.params.namespace!;
  const types = RESOURCE_TYPES.filter((type) => type.namespace.toLowerCase() === namespace.toLowerCase());
  if (types.length === 0) throw errors.providerNotFound(namespace);
  return { status: 200, body: viewProvider(subscriptionId, types) };
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
  return { status: 200, body: viewResourceGroup(enterGroup(cloud, call, caller, READ_GROUP)) };
}

const tagsBody = z.object({ tags: z.record(z.string().max(512), z.string().max(256)).optional() });

export function updateResourceGroup(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  const group = enterGroup(cloud, call, caller, "Microsoft.Resources/subscriptions/resourceGroups/write");
  group.tags = readBody(call, tagsBody).tags ?? group.tags;
  return { status: 200, body: viewResourceGroup(group) };
}

function enterGroup(cloud: Cloud, call: Call, caller: ArmCaller, action: string) {
  requireSubscription(cloud, call);
  requireAction(cloud, call, caller, action, scopeOf(call));
  requireScopeExists(cloud, call);
  return findResourceGroup(cloud.world.inventory, call.params.subscription!, call.params.group!)!;
}

const WORKSPACES = "Microsoft.MachineLearningServices/workspaces";

/** Those of a group or of a subscription that the caller may read. */
export function listWorkspaces(cloud: Cloud, call: Call, caller: ArmCaller): Reply {
  requireSubscription(cloud, call);
  const scope = scopeOf(call).toLowerCase();
  if (call.params.group !== undefined)
    requireAction(cloud, call, caller, `${WORKSPACES}/read`, scopeOf(call));
  requireScopeExists(cloud, call);
  const mayRead = (workspace: WorkspaceRecord) =>
    cloud.world.access.isAllowed(caller.objectId, `${WORKSPACES}/read`, workspaceId(workspace), call.now);
  const found = cloud.world.inventory.workspaces.filter(
    (workspace) => workspaceId(workspace).toLowerCase().startsWith(`${scope}/`) && mayRead(workspace),
  );
  return {
    status: 200,
    body: { value: found.map((workspace) => viewWorkspace(workspace, cloud.world.directory, call.base)) },
  };
}

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
