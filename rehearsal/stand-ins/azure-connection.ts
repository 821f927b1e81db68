import { lookup } from "node:dns";
import { readFileSync } from "node:fs";
import type { LookupFunction } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import { type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import { z } from "zod";
import { ProviderError } from "./provider-error";
import type { Properties } from "./property-values";
import type { ReadSetting } from "./resource-type";

/** Who is logged in, as the access token says. */
export interface Caller {
  readonly tenantId: string;
  readonly clientId: string;
  readonly objectId: string;
}

/** A call to Microsoft Graph or Azure Resource Manager. */
export interface AzureCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the service's address, query included. */
  readonly path: string;
  /** Of Microsoft Graph. @default v1.0 */
  readonly graphVersion?: "v1.0" | "beta";
  readonly body?: Properties;
}

/** An answer with a status which the caller has to judge. */
export interface AzureAnswer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON; an empty object where there is none. */
  readonly json: Properties;
}

/** How long to wait before each repetition of a call that Azure was too busy to carry out. */
type RetryDelays = readonly number[];

interface Cloud {
  readonly loginEndpoint: string;
  readonly resourceManager: string;
  readonly armScope: string;
  readonly microsoftGraph: string;
  /** What the hosts of key vaults end with. */
  readonly keyVaultDns: string;
}

const PUBLIC_CLOUD: Cloud = {
  loginEndpoint: "https://login.microsoftonline.com",
  resourceManager: "https://management.azure.com",
  armScope: "https://management.azure.com/.default",
  microsoftGraph: "https://graph.microsoft.com",
  keyVaultDns: "vault.azure.net",
};

const Metadata = z.object({
  resourceManager: z.string().min(1),
  microsoftGraphResourceId: z.string().min(1),
  authentication: z.object({ loginEndpoint: z.string().min(1), audiences: z.array(z.string()).min(1) }),
  suffixes: z.object({ keyVaultDns: z.string().min(1) }),
});

const BUSY = new Set([408, 429, 500, 502, 503, 504]);
const REPEATABLE = new Set<AzureCall["method"]>(["GET", "PUT", "DELETE"]);

/** A connection to Azure as a service principal with a secret: what a real provider sets up when it is configured. */
export class AzureConnection {
  private readonly tokens = new Map<string, Promise<string>>();

  private constructor(
    readonly subscriptionId: string | undefined,
    private readonly login: { tenantId: string; clientId: string; clientSecret: string },
    private readonly cloud: Cloud,
    private readonly dispatcher: Dispatcher,
    private readonly signal: AbortSignal,
    private readonly secondMs: number,
  ) {}

