import {
  AzurePipelinesCredential,
  ClientAssertionCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
} from "@azure/identity";
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineRequest,
} from "@azure/core-rest-pipeline";
import { readFile } from "node:fs/promises";
import { command } from "../../components/plan/commands";
import { CliError } from "../errors";
import type { Io } from "../io";
import { tokenOfAzureCli } from "../tools/az";
import { lastLines, parseJson } from "../tools/process";
import { explainNetworkError } from "../verify/explanations";
import { type GetToken, httpClient, pipeline } from "./service";

const AUTHORITY = "https://login.microsoftonline.com";
const TIMEOUT_MS = 30_000;

/** What the stack says of where it is, for the case that no variable does. */
interface StackPlace {
  readonly tenantId?: string | undefined;
  readonly subscriptionId?: string | undefined;
}

/**
 * The login of the person or pipeline that looks after the stack, from the variables and in the order of the providers:
 * secret, OpenID Connect, managed identity, Azure CLI. The first that is set is used, and no other if that fails.
 * https://www.pulumi.com/registry/packages/azuread/installation-configuration/
 *
 * @throws CliError if a variable that another one needs is missing.
 */
export function logInAsProviders(io: Io, stack: StackPlace): GetToken {
  const { env } = io;
  const client = new BoundedClient(io.signal);
  const options = { authorityHost: AUTHORITY, retryOptions: { maxRetries: 2 }, httpClient: client };
  const tenantId = env["ARM_TENANT_ID"] || stack.tenantId;
  const clientId = env["ARM_CLIENT_ID"];
  const need = (variable: string): [tenantId: string, clientId: string] => {
    if (tenantId && clientId) return [tenantId, clientId];
    throw new CliError(
      "LOGIN_INCOMPLETE",
      `Where ${variable} is set, ARM_CLIENT_ID and ARM_TENANT_ID must be set too.`,
      `Set them, or unset ${variable} to use the login of the Azure CLI.`,
    );
  };
  const isTrue = (name: string) => /^(1|true)$/i.test(env[name] ?? "");

  const certificate = ["ARM_CLIENT_CERTIFICATE_PATH", "ARM_CLIENT_CERTIFICATE"].find((name) => env[name]);
  if (certificate !== undefined && !env["ARM_CLIENT_SECRET"]) {
    throw new CliError(
      "LOGIN_NOT_SUPPORTED",
      `${certificate} is a login that this command cannot use.`,
      `Log in with it by the Azure CLI, and unset ${certificate}: \`az login --service-principal --certificate FILE\``,
    );
  }
  const secret = env["ARM_CLIENT_SECRET"];
  if (secret) {
    const [tenant, client] = need("ARM_CLIENT_SECRET");
    return tokensOf(options.httpClient, new ClientSecretCredential(tenant, client, secret, options));
  }
  if (isTrue("ARM_USE_OIDC")) {
    const [tenant, application] = need("ARM_USE_OIDC");
    const connection =
      env["ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID"] || env["ARM_OIDC_AZURE_SERVICE_CONNECTION_ID"];
    const bearer = env["ARM_OIDC_REQUEST_TOKEN"] || env["SYSTEM_ACCESSTOKEN"];
    // The credential reads SYSTEM_OIDCREQUESTURI itself.
    const credential =
      connection && bearer && env["SYSTEM_OIDCREQUESTURI"]
        ? new AzurePipelinesCredential(tenant, application, connection, bearer, options)
        : new ClientAssertionCredential(tenant, application, () => readAssertion(env), options);
    return tokensOf(client, credential);
  }
  if (isTrue("ARM_USE_MSI")) {
    return tokensOf(client, new ManagedIdentityCredential(clientId ? { clientId } : {}));
  }
  const subscription = stack.subscriptionId ?? env["ARM_SUBSCRIPTION_ID"];
  return (resource) => tokenOfAccount(io, resource, { tenantId, subscriptionId: subscription });
}

/** The library waits for an answer as long as it takes, and does not hear of an interruption. */
class BoundedClient implements HttpClient {
  isTooLate = false;

