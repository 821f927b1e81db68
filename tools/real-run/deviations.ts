import { type AnyRoute, guessApi, pathsOf, SERVICES } from "../../local-azure/services";
import { type Contract, isOfKind, readContracts, SHARED } from "../../test/local-azure/contract";
import type { Exchange } from "./gateway";

/** How an exchange differs from the contracts. It contains no value of the exchange. */
export interface Comparison {
  /** As in COVERAGE.md; for an unknown operation, method and host. */
  readonly operation: string;
  readonly status: number;
  /** The contract that the answer was compared with, if there is one for it. */
  readonly contract?: string;
  /** What differs, and where in the answer. */
  readonly deviations: readonly string[];
}

// Azure may answer with these at any time, and clients retry.
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);

const CONTRACTS = readContracts();

/** Compares an answer with the contracts of its operation and status. The one that fits best counts. */
export function compareExchange({ request, answer }: Exchange): Comparison {
  const route = routeOf(request.method, request.path, request.host);
  const { status } = answer;
  if (!route) return { operation: `${request.method} on ${request.host}`, status, deviations: [] };
  const operation = `${route.method} ${route.path}`;
  const known = CONTRACTS.filter((contract) => contract.operation === operation);
  if (known.length === 0 || TRANSIENT.has(status)) return { operation, status, deviations: [] };
  const same = known.filter((contract) => contract.answer.status === status);
  // Contracts of refusals alone say nothing about a success.
  if (same.length === 0 && isSuccess(status) && !known.some(({ answer: { status: one } }) => isSuccess(one)))
    return { operation, status, deviations: [] };
  if (same.length === 0) {
    const others = [...new Set(known.map((contract) => contract.answer.status))].sort().join(", ");
    return {
      operation,
      status,
      deviations: [`the status is ${status}${codeOf(answer)}; the contracts know ${others}`],
    };
  }
  const [best] = same
    .map((contract) => ({ contract: contract.name, deviations: compareAnswer(contract, answer, route) }))
    .sort((a, b) => a.deviations.length - b.deviations.length);
  return { operation, status, ...best! };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function routeOf(method: string, target: string, host: string): AnyRoute | undefined {
  const pathname = target.split("?", 1)[0]!;
  const api = guessApi(pathname, host);
  return SERVICES[api].routes.find(
    (route) => route.method === method && pathsOf(route).some((pattern) => patternOf(pattern).test(pathname)),
  );
}

function patternOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/[.$()]/g, "\\$&").replaceAll(/:\w+/g, "[^/]+");
  return new RegExp(`^${source}/?$`, "i");
}

/** The error's code, if it looks like a code, which is never a secret. */
function codeOf({ body }: Exchange["answer"]): string {
  const { error } = (parse(body) ?? {}) as { error?: { code?: unknown } | string };
  const code = typeof error === "object" ? error.code : error;
  return typeof code === "string" && /^\w{1,60}$/.test(code) ? ` (${code})` : "";
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function compareAnswer({ answer: expected }: Contract, answer: Exchange["answer"], { api }: AnyRoute) {
  const { body, graphError, armError, oauthError } = expected;
  const kind = graphError
    ? "graphError"
    : api === "oauth" || body !== undefined || armError
      ? api
      : `${api}Empty`;
  const headers = compareHeaders({ ...SHARED.headers[kind], ...expected.headers }, answer.headers);
  const content = parse(answer.body);
  if (graphError) return [...headers, ...compareShape(content, { error: { ...GRAPH_ERROR } }, "body")];
  if (armError) return [...headers, ...compareShape(content, { error: { code: "", message: "" } }, "body")];
  if (oauthError) return [...headers, ...compareShape(content, OAUTH_ERROR, "body")];
  if (body === undefined) return answer.body.length === 0 ? headers : [...headers, "has an unexpected body"];
  return [...headers, ...compareShape(content, body, "body")];
}

const GRAPH_ERROR = { code: "", message: "", details: "<optional>", innerError: "<any>" };
const OAUTH_ERROR = {
  error: "",
  error_description: "",
  error_codes: "<list>",
  timestamp: "",
  trace_id: "<guid>",
  correlation_id: "<guid>",
  error_uri: "<optional>",
};

function compareHeaders(
  expected: Readonly<Record<string, string>>,
  actual: Exchange["answer"]["headers"],
): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const given = actual[name];
    if (value === "<absent>") return given === undefined ? [] : [`header ${name} is unexpected`];
    if (given === undefined) return [`header ${name} is missing`];
    // Values in braces belong to another run, and a value may be a pattern.
    const isFixed = !/[{<]/.test(value) && !value.startsWith("/");
    return isFixed && given.toLowerCase() !== value.toLowerCase() ? [`header ${name} has another value`] : [];
  });
}

/** Compares properties and their types, not values: those differ in every run. */
function compareShape(actual: unknown, expected: unknown, place: string): string[] {
  if (typeof expected === "string" && /^<\w+>$/.test(expected)) {
    return isOfKind(expected, actual) ? [] : [`${place} is not ${expected}`];
  }
  // What is null in one run may be set in another.
  if (expected === null || actual === null) return [];
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${place} is not a list`];
    const items = actual.flatMap((item) =>
      expected.length > 0 ? compareShape(item, expected[0], `${place}[]`) : [],
    );
    return [...new Set(items)];
  }
  if (typeof expected !== "object") {
    return typeof actual === typeof expected ? [] : [`${place} is not a ${typeof expected}`];
  }
  if (typeof actual !== "object" || Array.isArray(actual)) return [`${place} is not an object`];
  return compareObject(actual as Readonly<Record<string, unknown>>, expected, place);
}

function compareObject(actual: Readonly<Record<string, unknown>>, expected: object, place: string): string[] {
  const { like, "...": others, ...own } = expected as Readonly<Record<string, unknown>>;
  const { "...": sharedOthers, ...shared } = (typeof like === "string" ? SHARED.shapes[like] : {}) ?? {};
  const whole: Readonly<Record<string, unknown>> = { ...shared, ...own };
  const isOpen = others !== undefined || sharedOthers !== undefined;
  const missing = Object.keys(whole).filter((key) => !(key in actual) && whole[key] !== "<optional>");
  const unknown = Object.keys(actual).filter((key) => !(key in whole));
  return [
    ...missing.map((key) => `${place}.${key} is missing`),
    ...(isOpen ? [] : unknown.map((key) => `${place}.${key} is new`)),
    ...Object.keys(whole)
      .filter((key) => key in actual)
      .flatMap((key) => compareShape(actual[key], whole[key], `${place}.${key}`)),
  ];
}