  /** Reads the same settings and environment variables as the real providers. */
  static async open(readSetting: ReadSetting, signal: AbortSignal): Promise<AzureConnection> {
    const need = (name: string, variable: string): string => {
      const value = readSetting(name, variable);
      if (value !== undefined) return value;
      throw new ProviderError(
        "NOT_CONFIGURED",
        `The provider must be configured with ${name}, or ${variable} be set.`,
      );
    };
    const login = {
      tenantId: need("tenantId", "ARM_TENANT_ID"),
      clientId: need("clientId", "ARM_CLIENT_ID"),
      clientSecret: need("clientSecret", "ARM_CLIENT_SECRET"),
    };
    const caFile = readSetting("", "SSL_CERT_FILE");
    const tls = caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") };
    const dispatcher = new EnvHttpProxyAgent({
      // An empty string, because undefined would make it read the environment of this process.
      httpProxy: "",
      httpsProxy: readSetting("", "HTTPS_PROXY", "https_proxy") ?? "",
      noProxy: readSetting("", "NO_PROXY", "no_proxy") ?? "",
      connect: { ...tls, lookup: lookUpAddress },
      requestTls: tls,
    });
    const metadataHost = readSetting("metadataHost", "ARM_METADATA_HOSTNAME");
    const cloud =
      metadataHost === undefined ? PUBLIC_CLOUD : await readMetadata(metadataHost, dispatcher, signal);
    return new AzureConnection(
      readSetting("subscriptionId", "ARM_SUBSCRIPTION_ID"),
      login,
      cloud,
      dispatcher,
      signal,
      // How long a second lasts in which a call is waited with: whoever strikes hundreds of calls has no minutes for each.
      Number(readSetting("", "STAND_IN_SECOND_MS") ?? 1000),
    );
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  /** Who is logged in. Takes a token for Microsoft Graph, and asks nothing else. */
  async caller(): Promise<Caller> {
    const claims = decodeJwt(await this.token(`${this.cloud.microsoftGraph}/.default`));
    return {
      tenantId: String(claims["tid"]),
      clientId: this.login.clientId,
      objectId: String(claims["oid"]),
    };
  }

  /**
   * An access token of this login, as it would be at the directory's time: a rehearsal moves that, and tokens live on the
   * machine's. Its signature is that of the token for the machine's time, so it is one to read, not to log in with.
   *
   * @param endpoint of which service. @default Azure Resource Manager
   */
  async clientToken(endpoint: string = this.cloud.resourceManager): Promise<string> {
    const [token, { date }] = await Promise.all([
      this.token(`${endpoint}/.default`),
      exchange(metadataUrl(this.cloud.resourceManager), "GET", this.dispatcher, this.signal, {}),
    ]);
    const movedBy = Math.round((Date.parse(date) - Date.now()) / 1000);
    const [header, , signature] = token.split(".");
    const claims = decodeJwt(token);
    const moved = ["iat", "nbf", "exp"].map((name) => [name, Number(claims[name]) + movedBy] as const);
    const payload = JSON.stringify({ ...claims, ...Object.fromEntries(moved) });
    return [header, Buffer.from(payload).toString("base64url"), signature].join(".");
  }

  /** The address of a directory object, for `@odata.bind`. */
  directoryObjectUrl(objectId: string): string {
    return `${this.cloud.microsoftGraph}/v1.0/directoryObjects/${objectId}`;
  }

  /** Calls Microsoft Graph, version 1.0. */
  callGraph(call: AzureCall, delays: RetryDelays): Promise<AzureAnswer> {
    const url = `${this.cloud.microsoftGraph}/${call.graphVersion ?? "v1.0"}${call.path}`;
    return this.send(url, `${this.cloud.microsoftGraph}/.default`, call, delays);
  }

  /** Calls Azure Resource Manager. */
  callResourceManager(call: AzureCall, delays: RetryDelays): Promise<AzureAnswer> {
    return this.send(`${this.cloud.resourceManager}${call.path}`, this.cloud.armScope, call, delays);
  }

  /** Calls a key vault. It says itself for which resource it wants a token, if a request has none. */
  async callKeyVault(vaultName: string, call: AzureCall, delays: RetryDelays): Promise<AzureAnswer> {
    const url = `https://${vaultName}.${this.cloud.keyVaultDns}${call.path}`;
    const { status, challenge } = await exchange(url, call.method, this.dispatcher, this.signal, {});
    const resource = /resource="([^"]+)"/.exec(challenge)?.[1];
    // Do not send a token for anything other than vaults to that host.
    if (status !== 401 || resource === undefined || !url.includes(`.${new URL(resource).host}/`))
      throw new ProviderError(
        "AZURE_REFUSED",
        `${new URL(url).origin} must ask for a token of its own. Received HTTP status ${status}.`,
        status,
      );
    return this.send(url, `${resource}/.default`, call, delays);
  }

  private async send(url: string, scope: string, call: AzureCall, delays: RetryDelays): Promise<AzureAnswer> {
    const token = await this.token(scope);
    for (let attempt = 0; ; attempt++) {
      const delay = delays[attempt];
      const options = {
        headers: {
          authorization: `Bearer ${token}`,
          ...(call.body && { "content-type": "application/json" }),
        },
        ...(call.body && { body: JSON.stringify(call.body) }),
      };
      const answer = await exchange(url, call.method, this.dispatcher, this.signal, options).catch(
        (error: unknown) => {
          // After a lost answer nobody knows whether the call was carried out: only what may be repeated is.
          if (delay === undefined || !REPEATABLE.has(call.method) || this.signal.aborted) throw error;
          return undefined;
        },
      );
      if (answer !== undefined && (delay === undefined || !BUSY.has(answer.status))) return answer;
      const retryAfter = Number.parseInt(answer?.retryAfter ?? "", 10);
      await sleep((Number.isNaN(retryAfter) ? (delay ?? 0) : retryAfter) * this.secondMs, undefined, {
        signal: this.signal,
      });
    }
  }

  private token(scope: string): Promise<string> {
    let token = this.tokens.get(scope);
    if (token === undefined) {
      token = this.requestToken(scope);
      this.tokens.set(scope, token);
    }
    return token;
  }

  private async requestToken(scope: string): Promise<string> {
    const url = `${this.cloud.loginEndpoint}/${this.login.tenantId}/oauth2/v2.0/token`;
    const answer = await exchange(url, "POST", this.dispatcher, this.signal, {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: this.login.clientId,
        client_secret: this.login.clientSecret,
        scope,
      }).toString(),
    });
    const token = answer.json["access_token"];
    if (answer.status === 200 && typeof token === "string") return token;
    const response = answer.status === 200 ? "(no access token)" : answer.text;
    throw new ProviderError(
      "LOGIN_REFUSED",
      `clientCredentialsToken: received HTTP status ${answer.status} with response: ${response}`,
      answer.status,
    );
  }
}

function metadataUrl(resourceManager: string): string {
  return `${resourceManager}/metadata/endpoints?api-version=2022-09-01`;
}

async function readMetadata(host: string, dispatcher: Dispatcher, signal: AbortSignal): Promise<Cloud> {
  const metadata = Metadata.parse(
    (await exchange(metadataUrl(`https://${host}`), "GET", dispatcher, signal, {})).json,
  );
  return {
    loginEndpoint: metadata.authentication.loginEndpoint.replace(/\/$/, ""),
    resourceManager: metadata.resourceManager.replace(/\/$/, ""),
    armScope: `${metadata.authentication.audiences[0]}/.default`,
    microsoftGraph: metadata.microsoftGraphResourceId.replace(/\/$/, ""),
    keyVaultDns: metadata.suffixes.keyVaultDns.replace(/^\./, ""),
  };
}

async function exchange(
  url: string,
  method: AzureCall["method"],
  dispatcher: Dispatcher,
  signal: AbortSignal,
  options: { headers?: Record<string, string>; body?: string },
): Promise<AzureAnswer & { retryAfter: string | undefined; challenge: string; date: string }> {
  try {
    const response = await request(url, { method, dispatcher, signal, ...options });
    const text = await response.body.text();
    const retryAfter = response.headers["retry-after"];
    return {
      status: response.statusCode,
      text,
      json: parseObject(text),
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      date: String(response.headers["date"]),
      challenge: String(response.headers["www-authenticate"] ?? ""),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProviderError(
      "AZURE_UNREACHABLE",
      `${method} ${new URL(url).origin}: the connection failed (${reason})`,
    );
  }
}

/** Names below `localhost` are this machine (RFC 6761), which not every resolver knows. */
const lookUpAddress: LookupFunction = (hostname, options, callback) =>
  lookup(hostname.endsWith(".localhost") ? "localhost" : hostname, options, callback);

function parseObject(text: string): Properties {
  try {
    return z.record(z.string(), z.unknown()).catch({}).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
