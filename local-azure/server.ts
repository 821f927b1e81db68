import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { armService } from "./arm/routes";
import type { PUBLIC_HOSTS } from "./certificates";
import { type Certificates } from "./certificates";
import type { Cloud } from "./cloud";
import { controlService } from "./control/routes";
import { faultAnswer } from "./fault-answers";
import type { StrikingFault } from "./faults";
import { graphService } from "./graph/routes";
import {
  type Api,
  type Call,
  newRequestId,
  type Reply,
  type Route,
  type Service,
  ServiceError,
} from "./http";
import { metadataRoutes } from "./metadata";
import { oauthService } from "./oauth/routes";

/** Resource Manager takes bodies up to 4 MB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_PARAM_LENGTH = 2048;

/** The services by the interface that they answer. */
export const SERVICES: Readonly<Record<Api, Service>> = {
  oauth: oauthService,
  graph: graphService,
  arm: armService,
  metadata: { routes: metadataRoutes, renderError: armService.renderError },
  control: controlService,
};

/** What each public host answers; the server's own address answers everything. */
const APIS_OF_HOST: Readonly<Record<(typeof PUBLIC_HOSTS)[number], readonly Api[]>> = {
  "login.microsoftonline.com": ["oauth"],
  "login.windows.net": ["oauth"],
  "graph.microsoft.com": ["graph"],
  "management.azure.com": ["arm", "metadata"],
  "management.core.windows.net": ["arm", "metadata"],
};

const ROUTES: readonly Route[] = Object.values(SERVICES).flatMap(({ routes }) => routes);

const SCOPES = [
  "",
  "/subscriptions/:subscription",
  "/subscriptions/:subscription/resourceGroups/:group",
  "/subscriptions/:subscription/resourceGroups/:group/providers/:provider/:type/:name",
];

