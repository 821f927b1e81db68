import type { JsonObject } from "../call";
import { ExpressionError, parseBoolean, type Predicate, Tokens } from "../store/boolean-expression";
import { refuse } from "./errors";

/** The properties of a resource that can be filtered by, and by what: the operators that Graph's docs name. */
export interface Filterable {
  /** As errors name it, such as `Application`. */
  readonly resource: string;
  readonly properties: Readonly<Record<string, readonly Operator[]>>;
}

type Operator = "eq" | "ne" | "ge" | "le" | "in" | "startswith" | "endswith";

/** These need an index that is updated later: `ConsistencyLevel: eventual` and `$count=true`. */
const ADVANCED: readonly Operator[] = ["ne", "endswith"];

const TOKEN = /'(?:[^']|'')*'|[(),:/]|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)|[\w-]+/;

/** Reads `$filter`. `isAdvanced`: the request has what advanced queries need. */
export function parseFilter(
  text: string,
  filterable: Filterable,
  isAdvanced: boolean,
): Predicate<JsonObject> {
  try {
    const tokens = new Tokens(text, TOKEN);
    return parseBoolean(tokens, () => readTerm(tokens, filterable, isAdvanced));
  } catch (error) {
    throw error instanceof ExpressionError ? refuse("filterInvalid") : error;
  }
}

function readTerm(tokens: Tokens, filterable: Filterable, isAdvanced: boolean): Predicate<JsonObject> {
  const check = (property: string, operator: Operator) => {
    const isKnown = Object.hasOwn(filterable.properties, property);
    const isOffered = isKnown && filterable.properties[property]!.includes(operator);
    if (!isOffered || (ADVANCED.includes(operator) && !isAdvanced))
      throw refuse("filterUnsupported", { property, resource: filterable.resource });
  };
  const name = tokens.take(/^\w+$/);
  if (/^(startswith|endswith)$/i.test(name)) {
    const operator = name.toLowerCase() as Operator;
    tokens.take(/^\($/);
    const property = tokens.take(/^\w+$/);
    tokens.take(/^,$/);
    const text = readText(tokens).toLowerCase();
    tokens.take(/^\)$/);
    check(property, operator);
    return (item) => {
      const value = lower(item[property]);
      return operator === "startswith" ? value.startsWith(text) : value.endsWith(text);
    };
  }
  if (tokens.peek() === "/") {
    const test = readLambda(tokens);
    check(name, "eq");
    return (item) => {
      const values = item[name];
      return Array.isArray(values) && values.some((value) => test(value));
    };
  }
  const operator = tokens.take(/^(eq|ne|ge|le|in)$/i).toLowerCase() as Operator;
  const values = operator === "in" ? readList(tokens) : [readValue(tokens)];
  check(name, operator);
  return (item) => compare(operator, item[name], values);
}

/** `any(x:x eq '…')`. */
function readLambda(tokens: Tokens): (value: unknown) => boolean {
  tokens.take(/^\/$/);
  tokens.take(/^any$/i);
  tokens.take(/^\($/);
  const variable = tokens.take(/^\w+$/);
  tokens.take(/^:$/);
  const own = new RegExp(`^${variable}$`);
  let test: (value: unknown) => boolean;
  if (tokens.peek() === "startswith") {
    tokens.take(/^startswith$/i);
    tokens.take(/^\($/);
    tokens.take(own);
    tokens.take(/^,$/);
    const text = readText(tokens).toLowerCase();
    tokens.take(/^\)$/);
    test = (value) => lower(value).startsWith(text);
  } else {
    tokens.take(own);
    tokens.take(/^eq$/i);
    const wanted = readValue(tokens);
    test = (value) => compare("eq", value, [wanted]);
  }
  tokens.take(/^\)$/);
  return test;
}

type Value = string | boolean | null;

function readList(tokens: Tokens): Value[] {
  tokens.take(/^\($/);
  const values = [readValue(tokens)];
  while (tokens.peek() === ",") {
    tokens.take(/^,$/);
    values.push(readValue(tokens));
  }
  tokens.take(/^\)$/);
  return values;
}

function readValue(tokens: Tokens): Value {
  if (tokens.peek().startsWith("'")) return readText(tokens);
  const word = tokens.take(/^(true|false|null|\d{4}-\S+|[0-9a-f-]{36})$/i);
  if (/^null$/i.test(word)) return null;
  return /^(true|false)$/i.test(word) ? word.toLowerCase() === "true" : word;
}

function readText(tokens: Tokens): string {
  return tokens.take(/^'/).slice(1, -1).replaceAll("''", "'");
}

/** Graph compares text in filters without regard to case. */
function compare(operator: Operator, value: unknown, wanted: readonly Value[]): boolean {
  const isEqual = wanted.some((one) =>
    typeof one === "string" ? typeof value === "string" && lower(value) === one.toLowerCase() : value === one,
  );
  if (operator === "ne") return !isEqual;
  if (operator === "eq" || operator === "in") return isEqual;
  const difference = Date.parse(String(value)) - Date.parse(String(wanted[0]));
  return operator === "ge" ? difference >= 0 : difference <= 0;
}

function lower(value: unknown): string {
  return typeof value === "string" ? value.toLowerCase() : "";
}