  constructor(readonly signal: AbortSignal) {}

  async sendRequest(request: PipelineRequest) {
    const tooLate = AbortSignal.timeout(TIMEOUT_MS);
    request.abortSignal = AbortSignal.any([this.signal, tooLate]);
    try {
      return await httpClient.sendRequest(request);
    } finally {
      this.isTooLate ||= tooLate.aborted;
    }
  }
}

function tokensOf(
  client: BoundedClient,
  credential: { getToken(scope: string): Promise<{ token: string } | null> },
): GetToken {
  return async (resource) => {
    try {
      return (await credential.getToken(`${resource}/.default`))!.token;
    } catch (error) {
      client.signal.throwIfAborted();
      if (client.isTooLate)
        throw explainNetworkError(new URL(AUTHORITY).host, `no answer in ${TIMEOUT_MS / 1000} s`);
      throw loginFailed(
        (error as Error).message,
        "Check the ARM_* variables, and that they are for the right tenant.",
      );
    }
  };
}

/** The pipeline's token. Both providers look for it in this order, and nowhere but in the environment. */
async function readAssertion(env: Io["env"]): Promise<string> {
  if (env["ARM_OIDC_TOKEN"]) return env["ARM_OIDC_TOKEN"];
  const file = env["ARM_OIDC_TOKEN_FILE_PATH"];
  if (file) return (await readFile(file, "utf8")).trim();
  const url = env["ARM_OIDC_REQUEST_URL"] || env["ACTIONS_ID_TOKEN_REQUEST_URL"];
  const bearer = env["ARM_OIDC_REQUEST_TOKEN"] || env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
  if (!url || !bearer) {
    throw new Error(
      "ARM_USE_OIDC is set, but neither ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH nor the job's own ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN.",
    );
  }
  const address = new URL(url);
  address.searchParams.set("audience", "api://AzureADTokenExchange");
  const response = await pipeline.sendRequest(
    httpClient,
    createPipelineRequest({
      url: address.href,
      headers: createHttpHeaders({ authorization: `Bearer ${bearer}`, accept: "application/json" }),
    }),
  );
  if (response.status !== 200)
    throw new Error(`The job's token was refused (HTTP status ${response.status}).`);
  return parseJson<{ value: string }>(response.bodyAsText ?? "", "The job's token endpoint").value;
}

/**
 * A token of the account of the Azure CLI that sees the subscription, which need not be the active one; of the active one
 * where none of them sees it.
 */
async function tokenOfAccount(
  io: Io,
  resource: string,
  { tenantId, subscriptionId }: StackPlace,
): Promise<string> {
  const notFound = new CliError(
    "NOT_LOGGED_IN",
    "You must be logged in to Azure. No ARM_* variable names a login, and there is no Azure CLI.",
    "`az login`, or set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID.",
  );
  const remedy = tenantId === undefined ? "`az login`" : command`az login --tenant ${tenantId}`;
  let seesNone = false;
  const explain = (_exitCode: unknown, stderr: string) => {
    // https://github.com/Azure/azure-cli: src/azure-cli-core/azure/cli/core/_profile.py
    seesNone = /^ERROR: Subscription '.*' not found/m.test(stderr);
    return loginFailed(stderr, remedy);
  };
  try {
    const owner = subscriptionId === undefined ? { tenant: tenantId } : { subscription: subscriptionId };
    return await tokenOfAzureCli(io, resource, owner, { notFound, explain });
  } catch (error) {
    if (!seesNone) throw error;
    return tokenOfAzureCli(io, resource, { tenant: tenantId }, { notFound, explain });
  }
}

function loginFailed(message: string, remedy: string): CliError {
  const code = /AADSTS\d+/.exec(message)?.[0];
  return new CliError(
    code ?? "NOT_LOGGED_IN",
    `You must be logged in to Azure. ${code === undefined ? lastLines(message, 1) : `Entra refused your own login with ${code}.`}`,
    remedy,
  );
}
