import { isVisible } from "./problems";

export const GUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Without what people copy along: spaces, quotes, the braces of a GUID. */
export function unwrap(text: string): string {
  return text
    .trim()
    .replace(/^(["'`])(.*)\1$|^[<\u2018-\u201f](.*)[>\u2018-\u201f]$/s, "$2$3")
    .replace(/\{([0-9a-f-]{36})\}/gi, "$1")
    .trim();
}

/** Where a role is assigned: a place relative to the workspace, or the resource ID of anything else. */
export type RoleScope = "resourceGroup" | "workspace" | "subscription" | `/${string}` | `https://${string}`;

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftresources */
export const RESOURCE_GROUP = /^[\p{L}\p{Nd}_().-]{0,89}[\p{L}\p{Nd}_()-]$/u;

/** Where an Azure ML workspace is. */
export interface WorkspaceLocation {
  subscriptionId: string;
  resourceGroupName: string;
  workspaceName: string;
}

const PLACES = ["resourceGroup", "workspace", "subscription"] as const;
export type Place = (typeof PLACES)[number];

// Azure ignores the case of IDs, but azure-native compares them exactly. So they need one canonical spelling.
const SPELLINGS: Readonly<Record<string, string>> = {
  resourcegroups: "resourceGroups",
  "microsoft.machinelearningservices": "Microsoft.MachineLearningServices",
};

/**
 * A segment of a resource ID. What a URL library would fold or decode on the way to Azure is none: `.`, `..`, nothing,
 * `%2e`, a backslash. A role on the resource ID `…/providers/../..` would be one on the subscription.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */
const SEGMENT = /^(?!\.{1,2}$)[\p{L}\p{Nd}_().,:@$+=|~ -]{1,260}(?<![. ])$/u;

const RESOURCE_ID =
  /^subscriptions\/[0-9a-f-]{36}(?:\/resourceGroups\/[^/]+)?(?:\/providers\/[a-z]\w*(?:\.\w+)+(?:\/(?!providers\/)[a-z][\w.-]*\/[^/]+)+)*$/i;

/**
 * A scope in its one spelling: a place, or a resource ID. Understands what people copy from the Azure portal, Azure ML
 * studio and `az`: addresses, any letter case, a slash too many or too few at the ends. Undefined if it is none of these.
 */
export function canonicalScope(text: string): string | undefined {
  const wanted = unwrap(text);
  // `URL` drops control characters.
  if (!isVisible(wanted)) return undefined;
  const name = wanted.replace(/[\s_/-]/g, "").toLowerCase();
  const place = PLACES.find((known) => known.toLowerCase() === name);
  if (place) return place;
  const path = pathOf(wanted)?.replace(/^(?:azureml:)?\/+|\/+$/g, "");
  const id = path?.split("/").map((part) => SPELLINGS[part.toLowerCase()] ?? part.toLowerCase());
  if (!id?.every((part) => SEGMENT.test(part))) return undefined;
  // Azure ML studio leaves the provider out.
  if (id[4] === "workspaces") id.splice(4, 0, "providers", "Microsoft.MachineLearningServices");
  const isId =
    RESOURCE_ID.test(id.join("/")) &&
    GUID_PATTERN.test(id[1]!) &&
    (id[2] !== "resourceGroups" || RESOURCE_GROUP.test(id[3]!)) &&
    // An assignment is not what roles are assigned on.
    id.at(-2) !== "roleassignments";
  return isId ? `/${id.join("/")}` : undefined;
}

/** The path of an ID, or of an address that contains one. */
function pathOf(text: string): string | undefined {
  const address = /^(?:https?:\/\/)?((?:portal|ml|management)\.azure\.com\/.*)$/is.exec(text)?.[1];
  if (address === undefined && !/^https:\/\//i.test(text)) return text;
  // `URL` folds these silently: the path of a resource would become that of the subscription around it.
  if (/(?:^|[/\\])(?:\.|%2e){1,2}(?=[/\\?#]|$)/i.test(text)) return undefined;
  try {
    const url = new URL(address === undefined ? text : `https://${address}`);
    const path =
      url.searchParams.get("wsid") ?? (url.hash.startsWith("#") ? url.hash.slice(1) : url.pathname);
    const parts = decodeURIComponent(path).replace(/\/$/, "").split("/");
    const from = parts.findIndex((part) => part.toLowerCase() === "subscriptions");
    if (from < 0) return undefined;
    const id = parts.slice(from);
    if (id.includes("")) return undefined;
    // The portal ends with the name of a page: overview, users, …
    return (id.length % 2 === 0 ? id : id.slice(0, -1)).join("/");
  } catch {
    return undefined;
  }
}

/** The resource ID of a canonical scope, in its one spelling. */
export function resolveScope(scope: string, location: WorkspaceLocation): string {
  return (PLACES as readonly string[]).includes(scope) ? idOf(scope as Place, location) : scope;
}

/** The place that a canonical scope means. Undefined if the scope is not one of the workspace. */
export function placeOf(scope: string, location: WorkspaceLocation): Place | undefined {
  return PLACES.find((place) => place === scope || idOf(place, location) === scope);
}

function idOf(place: Place, location: WorkspaceLocation): string {
  const subscription = `/subscriptions/${location.subscriptionId.toLowerCase()}`;
  if (place === "subscription") return subscription;
  const resourceGroup = `${subscription}/resourceGroups/${location.resourceGroupName.toLowerCase()}`;
  if (place === "resourceGroup") return resourceGroup;
  return `${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${location.workspaceName.toLowerCase()}`;
}

/** The subscription in a resource ID. */
export function subscriptionOf(scopeId: string): string {
  return scopeId.split("/")[2]!;
}
