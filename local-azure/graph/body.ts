import type { z } from "zod";
import { type Call, hasJsonBody, isJsonObject, parseJsonObject } from "../http";
import type { JsonObject } from "../store/records";
import * as errors from "./errors";

const MAX_LITERAL_SHOWN = 100;

/** Reads the JSON body and checks its properties. The first one that is wrong decides the error, as in OData. */
export function readBody<Schema extends z.ZodType>(
  call: Call,
  schema: Schema,
  resource: string,
): z.output<Schema> {
  const body = readJson(call);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const property = issue.path.join(".");
  const value = issue.path.reduce<unknown>(
    (part, step) => (part as Record<PropertyKey, unknown> | null | undefined)?.[step],
    body,
  );
  if (value === undefined || value === null) throw errors.propertyMissing(property, resource);
  const edmType = edmTypeOf(issue);
  throw edmType !== undefined && ["string", "number", "boolean"].includes(typeof value)
    ? errors.literalUnconvertible(
        JSON.stringify(value).replaceAll('"', "").slice(0, MAX_LITERAL_SHOWN),
        edmType,
      )
    : errors.propertyInvalid(property, resource);
}

/** Reads a JSON object, whatever is in it. */
export function readJson(call: Call): JsonObject {
  const body = hasJsonBody(call) ? parseJsonObject(call) : undefined;
  if (body === undefined) throw errors.bodyUnreadable();
  return body;
}

/** OData's names of the types that zod expects, by its own names. */
const EDM_TYPES = new Map<string, string>([
  ["string", "Edm.String"],
  ["boolean", "Edm.Boolean"],
  ["int", "Edm.Int32"],
  ["number", "Edm.Int32"],
  ["guid", "Edm.Guid"],
  ["datetime", "Edm.DateTimeOffset"],
]);

function edmTypeOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === "invalid_type") return EDM_TYPES.get(issue.expected);
  return issue.code === "invalid_format" ? EDM_TYPES.get(issue.format) : undefined;
}

/** Applies a patch as OData does: parts of a complex value are merged, lists replaced, null clears. */
export function mergeAttributes(attributes: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...attributes };
  for (const [name, value] of Object.entries(patch)) {
    const before = merged[name];
    merged[name] = isJsonObject(value) && isJsonObject(before) ? mergeAttributes(before, value) : value;
  }
  return merged;
}

const OBJECT_LINK = /\/(?:directoryObjects|servicePrincipals|users)\/([0-9a-f-]{36})$/i;

/** IDs of the `owners@odata.bind` links; none where the client sent none. */
export function readOwnerLinks(body: JsonObject): string[] {
  const links = body["owners@odata.bind"] ?? [];
  if (!Array.isArray(links)) throw errors.propertyInvalid("owners@odata.bind", "DirectoryObject");
  return links.map((link: unknown) => readObjectLink(link, "owners@odata.bind"));
}

export function readObjectLink(link: unknown, property: string): string {
  const id = typeof link === "string" ? OBJECT_LINK.exec(link)?.[1] : undefined;
  if (id === undefined) throw errors.propertyInvalid(property, "DirectoryObject");
  return id.toLowerCase();
}
