import assert from "node:assert/strict";
import { Agent, request } from "undici";
import { type LocalAzure, type LocalAzureOptions, startLocalAzure } from "../../local-azure/local-azure";
import { useShared } from "../support/shared";

/** The parts of answers that tests read. Whether they are there is what the tests find out. */
export interface Json {
  readonly [other: string]: unknown;
  readonly id: string;
  readonly value: readonly Json[];
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details?: unknown;
    readonly innererror?: unknown;
  };
  readonly error_codes: readonly number[];
  readonly error_description: string;
  readonly timestamp: string;
  readonly trace_id: string;
  readonly correlation_id: string;
  readonly access_token: string;
  readonly appId: string;
  readonly displayName: string;
  readonly keyId: string;
  readonly hint: string;
  readonly secretText: string;
  readonly startDateTime: string;
  readonly endDateTime: string;
  readonly deletedDateTime: string;
  readonly passwordCredentials: readonly Json[];
  readonly api: Json;
  readonly name: string;
  readonly subject: string;
  readonly subscriptionId: string;
  readonly token_endpoint: string;
  readonly metadata: readonly Json[];
  readonly authentication: Json;
  readonly count: Json;
  readonly identity: Json;
  readonly sku: Json;
  readonly properties: Json;
  readonly scope: string;
  readonly principalId: string;
  readonly roleName: string;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resourceTypes: readonly Json[];
  readonly attributes: Json;
  readonly location: string;
  readonly nextLink: string | null;
}

/** An answer, its body parsed where it is JSON. */
export interface Answer {
  readonly status: number;
  /** Empty where the answer is no JSON. */
  readonly body: Json;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What a test sends besides method and path. */
interface Sending {
  readonly token?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export const GRAPH_SCOPE = "https://graph.microsoft.com/.default";
export const ARM_SCOPE = "https://management.azure.com/.default";
export const VAULT_SCOPE = "https://vault.azure.net/.default";
export const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
export const READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
export const DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121";
/** An instant so many days from now, in whole seconds: no test knows what day it is. */
export function inDays(days: number): string {
  return `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
}

export const UNKNOWN_ID = "00000000-0000-4000-8000-000000000000";

/** Who logs in. */
export interface Login {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** An application with its principal and one secret. */
export interface Created extends Login {
  readonly applicationId: string;
  readonly principalId: string;
  readonly keyId: string;
}

/** A local Azure with a client that reaches it through TLS and trusts its CA only. */
export class Rig {
  private readonly agent: Agent;
  private readonly tokens = new Map<string, string>();

  private constructor(readonly azure: LocalAzure) {
    this.agent = new Agent({ connect: { ca: azure.caPem }, connections: 64 });
  }

  static async start(options?: LocalAzureOptions): Promise<Rig> {
    return new Rig(await startLocalAzure(options));
  }

  async close(): Promise<void> {
    await this.agent.destroy();
    await this.azure.close();
  }

  /** Fresh directory; tokens got before belong to nobody now. */
  reset(): void {
    this.tokens.clear();
    this.azure.control.reset();
  }

  /** The scope of the workspace's resource group. */
  get group(): string {
    return `/subscriptions/${this.azure.subscriptionId}/resourceGroups/${this.azure.resourceGroup}`;
  }

  get workspace(): string {
    return `${this.group}/providers/Microsoft.MachineLearningServices/workspaces/${this.azure.workspaceName}`;
  }

  async call(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (sending.token !== undefined) headers.authorization = `Bearer ${sending.token}`;
    let body: string | Buffer | null = sending.raw ?? null;
    if (sending.json !== undefined) {
      headers["content-type"] = "application/json";
      body = JSON.stringify(sending.json);
    } else if (sending.form !== undefined) {
      headers["content-type"] = "application/x-www-form-urlencoded";
      body = new URLSearchParams(sending.form).toString();
    }
    const url = path.startsWith("https:") ? path : this.azure.url + path;
    const answer = await request(url, {
      method,
      dispatcher: this.agent,
      headers: { ...headers, ...sending.headers },
      body,
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers["content-type"] ?? "").includes("json");
    return {
      status: answer.statusCode,
      text,
      body: (isJson ? JSON.parse(text) : {}) as Json,
      headers: answer.headers,
    };
  }

  /** Posts to the token endpoint. */
  requestToken(form: Readonly<Record<string, string>>, tenant = this.azure.tenantId): Promise<Answer> {
    return this.call("POST", `/${tenant}/oauth2/v2.0/token`, {
      form: { grant_type: "client_credentials", scope: ARM_SCOPE, ...form },
    });
  }

  logIn(login: Login, scope = ARM_SCOPE): Promise<Answer> {
    return this.requestToken({ client_id: login.clientId, client_secret: login.clientSecret, scope });
  }

  /** A token, taken once for each login and scope. */
  async token(scope: string, login: Login = this.azure.admin): Promise<string> {
    const key = `${login.clientId} ${login.clientSecret} ${scope}`;
    const known = this.tokens.get(key);
    if (known !== undefined) return known;
    const answer = await this.logIn(login, scope);
    assert.equal(answer.status, 200, answer.text);
    const token = String(answer.body.access_token);
    this.tokens.set(key, token);
    return token;
  }

  /** Calls Microsoft Graph, as the admin unless told otherwise. */
  async graph(method: string, path: string, json?: unknown, login?: Login): Promise<Answer> {
    const token = await this.token(GRAPH_SCOPE, login);
    return this.call(method, `/v1.0${path}`, json === undefined ? { token } : { token, json });
  }

  /** Calls Azure Resource Manager, as the admin unless told otherwise. */
  async arm(method: string, path: string, json?: unknown, login?: Login): Promise<Answer> {
    const token = await this.token(ARM_SCOPE, login);
    const version = /Microsoft\.Authorization/i.test(path)
      ? "2022-04-01"
      : /MachineLearningServices\/workspaces/i.test(path)
        ? "2022-05-01"
        : /Microsoft\.KeyVault/i.test(path)
          ? "2024-11-01"
          : /Microsoft\.ManagedIdentity\//i.test(path)
            ? "2023-01-31"
            : "2022-12-01";
    const url = `${path}${path.includes("?") ? "&" : "?"}api-version=${version}`;
    return this.call(method, url, json === undefined ? { token } : { token, json });
  }

  /** Calls the data plane of a key vault, by its public host, as the admin unless told otherwise. */
  async vault(method: string, path: string, json?: unknown, login?: Login, name = "kv-ml"): Promise<Answer> {
    const token = await this.token(VAULT_SCOPE, login);
    const headers = { host: `${name}.vault.azure.net` };
    const url = `${path}${path.includes("?") ? "&" : "?"}api-version=7.4`;
    return this.call(method, url, json === undefined ? { token, headers } : { token, headers, json });
  }

  async createApplication(displayName = "app", more: object = {}): Promise<Json> {
    return ok(await this.graph("POST", "/applications", { displayName, ...more }), 201);
  }

  /** Application, principal and secret, as every provisioning does. */
  async createLogin(displayName = "app"): Promise<Created> {
    const application = await this.createApplication(displayName);
    const principal = ok(await this.graph("POST", "/servicePrincipals", { appId: application.appId }), 201);
    const secret = ok(await this.graph("POST", `/applications/${application.id}/addPassword`, {}), 200);
    return {
      applicationId: application.id,
      principalId: principal.id,
      clientId: application.appId,
      clientSecret: secret.secretText,
      keyId: secret.keyId,
    };
  }

  /** Puts a role assignment with a name made from the principal, so that it can be put again. */
  assign(
    principalId: string,
    role: string,
    scope = this.group,
    more: object = { principalType: "ServicePrincipal" },
    name = principalId,
    login?: Login,
  ): Promise<Answer> {
    const properties = { principalId, roleDefinitionId: this.roleId(role), ...more };
    return this.arm(
      "PUT",
      `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      { properties },
      login,
    );
  }

