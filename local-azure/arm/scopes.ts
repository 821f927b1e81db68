import type { Cloud } from "../cloud";
import { type Call, isGuid } from "../http";
import { findResourceGroup, findSubscription, findWorkspace } from "../store/resources";
import * as errors from "./errors";

/** The scope a request speaks of: what is before the last `/providers/Microsoft.Authorization/` of its path. */
export function scopeOf(call: Call): string {
  const { subscription, group, provider, type, name } = call.params;
  if (subscription === undefined) return "";
  const parts = ["/subscriptions", subscription];
  if (group !== undefined) parts.push("resourceGroups", group);
  if (provider !== undefined) parts.push("providers", provider, type!, name!);
  return parts.join("/");
}

/** Answers 404 as Resource Manager does for a subscription, a group or a resource that is not there. */
export function requireScopeExists(cloud: Cloud, call: Call): void {
  const { inventory } = cloud.world;
  const { subscription, group, provider, type, name } = call.params;
  if (subscription === undefined) return;
  requireSubscription(cloud, call);
  if (group === undefined) return;
  if (findResourceGroup(inventory, subscription, group) === undefined)
    throw errors.resourceGroupNotFound(group);
  if (provider === undefined) return;
  const fullType = `${provider}/${type!}`;
  const isWorkspace = fullType.toLowerCase() === "microsoft.machinelearningservices/workspaces";
  if (!isWorkspace || findWorkspace(inventory, subscription, group, name!) === undefined)
    throw errors.resourceNotFound(`${fullType}/${name!}`, group);
}

/** A subscription of this tenant, or the error of Resource Manager: this comes before any check of rights. */
export function requireSubscription(cloud: Cloud, call: Call) {
  const id = call.params.subscription!;
  if (!isGuid(id)) throw errors.subscriptionIdInvalid(id);
  const found = findSubscription(cloud.world.inventory, id);
  if (found === undefined) throw errors.subscriptionNotFound(id);
  return found;
}
