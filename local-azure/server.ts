import { unescape } from "node:querystring";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import type { RawRequest } from "./call";
import type { Certificates } from "./certificates";
import type { Cloud } from "./cloud";
import { type AnyRoute, guessApi, pathsOf, SERVICES } from "./services";
import { answerUnreadable, type Outcome, treat } from "./treatment";

/** Resource Manager takes bodies up to 4 MB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_PARAM_LENGTH = 2048;

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
    rewriteUrl: (request) => withObjectId(cloud, canonicalUrl(request.url ?? "/")),
    routerOptions: {
      // Resource Manager's paths have no case; values keep theirs.
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: MAX_PARAM_LENGTH,
    },
    frameworkErrors: (error, request, reply) => {
      void send(reply, answerUnreadable(cloud, rawRequest(undefined, request), error.statusCode ?? 400));
    },
  });
  const serve = async (route: AnyRoute | undefined, request: FastifyRequest, reply: FastifyReply) =>
    send(reply, await treat(cloud, route, rawRequest(route, request)));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  for (const route of Object.values(SERVICES).flatMap(({ routes }) => routes))
    for (const url of pathsOf(route))
      app.route({ method: route.method, url, handler: (request, reply) => serve(route, request, reply) });
  app.setNotFoundHandler((request, reply) => serve(undefined, request, reply));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    // An error without a status is a defect of the local Azure, so show where it happened.
    if (error.statusCode === undefined) process.emitWarning(error);
    return send(reply, answerUnreadable(cloud, rawRequest(undefined, request), error.statusCode ?? 500));
  });
  await app.listen({ port, host: "127.0.0.1" });
  const address = app.server.address();
  if (address === null || typeof address === "string")
    throw new Error("The server must listen on a TCP port.");
  return { port: address.port, close: () => app.close() };
}

/** No route has a schema for fastify, and loading its schema compilers would be a fifth of the time to start. */
function noSchemas(): never {
  throw new Error("Routes must have no schema for fastify: handlers check bodies.");
}

function rawRequest(route: AnyRoute | undefined, request: FastifyRequest): RawRequest {
  const { method, url, headers, params, body } = request;
  const path = url.split("?", 1)[0]!;
  return { api: route?.api ?? guessApi(path, headers.host ?? ""), method, url, headers, params, body };
}

/** Node keeps the socket of a hijacked answer open; nobody ever writes to one that hangs. */
function send(reply: FastifyReply, outcome: Outcome): FastifyReply {
  if (outcome === "hang") return reply.hijack();
  if (outcome === "reset") {
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }
  const { call, reply: answer } = outcome;
  const { "content-type": type, ...headers } = SERVICES[call.api].headers(call, answer);
  // The directory's time, as that of Azure stands in its answers.
  void reply.code(answer.status).headers({ date: call.now.toUTCString(), ...headers, ...answer.headers });
  if (answer.body === undefined) return reply.send();
  // As bytes: fastify would add a charset to the types that Azure sends without one.
  return reply.header("content-type", type).send(Buffer.from(JSON.stringify(answer.body)));
}

const ALTERNATE_KEY =
  /^(\/(?:v1\.0|beta)\/(applications|servicePrincipals))\((appId|uniqueName)='([^']*)'\)/i;

/** `/applications(appId='…')` names an object by another key than its ID. Where there is none, the key itself is missed. */
function withObjectId({ world }: Cloud, url: string): string {
  return url.replace(ALTERNATE_KEY, (_whole, path: string, kind: string, name: string, value: string) => {
    const { applications, principals } = world.store.tables;
    const key = unescape(value).toLowerCase();
    const rows = /^applications$/i.test(kind) ? applications.all() : principals.all();
    const found = rows.find(({ appId, attributes: { uniqueName } }) =>
      /^appId$/i.test(name)
        ? appId === key
        : typeof uniqueName === "string" && uniqueName.toLowerCase() === key,
    );
    return `${path}/${found?.id ?? `~${value}`}`;
  });
}

/** The web servers of Azure resolve `..` before they look for a route, also where it is encoded. `%24ref` is `$ref`. */
function canonicalUrl(url: string): string {
  if (!url.startsWith("/") || !/\/(\.|%2e|%24ref)/i.test(url)) return url;
  const { pathname, search } = new URL(`https://localhost${url}`);
  return pathname.replace(/\/%24ref$/i, "/$ref") + search;
}