  roleId(role: string): string {
    return `/subscriptions/${this.azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
  }
}

/** One local Azure for all tests of a file, fresh before each of them. */
export function useRig(options?: LocalAzureOptions): Rig {
  const rig = useShared(() => Rig.start(options));
  beforeEach(() => rig.reset());
  return rig;
}

/** The body of an answer that must have a status. */
export function ok(answer: Answer, status = 200): Json {
  assert.equal(answer.status, status, answer.text);
  return answer.body;
}

export const BAD_REQUEST = "400 Request_BadRequest";
export const DENIED = "403 Authorization_RequestDenied";
export const NOT_FOUND = "404 Request_ResourceNotFound";
/** By Resource Manager, for want of a role. */
export const UNAUTHORIZED = "403 AuthorizationFailed";

/** Checks an error of Graph or Resource Manager: `status code` and, where given, the message. */
export function refused(answer: Answer, error: string, message?: string | RegExp): void {
  assert.equal(`${answer.status} ${answer.body.error?.code}`, error, answer.text);
  if (typeof message === "string") assert.equal(answer.body.error.message, message);
  else if (message !== undefined) assert.match(answer.body.error.message, message);
}

/** Checks a refusal of the token service: status, `error` and AADSTS number. */
export function refusedToken(answer: Answer, status: number, error: string, aadsts: number): void {
  const { error: actual, error_codes: codes } = answer.body;
  assert.deepEqual(
    { status: answer.status, error: actual, codes },
    { status, error, codes: [aadsts] },
    answer.text,
  );
}
