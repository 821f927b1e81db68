import { type Call, isGuid, isJsonObject, type JsonObject } from "../call";
import { refuse } from "./errors";
import { type EntityType, ENUMERATIONS, type PropertyType, REPLACED_WHOLE } from "./metadata";

const MAX_LITERAL_SHOWN = 100;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)$/;

/** What the metadata says a value is, as TypeScript sees it. Any property may be left out or null. */
export type ValueOf<Type> = Type extends EntityType
  ? { readonly [Name in keyof Type]?: ValueOf<Type[Name]> | null }
  : Type extends readonly [infer Item]
    ? readonly ValueOf<Item>[]
    : Type extends "Boolean"
      ? boolean
      : Type extends "Int32"
        ? number
        : Type extends `${"!" | "~"}${string}`
          ? never
          : string;

/**
 * Reads the JSON body and checks its properties by Graph's metadata. The first one that is wrong decides the error, as
 * in OData. Annotations, such as `@odata.type` and `owners@odata.bind`, and what Graph sets itself are left out.
 */
export function readBody<Type extends EntityType>(
  call: Call,
  type: Type,
  resource: string,
  required: readonly (keyof Type & string)[] = [],
): ValueOf<Type> {
  const body = readJson(call);
  const own = Object.entries(body).filter(
    ([name]) => !name.includes("@") && !isOwnId(call, name, body[name]),
  );
  for (const [name, value] of own) checkProperty(type, name, value, resource);
  for (const property of required)
    if ((body[property] ?? "") === "") throw refuse("propertyMissing", { property, resource });
  return Object.fromEntries(own.filter(([name]) => !isTaken(type[name]))) as ValueOf<Type>;
}

/** azuread sends the object's own ID, which ends the path, with every change of applications and federated credentials. */
function isOwnId({ method, params }: Call, name: string, value: unknown): boolean {
  return name === "id" && method === "PATCH" && Object.values(params).at(-1) === value;
}

/** Set by Graph itself; nobody was seen to be refused who sends it. */
function isTaken(type: PropertyType | undefined): boolean {
  return typeof type === "string" && type.startsWith("~");
}

/** Reads a JSON object, whatever is in it. */
export function readJson(call: Call): JsonObject {
  if (call.body.json === undefined) throw refuse("bodyUnreadable");
  return call.body.json;
}

function checkProperty(owner: EntityType, property: string, value: unknown, resource: string): void {
  const type = Object.hasOwn(owner, property) ? owner[property] : undefined;
  if (type === undefined) throw refuse("propertyUnknown", { property });
  if (isTaken(type)) return;
  if (typeof type === "string" && type.startsWith("!")) throw refuse("propertyReadOnly", { property });
  checkValue(type, value, property, resource);
}

function checkValue(type: PropertyType, value: unknown, property: string, resource: string): void {
  if (value === null) return;
  const invalid = refuse("propertyInvalid", { property, resource });
  if (Array.isArray(type)) {
    if (!Array.isArray(value)) throw invalid;
    const [item] = type as readonly [PropertyType];
    value.forEach((part) => checkValue(item, part, property, resource));
  } else if (typeof type === "object") {
    if (!isJsonObject(value)) throw invalid;
    for (const [name, part] of Object.entries(value))
      if (!name.includes("@")) checkProperty(type as EntityType, name, part, resource);
  } else checkPrimitive(type, value, property, resource);
}

function checkPrimitive(type: string, value: unknown, property: string, resource: string): void {
  const [name = "", longest] = type.split(" ");
  if (typeof value === "object") throw refuse("propertyInvalid", { property, resource });
  const literal = typeof value === "string" ? value : JSON.stringify(value);
  if (!isOfType(name, value))
    throw refuse("literalUnconvertible", {
      literal: literal.slice(0, MAX_LITERAL_SHOWN),
      type: `Edm.${name}`,
    });
  const isTooLong = longest !== undefined && literal.length > Number(longest);
  const isUnknown = ENUMERATIONS[property]?.includes(literal) === false;
  if (isTooLong || isUnknown) throw refuse("propertyInvalid", { property, resource });
}

function isOfType(name: string, value: unknown): boolean {
  switch (name) {
    case "Boolean":
      return typeof value === "boolean";
    case "Int32":
      return Number.isInteger(value);
    case "Guid":
      return typeof value === "string" && isGuid(value);
    case "DateTimeOffset":
      return typeof value === "string" && INSTANT.test(value) && !Number.isNaN(Date.parse(value));
    default:
      return typeof value === "string";
  }
}

/** Applies a patch as OData does: parts of a complex value are merged, lists replaced, null clears. */
export function mergeAttributes(attributes: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...attributes };
  for (const [name, value] of Object.entries(patch)) {
    const before = merged[name];
    const isMerged = isJsonObject(value) && isJsonObject(before) && !isReplacedWhole(name);
    merged[name] = isMerged ? mergeAttributes(before, value) : value;
  }
  return merged;
}

function isReplacedWhole(name: string): boolean {
  return (REPLACED_WHOLE as readonly string[]).includes(name);
}

const OBJECT_LINK = /\/(?:directoryObjects|servicePrincipals|users|groups)\/([0-9a-f-]{36})$/i;

/** IDs of the links in `owners@odata.bind` or `members@odata.bind`; none where the client sent none. */
export function readLinks(body: JsonObject, list: "owners" | "members" = "owners"): string[] {
  const property = `${list}@odata.bind`;
  const links = body[property] ?? [];
  if (!Array.isArray(links)) throw refuse("propertyInvalid", { property, resource: "DirectoryObject" });
  return links.map((link: unknown) => readObjectLink(link, property));
}

export function readObjectLink(link: unknown, property: string): string {
  const id = typeof link === "string" ? OBJECT_LINK.exec(link)?.[1] : undefined;
  if (id === undefined) throw refuse("propertyInvalid", { property, resource: "DirectoryObject" });
  return id.toLowerCase();
}
