import { randomUUID } from "node:crypto";
import type { Cloud } from "./cloud";
import type { JsonObject } from "./store/records";

/** The interfaces that share the one server. */
export type Api = "oauth" | "graph" | "arm" | "metadata" | "control";

/** One request, as handlers see it. `now` is the directory's time, taken once. */
export interface Call {
  readonly api: Api;
  readonly method: string;
  readonly path: string;
  /** Scheme and host as the client asked: links in answers must lead back the way it came. */
  readonly base: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly now: Date;
  readonly requestId: string;
  /** Client ID of the caller, for the request log. */
  caller?: string;
}

/** What a handler answers. Without a body the answer has none. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One row of the route table, which is also the source of COVERAGE.md. */
export interface Route {
  readonly api: Api;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A path with `:name` for a variable part; `{scope}` stands for any scope of Azure Resource Manager. */
  readonly path: string;
  readonly does: string;
  /** What about this route's answers is not established. */
  readonly uncertain?: string;
  readonly handle: (cloud: Cloud, call: Call) => Reply | Promise<Reply>;
}

/** An answer that is an error of a service, with its real status, code and message. */
export class ServiceError extends Error {
  override readonly name: string = "ServiceError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** One interface: its routes, and how its errors look. */
export interface Service {
  readonly routes: readonly Route[];
  /** What is not established about answers that do not belong to one route, such as refused tokens. */
  readonly uncertain?: readonly string[];
  readonly renderError: (error: ServiceError, call: Call) => Reply;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function headerOf(call: Call, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Whether the client says that its body is JSON. */
export function hasJsonBody(call: Call): boolean {
  const type = (headerOf(call, "content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  return type === "application/json";
}

const MAX_JSON_DEPTH = 64;

/** The body as a JSON object; undefined where it is none, or so deep that writing it out again could fail. */
export function parseJsonObject(call: Call): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(call.body.toString("utf8"));
    return isJsonObject(body) && isShallow(body, MAX_JSON_DEPTH) ? body : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isShallow(part, levels - 1));
}

/** The bearer token of a request, or nothing. */
export function bearerToken(call: Call): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headerOf(call, "authorization") ?? "")?.[1];
}

/** The client's own request ID, echoed as the services do. */
export function correlationIdOf(call: Call): string {
  const sent = headerOf(call, "client-request-id") ?? call.query.get("client-request-id");
  return sent !== undefined && sent !== null && /^[0-9a-f-]{36}$/i.test(sent) ? sent : call.requestId;
}

/** IDs of requests and traces: nothing depends on them, so they do not come from the seed. */
export function newRequestId(): string {
  return randomUUID();
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isGuid(text: string): boolean {
  return GUID.test(text);
}
