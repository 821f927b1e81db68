import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { STORAGE_AUDIENCES } from "./audiences";
import { BLOB_DOMAIN, type Certificates } from "./certificates";
import type { Cloud } from "./cloud";
import { headerOf, newRequestId } from "./call";
import { TokenRefusedError } from "./oauth/tokens";
import { resourceGroupId } from "./store/resources";

/** An Azurite that keeps the blobs of every storage account of this cloud. */
export interface BlobStorageOptions {
  /** `https://127.0.0.1:PORT`, started with `--oauth basic`; `AZURITE_ACCOUNTS` names the accounts. */
  readonly url: string;
  /** What its certificate is checked by. @default the authorities that Node trusts */
  readonly caPem?: string;
}

interface BlobStorage {
  readonly port: number;
  close(): Promise<void>;
}

/** The account of a host such as `stateaccount.blob.core.windows.net`. */
export function accountOfHost(host: string): string | undefined {
  return new RegExp(`^([a-z0-9]{3,24})\\.${BLOB_DOMAIN.replaceAll(".", "\\.")}$`).exec(host)?.[1];
}

/**
 * Answers for the public hosts of Blob Storage: checks signature, audience and role, which Azurite does not, and leaves
 * the rest to Azurite. No account key is accepted.
 */
export async function startBlobStorage(
  cloud: Cloud,
  certificates: Certificates,
  { url, caPem }: BlobStorageOptions,
): Promise<BlobStorage> {
  const azurite = new URL(url);
  const send = azurite.protocol === "https:" ? https.request : http.request;
  const server = https.createServer(
    { key: certificates.privateKeyPem, cert: certificates.certificatePem },
    (request, response) => {
      void refusalOf(cloud, request).then((refusal) => {
        const started = performance.now();
        response.once("close", () => log(cloud, request, response, started));
        if (refusal !== undefined) return refuse(cloud, response, refusal);
        const upstream = send(
          {
            ...{ host: azurite.hostname, port: azurite.port, servername: "localhost" },
            ...{ method: request.method, path: request.url, headers: request.headers },
            // A kept connection may be closed on the other side just when it is used again.
            agent: false,
            ...(caPem === undefined ? {} : { ca: caPem }),
          },
          (answer) => {
            response.writeHead(answer.statusCode!, answer.headers);
            answer.pipe(response);
          },
        );
        upstream.on("error", (error) => (process.emitWarning(error), response.destroy()));
        request.pipe(upstream);
      });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const REFUSALS = {
  NoAuthenticationInformation:
    "401 Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
  InvalidAuthenticationInfo:
    "401 Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
  AuthenticationFailed:
    "403 Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.",
  AuthorizationPermissionMismatch:
    "403 This request is not authorized to perform this operation using this permission.",
} as const;
type RefusalCode = keyof typeof REFUSALS;

async function refusalOf(cloud: Cloud, request: http.IncomingMessage): Promise<RefusalCode | undefined> {
  const { headers, method = "GET", url = "/" } = request;
  const authorization = headerOf({ headers }, "authorization");
  if (authorization === undefined) return "NoAuthenticationInformation";
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return "AuthenticationFailed";
  const account = accountOfHost((headers.host ?? "").replace(/:\d+$/, "")) ?? "";
  const { world } = cloud;
  try {
    const { objectId: principalId } = await cloud.tokens.verify(token, world.directory.tenantId, [
      ...STORAGE_AUDIENCES,
      `https://${account}.${BLOB_DOMAIN}`,
    ]);
    const { subscriptionId, resourceGroup } = world.place;
    const { pathname, searchParams } = new URL(url, `https://${headers.host}`);
    const [, container = "", blob = ""] = /^\/([^/]*)\/?(.*)$/.exec(pathname) ?? [];
    const storage = `${resourceGroupId(subscriptionId, resourceGroup)}/providers/Microsoft.Storage/storageAccounts/${account}`;
    const scope = container === "" ? storage : `${storage}/blobServices/default/containers/${container}`;
    const onData = blob !== "" || searchParams.get("comp") === "list";
    const action = `Microsoft.Storage/storageAccounts/blobServices/containers/${onData ? "blobs/" : ""}${verbOf(method)}`;
    const isAllowed = world.access.isAllowed({ principalId, action, onData, scope }, cloud.clock.now());
    return isAllowed ? undefined : "AuthorizationPermissionMismatch";
  } catch (error) {
    if (error instanceof TokenRefusedError) return "InvalidAuthenticationInfo";
    throw error;
  }
}

function verbOf(method: string): string {
  return method === "GET" || method === "HEAD" ? "read" : method === "DELETE" ? "delete" : "write";
}

function refuse(cloud: Cloud, response: http.ServerResponse, code: RefusalCode): void {
  const [, status, message] = /^(\d+) (.*)$/.exec(REFUSALS[code])!;
  const login = `https://login.microsoftonline.com/${cloud.world.directory.tenantId}/oauth2/authorize`;
  response.writeHead(Number(status), {
    "content-type": "application/xml",
    "x-ms-error-code": code,
    "x-ms-request-id": newRequestId(),
    ...(status === "401" && {
      "www-authenticate": `Bearer authorization_uri=${login} resource_id=${STORAGE_AUDIENCES[0]}`,
    }),
  });
  response.end(
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
}

function log(
  cloud: Cloud,
  { method = "", url = "" }: http.IncomingMessage,
  { statusCode }: http.ServerResponse,
  started: number,
): void {
  const ms = Math.round((performance.now() - started) * 1000) / 1000;
  cloud.log.add({ method, path: url.split("?")[0]!, status: statusCode, caller: null, ms, api: "blob" });
}