/** A running HTTPS server. */
export interface Server {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the HTTPS server on loopback. */
export async function startServer(cloud: Cloud, certificates: Certificates, port: number): Promise<Server> {
  const app = fastify({
    https: { key: certificates.privateKeyPem, cert: certificates.certificatePem, minVersion: "TLSv1.2" },
    bodyLimit: MAX_BODY_BYTES,
    // A hanging answer must not keep the server from closing.
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    rewriteUrl: (request) => resolveDotSegments(request.url ?? "/"),
    routerOptions: {
      // Resource Manager's paths have no case; values keep theirs.
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: MAX_PARAM_LENGTH,
    },
    frameworkErrors: (error, request, reply) => {
      void answerUnreadable(cloud, request, reply, error.statusCode ?? 400);
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  for (const route of ROUTES)
    for (const url of pathsOf(route))
      app.route({
        method: route.method,
        url,
        handler: (request, reply) => serve(cloud, route, request, reply),
      });
  app.setNotFoundHandler((request, reply) => serve(cloud, undefined, request, reply));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    // An error without a status is a defect of the local Azure: whoever runs it must see where.
    if (error.statusCode === undefined) process.emitWarning(error);
    return answerUnreadable(cloud, request, reply, error.statusCode ?? 500);
  });
  await app.listen({ port, host: "127.0.0.1" });
  const address = app.server.address();
  if (address === null || typeof address === "string")
    throw new Error("The server must listen on a TCP port.");
  return { port: address.port, close: () => app.close() };
}

/** No route has a schema for fastify, and loading its schema compilers would be a fifth of the time to start. */
function noSchemas(): never {
  throw new Error("Routes must have no schema for fastify: handlers check bodies with zod.");
}

function pathsOf(route: Route): string[] {
  return route.path.startsWith("{scope}")
    ? SCOPES.map((scope) => route.path.replace("{scope}", scope))
    : [route.path];
}

async function serve(
  cloud: Cloud,
  route: Route | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const started = performance.now();
  const call = readCall(cloud, route, request);
  const fault = call.api === "control" ? undefined : cloud.faults.take(call);
  if (call.api !== "control" && cloud.latencyMs > 0) await delay(cloud.latencyMs);
  if (fault?.answer === "hang" && !fault.carriedOut) return hang(cloud, call, reply, started);
  let answer = fault === undefined || fault.carriedOut ? await carryOut(cloud, route, call) : undefined;
  if (fault !== undefined) {
    if (fault.answer === "reset") return reset(cloud, call, reply, started);
    if (fault.answer === "hang") return hang(cloud, call, reply, started);
    answer = renderFault(cloud, call, fault);
  }
  record(cloud, call, answer!.status, started);
  return send(reply, call, answer!);
}

async function carryOut(cloud: Cloud, route: Route | undefined, call: Call): Promise<Reply> {
  try {
    if (route === undefined || !isServed(cloud, route.api, call)) throw notImplemented(call);
    return await route.handle(cloud, call);
  } catch (error) {
    if (error instanceof ServiceError) return SERVICES[call.api].renderError(error, call);
    throw error;
  }
}

function renderFault(cloud: Cloud, call: Call, fault: StrikingFault): Reply {
  return SERVICES[call.api].renderError(faultAnswer(cloud, call, fault), call);
}

function notImplemented(call: Call): ServiceError {
  return new ServiceError(
    501,
    "NotImplemented",
    `${call.method} ${call.path} is not implemented by the local Azure.`,
  );
}

/** Node keeps the socket of a hijacked answer open; nobody ever writes to it. */
function hang(cloud: Cloud, call: Call, reply: FastifyReply, started: number): void {
  reply.hijack();
  record(cloud, call, 0, started);
}

function reset(cloud: Cloud, call: Call, reply: FastifyReply, started: number): void {
  reply.hijack();
  record(cloud, call, 0, started);
  reply.raw.destroy();
}

function record(cloud: Cloud, call: Call, status: number, started: number): void {
  if (call.api === "control") return;
  const ms = Math.round((performance.now() - started) * 1000) / 1000;
  cloud.log.add({
    method: call.method,
    path: call.path,
    status,
    caller: call.caller ?? null,
    ms,
    api: call.api,
  });
}

function send(reply: FastifyReply, call: Call, answer: Reply): FastifyReply {
  void reply.code(answer.status).headers({ ...answer.headers, "request-id": call.requestId });
  if (answer.body === undefined) return reply.header("content-length", "0").send();
  return reply.header("content-type", "application/json; charset=utf-8").send(JSON.stringify(answer.body));
}

/** Requests that never reach a handler: bodies too large, paths that cannot be decoded. */
function answerUnreadable(
  cloud: Cloud,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
): FastifyReply {
  const call = readCall(cloud, undefined, request);
  const error =
    status === 413
      ? new ServiceError(
          413,
          "RequestContentTooLarge",
          "The request content size exceeds the maximum size of 4 MB.",
        )
      : status < 500
        ? new ServiceError(status, "BadRequest", "The request could not be read.")
        : new ServiceError(500, "InternalServerError", "The local Azure failed.");
  record(cloud, call, status, performance.now());
  return send(reply, call, SERVICES[call.api].renderError(error, call));
}

/** The web servers of Azure resolve `..` before they look for a route, also where it is encoded. */
function resolveDotSegments(url: string): string {
  if (!url.startsWith("/") || !/\/(\.|%2e)/i.test(url)) return url;
  const { pathname, search } = new URL(`https://localhost${url}`);
  return pathname + search;
}

const HOST = /^[a-z0-9.-]+(:\d{1,5})?$/i;

function readCall(cloud: Cloud, route: Route | undefined, request: FastifyRequest): Call {
  const [path = "/", query = ""] = request.url.split(/\?(.*)/s);
  const { host = "" } = request.headers;
  return {
    api: route?.api ?? guessApi(path, host),
    method: request.method,
    path,
    base: HOST.test(host) ? `https://${host}` : cloud.url,
    params: (request.params ?? {}) as Record<string, string>,
    // In query strings `+` means space: azuread sends `appId+eq+'…'`.
    query: new URLSearchParams(query),
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    now: cloud.clock.now(),
    requestId: newRequestId(),
  };
}

/** Whose error body a request without a route gets. */
function guessApi(path: string, host: string): Api {
  if (/^\/_local(\/|$)/i.test(path)) return "control";
  const ofHost = APIS_OF_HOST[host.replace(/:\d+$/, "") as keyof typeof APIS_OF_HOST]?.[0];
  if (ofHost !== undefined) return ofHost;
  if (/^\/(v1\.0|beta)(\/|$)/i.test(path)) return "graph";
  return /\/(oauth2|discovery|\.well-known)\//i.test(path) ? "oauth" : "arm";
}

function isServed(cloud: Cloud, api: Api, call: Call): boolean {
  const host = new URL(call.base).hostname as keyof typeof APIS_OF_HOST;
  return APIS_OF_HOST[host]?.includes(api) ?? true;
}
