import { type Call, headerOf, type JsonObject, type Reply } from "../call";
import { notImplemented, refuse } from "./errors";
import { type Filterable, parseFilter } from "./filter";

const DEFAULT_PAGE = 100;
const MAX_PAGE = 999;
const UNDERSTOOD = new Set(["$filter", "$select", "$top", "$skiptoken", "$count", "$search"]);

/** What a list or an object of a resource can be asked. */
export interface Resource extends Filterable {
  /** As Graph's metadata names it, such as `application`. */
  readonly type: string;
  /** Properties that can be selected besides those that are shown by default. */
  readonly hidden?: readonly string[];
  readonly searchable?: readonly string[];
  /** What is shown without `$select`; left out, everything. */
  readonly shown?: readonly string[];
}

const NAME = ["eq", "ne", "in", "startswith", "endswith"] as const;
const ID = ["eq", "ne", "in"] as const;
const LIST = ["eq"] as const;
const FLAG = ["eq", "ne"] as const;
const INSTANT = ["eq", "ge", "le"] as const;

export const APPLICATIONS: Resource = {
  resource: "Application",
  type: "application",
  properties: {
    appId: ID,
    createdDateTime: INSTANT,
    displayName: NAME,
    id: ID,
    identifierUris: LIST,
    notes: ["eq"],
    publisherDomain: NAME,
    signInAudience: ID,
    tags: LIST,
    uniqueName: ["eq"],
  },
  hidden: ["oauth2RequirePostResponse"],
  searchable: ["displayName", "description"],
};

export const PRINCIPALS: Resource = {
  resource: "ServicePrincipal",
  type: "servicePrincipal",
  properties: {
    accountEnabled: FLAG,
    appId: ID,
    appOwnerOrganizationId: ID,
    createdDateTime: INSTANT,
    displayName: NAME,
    id: ID,
    servicePrincipalNames: LIST,
    servicePrincipalType: ID,
    tags: LIST,
  },
  hidden: ["samlMetadataUrl"],
  searchable: ["displayName", "description"],
};

export const USERS: Resource = {
  resource: "User",
  type: "user",
  properties: {
    accountEnabled: FLAG,
    displayName: NAME,
    employeeId: NAME,
    id: ID,
    mail: NAME,
    mailNickname: NAME,
    userPrincipalName: NAME,
    userType: ID,
  },
  searchable: ["displayName"],
  shown: [
    ...["businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone"],
    ...["officeLocation", "preferredLanguage", "surname", "userPrincipalName"],
  ],
};

export const GROUPS: Resource = {
  resource: "Group",
  type: "group",
  properties: {
    displayName: NAME,
    id: ID,
    mail: NAME,
    mailEnabled: FLAG,
    mailNickname: NAME,
    securityEnabled: FLAG,
  },
  searchable: ["displayName"],
  hidden: [
    "allowExternalSenders",
    "autoSubscribeNewMembers",
    "hideFromAddressLists",
    "hideFromOutlookClients",
  ],
};

export const OBJECTS = plain("DirectoryObject", "directoryObject", "id");

/** What has a list, but can hardly be filtered. */
export function plain(resource: string, type: string, ...properties: readonly string[]): Resource {
  return { resource, type, properties: Object.fromEntries(properties.map((name) => [name, ID])) };
}

/** Answers one object, cut down to `$select`. */
export function replyWithObject(call: Call, entity: string, item: JsonObject, resource: Resource): Reply {
  refuseUnknownOptions(call);
  const context = `${contextOf(call)}#${entity}/$entity`;
  return { status: 200, body: { "@odata.context": context, ...selector(call, resource)(item) } };
}

/** Answers a list: filtered, in pages with an absolute `@odata.nextLink`, cut down to `$select`. */
export function replyWithList(
  call: Call,
  entity: string,
  items: readonly JsonObject[],
  resource: Resource,
): Reply {
  refuseUnknownOptions(call);
  const isEventual = headerOf(call, "consistencylevel")?.toLowerCase() === "eventual";
  const isCounted = call.query.get("$count")?.toLowerCase() === "true" && isEventual;
  const filter = call.query.get("$filter");
  const matching = filter === null ? items : items.filter(parseFilter(filter, resource, isCounted));
  const found = matching.filter(searcher(call, resource, isEventual));
  const top = readPageSize(call);
  const start = Number(call.query.get("$skiptoken") ?? 0) || 0;
  const page = found.slice(start, start + top);
  return {
    status: 200,
    body: {
      "@odata.context": `${contextOf(call)}#${entity}`,
      ...(isCounted ? { "@odata.count": found.length } : {}),
      ...(start + top < found.length ? { "@odata.nextLink": nextLink(call, start + top) } : {}),
      value: page.map(selector(call, resource)),
    },
  };
}

/** What `$select` leaves; without objects there is nothing to check it against. */
function selector(call: Call, resource: Resource): (item: JsonObject) => JsonObject {
  const fields = call.query.get("$select");
  if (fields === null && resource.shown === undefined) return (item) => item;
  const wanted = fields?.split(",").map((field) => field.trim()) ?? resource.shown!;
  // Lists of several types take the properties of any of them.
  const isMixed = resource.type === "directoryObject";
  return (item) => {
    for (const property of wanted)
      if (!isMixed && !Object.hasOwn(item, property) && resource.hidden?.includes(property) !== true)
        throw refuse("selectUnknown", { property, type: resource.type });
    return Object.fromEntries(
      Object.entries(item).filter(([name]) => wanted.includes(name) || name === "@odata.type"),
    );
  };
}

/** `$search="displayName:text"`, in which the text is the beginning of a word. */
function searcher(call: Call, resource: Resource, isEventual: boolean): (item: JsonObject) => boolean {
  const search = call.query.get("$search");
  if (search === null) return () => true;
  if (!isEventual) throw refuse("searchNeedsHeader");
  const [, property = "", text = ""] = /^"(\w+):([^"]*)"$/.exec(search.trim()) ?? [];
  if (resource.searchable?.includes(property) !== true) throw refuse("searchInvalid");
  return (item) => {
    const value = item[property];
    const words = (typeof value === "string" ? value : "").toLowerCase().split(/[^a-z0-9]+/);
    return text
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .every((part) => words.some((word) => word.startsWith(part)));
  };
}

function contextOf(call: Call): string {
  return `${call.base}/${call.path.split("/")[1]}/$metadata`;
}

function nextLink(call: Call, start: number): string {
  const query = new URLSearchParams(call.query);
  query.set("$skiptoken", String(start));
  return `${call.base}${call.path}?${query.toString()}`;
}

function readPageSize(call: Call): number {
  const size = call.query.get("$top");
  if (size === null) return DEFAULT_PAGE;
  if (!/^\d{1,9}$/.test(size) || Number(size) < 1 || Number(size) > MAX_PAGE)
    throw refuse("pageSizeInvalid", { size: size.slice(0, 100) });
  return Number(size);
}

/** An option that is not understood must not be a quiet 200 with too much in it. */
function refuseUnknownOptions(call: Call): void {
  for (const option of call.query.keys())
    if (option.startsWith("$") && !UNDERSTOOD.has(option)) throw notImplemented(`The query option ${option}`);
}
