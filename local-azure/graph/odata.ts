import type { Call, Reply } from "../http";
import type { JsonObject } from "../store/records";
import * as errors from "./errors";

const DEFAULT_PAGE = 100;
const MAX_PAGE = 999;
const TEXT = "'((?:[^']|'')*)'";
const UNDERSTOOD = new Set(["$filter", "$select", "$top", "$skiptoken", "$count"]);

type Predicate = (item: JsonObject) => boolean;

/** The forms of `$filter` that clients use; `and` joins them. */
const FORMS: readonly { pattern: RegExp; build: (field: string, text: string) => Predicate }[] = [
  {
    pattern: new RegExp(`^(\\w+) eq ${TEXT}$`, "i"),
    build: (field, text) => (item) => equals(item[field], text),
  },
  {
    pattern: new RegExp(`^startswith\\((\\w+), ?${TEXT}\\)$`, "i"),
    build: (field, text) => (item) => {
      const value = item[field];
      return typeof value === "string" && value.toLowerCase().startsWith(text.toLowerCase());
    },
  },
  {
    pattern: new RegExp(`^(\\w+)/any\\((?:\\w+): ?\\w+ eq ${TEXT}\\)$`, "i"),
    build: (field, text) => (item) => {
      const values = item[field];
      return Array.isArray(values) && values.some((value) => equals(value, text));
    },
  },
];

/** Graph compares text in filters without regard to case. */
function equals(value: unknown, text: string): boolean {
  return typeof value === "string" && value.toLowerCase() === text.toLowerCase();
}

export function parseFilter(filter: string): Predicate {
  const parts = filter.trim().match(/(?:'(?:[^']|'')*'|(?! and )[^'])+/gi) ?? [];
  const predicates = parts.map((part) => {
    const expression = part.trim().replace(/^and /i, "");
    for (const { pattern, build } of FORMS) {
      const match = pattern.exec(expression);
      if (match !== null) return build(match[1]!, match[2]!.replaceAll("''", "'"));
    }
    throw errors.filterInvalid();
  });
  if (predicates.length === 0) throw errors.filterInvalid();
  return (item) => predicates.every((predicate) => predicate(item));
}

/** Answers one object, cut down to `$select`. */
export function replyWithObject(call: Call, entity: string, item: JsonObject): Reply {
  refuseUnknownOptions(call);
  return {
    status: 200,
    body: { "@odata.context": `${contextOf(call)}#${entity}/$entity`, ...select(call, item) },
  };
}

/** Answers a list: filtered, in pages with an absolute `@odata.nextLink`, cut down to `$select`. */
export function replyWithList(call: Call, entity: string, items: readonly JsonObject[]): Reply {
  refuseUnknownOptions(call);
  const filter = call.query.get("$filter");
  const found = filter === null ? items : items.filter(parseFilter(filter));
  const top = readNumber(call, "$top", DEFAULT_PAGE, 1, MAX_PAGE);
  const start = readNumber(call, "$skiptoken", 0, 0, Number.MAX_SAFE_INTEGER);
  const page = found.slice(start, start + top);
  return {
    status: 200,
    body: {
      "@odata.context": `${contextOf(call)}#${entity}`,
      ...(call.query.get("$count") === "true" ? { "@odata.count": found.length } : {}),
      ...(start + top < found.length ? { "@odata.nextLink": nextLink(call, start + top) } : {}),
      value: page.map((item) => select(call, item)),
    },
  };
}

function select(call: Call, item: JsonObject): JsonObject {
  const fields = call.query.get("$select");
  if (fields === null) return item;
  const wanted = fields.split(",").map((field) => field.trim());
  return Object.fromEntries(
    Object.entries(item).filter(([name]) => wanted.includes(name) || name === "@odata.type"),
  );
}

function contextOf(call: Call): string {
  return `${call.base}/${call.path.split("/")[1]}/$metadata`;
}

function nextLink(call: Call, start: number): string {
  const query = new URLSearchParams(call.query);
  query.set("$skiptoken", String(start));
  return `${call.base}${call.path}?${query.toString()}`;
}

function readNumber(call: Call, option: string, fallback: number, least: number, most: number): number {
  const value = call.query.get(option);
  if (value === null) return fallback;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > most)
    throw new errors.GraphError(
      400,
      "Request_BadRequest",
      `Invalid value '${value.slice(0, 100)}' for the query option '${option}'.`,
    );
  return number;
}

/** An option that is not understood must not be a quiet 200 with too much in it. */
function refuseUnknownOptions(call: Call): void {
  for (const option of call.query.keys())
    if (option.startsWith("$") && !UNDERSTOOD.has(option))
      throw errors.featureNotImplemented(`The query option ${option}`);
}
