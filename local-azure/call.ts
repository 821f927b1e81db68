import { randomUUID } from "node:crypto";

/** The interfaces that share the one server. */
export type Api = "oauth" | "graph" | "arm" | "vault" | "metadata" | "control";

/** Any JSON object, as a client sent it. */
export type JsonObject = Record<string, unknown>;

/** What came with a request, parsed once by the type that the client declared. */
interface CallBody {
  /** The media type, without parameters. */
  readonly type: string;
  /** Set where the client declared JSON and sent an object. */
  readonly json?: JsonObject;
  /** Empty where the client did not declare a form. */
  readonly form: URLSearchParams;
}

/** One request, as handlers see it. */
export interface Call<Caller = unknown> {
  readonly api: Api;
  readonly method: string;
  readonly path: string;
  /** Scheme and host as the client asked: links in answers must lead back the way it came. */
  readonly base: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: CallBody;
  /** The directory's time, taken once. */
  readonly now: Date;
  readonly requestId: string;
  /** The client's own ID of the request, or ours. */
  readonly correlationId: string;
  readonly caller: Caller;
}

/** A request as the HTTP server hands it over. */
export interface RawRequest {
  readonly api: Api;
  readonly method: string;
  readonly url: string;
  readonly headers: Call["headers"];
  readonly params: unknown;
  readonly body: unknown;
}

/** What a handler answers. Without a body the answer has none. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const HOST = /^[a-z0-9.-]+(:\d{1,5})?$/i;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_JSON_DEPTH = 64;

/** Reads a request. `url` is the server's own address, for requests without a Host header that can be one. */
export function readCall(raw: RawRequest, url: string, now: Date): Call<undefined> {
  const [path = "/", queryText = ""] = raw.url.split(/\?(.*)/s);
  // In query strings `+` means space: azuread sends `appId+eq+'…'`.
  const query = new URLSearchParams(queryText);
  const { host } = raw.headers;
  const requestId = newRequestId();
  const sentId = headerOf(raw, "client-request-id") ?? query.get("client-request-id") ?? "";
  return {
    api: raw.api,
    method: raw.method,
    path,
    base: typeof host === "string" && HOST.test(host) ? `https://${host}` : url,
    params: (raw.params ?? {}) as Record<string, string>,
    query,
    headers: raw.headers,
    body: readBody(raw),
    now,
    requestId,
    correlationId: isGuid(sentId) ? sentId : requestId,
    caller: undefined,
  };
}

function readBody(raw: RawRequest): CallBody {
  const type = (headerOf(raw, "content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  const text = Buffer.isBuffer(raw.body) ? raw.body.toString("utf8") : "";
  const json = type === "application/json" ? parseObject(text) : undefined;
  const form = new URLSearchParams(type === "application/x-www-form-urlencoded" ? text : "");
  return { type, form, ...(json === undefined ? {} : { json }) };
}

/** Undefined for what is no JSON object, or so deep that writing it out again could fail. */
function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && isShallow(value, MAX_JSON_DEPTH) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isShallow(part, levels - 1));
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isGuid(text: string): boolean {
  return GUID.test(text);
}

export function headerOf(request: Pick<Call, "headers">, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function bearerToken(call: Pick<Call, "headers">): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headerOf(call, "authorization") ?? "")?.[1];
}

/** IDs of requests and traces: nothing depends on them, so they do not come from the seed. */
export function newRequestId(): string {
  return randomUUID();
}
