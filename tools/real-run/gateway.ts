import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import { createCertificates } from "../../local-azure/certificates";
import { isVaultHost } from "../../local-azure/key-vault/vault-host";
import { startConnectProxy } from "../../local-azure/proxy";

/** A request on its way to Azure. */
export interface Request {
  readonly method: string;
  readonly host: string;
  /** Includes the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What Azure answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One request and its answer. */
export interface Exchange {
  readonly request: Request;
  readonly answer: Answer;
}

interface GatewayOptions {
  /** Sends a request to Azure. */
  readonly forward: (request: Request) => Promise<Answer>;
  /** Asked before each request that writes. A declined request never leaves the machine. */
  readonly allows: (request: Request) => Promise<boolean>;
  readonly onExchange: (exchange: Exchange) => void;
}

/** A proxy between every client and Azure. It records each exchange, and sends only writes that were allowed. */
interface Gateway {
  /** Proxy and CA, as environment variables of the clients. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

// Hop-by-hop headers, and those about the encoding of the body: the gateway passes it on decoded and whole.
const NOT_PASSED_ON = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "transfer-encoding",
  "accept-encoding",
  "content-encoding",
]);

const DECLINED: Answer = {
  status: 403,
  headers: { "content-type": "application/json" },
  body: Buffer.from(
    JSON.stringify({ error: { code: "Declined", message: "The write was declined; it was not sent." } }),
  ),
};

/** Whether a request changes something. Requests for tokens do not. */
function isWrite({ method, host, path: target }: Request): boolean {
  if (method === "GET" || method === "HEAD" || host.startsWith("login.")) return false;
  return !/\/(getByIds|getMemberObjects|checkMemberGroups)(\?|$)/i.test(target);
}

/** Starts the gateway on loopback, with its own CA, which only its clients trust. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const certificates = await createCertificates();
  const folder = await mkdtemp(path.join(tmpdir(), "himl-real-run-"));
  const caFile = path.join(folder, "ca.pem");
  await writeFile(caFile, certificates.caPem);
  const server = createServer(
    { key: certificates.privateKeyPem, cert: certificates.certificatePem },
    (incoming, outgoing) => {
      void carry(options, incoming).then(
        ({ status, headers, body }) => outgoing.writeHead(status, headers).end(body),
        // No answer came: close the connection, as Azure's side would have.
        () => outgoing.destroy(),
      );
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = await startConnectProxy((server.address() as AddressInfo).port, isVaultHost);
  const direct = "127.0.0.1,localhost";
  return {
    environment: {
      SSL_CERT_FILE: caFile,
      NODE_EXTRA_CA_CERTS: caFile,
      REQUESTS_CA_BUNDLE: caFile,
      HTTPS_PROXY: proxy.url,
      https_proxy: proxy.url,
      NO_PROXY: direct,
      no_proxy: direct,
    },
    close: async () => {
      await proxy.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function carry(options: GatewayOptions, incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const sent: Request = {
    method: incoming.method ?? "GET",
    host: (incoming.headers.host ?? "").replace(/:\d+$/, "").toLowerCase(),
    path: incoming.url ?? "/",
    headers: passOn(incoming.headers),
    body: Buffer.concat(chunks),
  };
  if (isWrite(sent) && !(await options.allows(sent))) return DECLINED;
  const answer = await options.forward(sent);
  options.onExchange({ request: sent, answer });
  return { ...answer, headers: passOn(answer.headers) };
}

function passOn(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || NOT_PASSED_ON.has(name.toLowerCase()) ? [] : [[name, String(value)]],
    ),
  );
}

/** Sends to the real Azure, through the user's own proxy if there is one. */
export function forwardToAzure(dispatcher: Dispatcher = new EnvHttpProxyAgent()) {
  return async ({ method, host, path: target, headers, body }: Request): Promise<Answer> => {
    const response = await request(`https://${host}${target}`, {
      method,
      headers,
      dispatcher,
      ...(body.length > 0 && { body }),
    });
    return {
      status: response.statusCode,
      headers: Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: Buffer.from(await response.body.arrayBuffer()),
    };
  };
}
