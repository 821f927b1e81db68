import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const FOLDER = join(__dirname, "contracts");

/** An error in the shape of one service. */
interface ExpectedError {
  readonly code?: string;
  readonly message?: string;
  readonly details?: unknown;
  readonly error?: string;
  readonly aadsts?: number;
  readonly text?: string;
  readonly uri?: boolean;
}

/** What Azure was seen to answer, once. */
export interface Contract {
  /** The file's name without its ending. */
  readonly name: string;
  readonly operation: string;
  readonly says: string;
  readonly source: string;
  readonly date: string;
  /** No exchange with the real service is known: it follows from a documentation page. */
  readonly assumed?: true;
  readonly before?: readonly string[];
  readonly as?: string;
  readonly request: {
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly form?: Readonly<Record<string, string>>;
  };
  readonly answer: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly graphError?: ExpectedError;
    readonly armError?: ExpectedError;
    readonly oauthError?: ExpectedError;
  };
}

type Shape = Readonly<Record<string, unknown>>;

/** What many answers share. */
export const SHARED = parse(readFileSync(join(FOLDER, "shapes.yaml"), "utf8")) as {
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly headers: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export function readContracts(): Contract[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml") && file !== "shapes.yaml")
    .map((file) => ({
      ...(parse(readFileSync(join(FOLDER, file), "utf8")) as Omit<Contract, "name">),
      name: file.slice(0, -".yaml".length),
    }));
}

/** Puts what this run knows in place of `{name}`, at any depth. */
export function fillIn(value: unknown, known: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") {
    const isPattern = isRegExp(value);
    return value.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
      const text = known[name];
      if (text === undefined) return whole;
      return isPattern ? text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&") : text;
    });
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, known));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fillIn(part, known)]));
}

const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  "<any>": () => true,
  "<optional>": () => true,
  "<guid>": (value) =>
    typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  "<text>": (value) => typeof value === "string" && value !== "",
  "<number>": (value) => typeof value === "number",
  "<list>": Array.isArray,
  "<instant>": (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value),
  "<instant7>": (value) =>
    typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/.test(value),
  "<jwt>": (value) => typeof value === "string" && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value),
};

/** Whether a value is of a kind such as `<guid>`. */
export function isOfKind(kind: string, value: unknown): boolean {
  const holds = KINDS[kind];
  assert.ok(holds, `${kind} must be a kind of value.`);
  return holds(value);
}

function isRegExp(text: string): boolean {
  return text.length > 2 && text.startsWith("/") && text.endsWith("/");
}

/** Fails where a value is not what the contract says, naming the place. */
export function assertMatches(actual: unknown, expected: unknown, place = "body"): void {
  if (typeof expected === "string") return assertText(actual, expected, place);
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${place} must be a list. Received ${JSON.stringify(actual)}`);
    assert.equal(
      actual.length > 0,
      expected.length > 0,
      `${place} must ${expected.length > 0 ? "not " : ""}be empty`,
    );
    const shapes = expected.length === actual.length ? expected : actual.map(() => expected[0] as unknown);
    actual.forEach((item, index) => assertMatches(item, shapes[index], `${place}[${index}]`));
    return;
  }
  if (typeof expected === "object" && expected !== null)
    return assertObject(actual, expected as Shape, place);
  assert.deepEqual(actual, expected, place);
}

function assertText(actual: unknown, expected: string, place: string): void {
  const kind = KINDS[expected];
  const shown = `${place} must be ${expected}. Received ${JSON.stringify(actual)}`;
  if (kind !== undefined) assert.ok(kind(actual), shown);
  else if (isRegExp(expected)) assert.match(String(actual), new RegExp(expected.slice(1, -1), "s"), place);
  else assert.equal(actual, expected, place);
}

function assertObject(actual: unknown, expected: Shape, place: string): void {
  assert.ok(
    typeof actual === "object" && actual !== null && !Array.isArray(actual),
    `${place} must be an object`,
  );
  const { like, "...": others, ...own } = expected;
  const shared = typeof like === "string" ? SHARED.shapes[like] : {};
  assert.ok(shared, `the shape of ${place} must be in shapes.yaml`);
  const { "...": sharedOthers, ...base } = shared;
  const whole: Shape = { ...base, ...own };
  const keys = Object.keys(whole).filter((key) => whole[key] !== "<optional>" || key in actual);
  const found =
    others === undefined && sharedOthers === undefined
      ? Object.keys(actual)
      : keys.filter((key) => key in actual);
  assert.deepEqual(found.sort(), keys.sort(), `the keys of ${place}`);
  for (const key of keys) assertMatches((actual as Shape)[key], whole[key], `${place}.${key}`);
}
