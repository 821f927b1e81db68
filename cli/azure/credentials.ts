import { readFile } from "node:fs/promises";
import {
  AzurePipelinesCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
} from "@azure/identity";
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineRequest,
} from "@azure/core-rest-pipeline";
import { command } from "../../components/plan/commands";
import { type GetToken, httpClient, pipeline } from "./service";
import { tokenOfAzureCli } from "../tools/az";
import { CliError } from "../errors";
import type { Io } from "../io";
import type * as certificates from "./certificate";
import { lastLines, parseJson } from "../tools/process";
import { explainNetworkError } from "../verify/explanations";
import type { LoginSettings } from "./login-settings";

const AUTHORITY = "https://login.microsoftonline.com";

/**
 * The login of one provider, from the same settings and variables and in the same order as both providers: certificate,
 * secret, OpenID Connect, managed identity, Azure CLI. It uses the first that is set, and tries no other if that fails.
 *
 * @param tenantOfStack for the case that no setting names the tenant.
 * @throws CliError if a setting cannot be used.
 */
export function chooseCredential(
  io: Io,
  settings: LoginSettings,
  tenantOfStack: string | undefined,
): GetToken {
  const client = new BoundedClient(io.signal);
  const options = { authorityHost: AUTHORITY, retryOptions: { maxRetries: 2 }, httpClient: client };
  for (const setting of ["clientCertificatePath", "clientCertificate"] as const) {
    const value = settings.get(setting);
    if (value !== undefined) return certificateLogin(settings, setting, value, tenantOfStack, options);
  }
  const secret = settings.get("clientSecret");
  if (secret !== undefined) {
    const [tenantId, clientId] = settings.need("clientSecret", tenantOfStack);
    return tokensOf(client, new ClientSecretCredential(tenantId, clientId, secret, options));
  }
  if (settings.isTrue("useOidc")) {
    const [tenantId, clientId] = settings.need("useOidc", tenantOfStack);
    const connection = settings.get("adoPipelineServiceConnectionId");
    const pipelineToken = settings.get("oidcRequestToken") ?? settings.variable("SYSTEM_ACCESSTOKEN");
    // It reads SYSTEM_OIDCREQUESTURI itself.
    if (connection !== undefined && pipelineToken !== undefined && settings.variable("SYSTEM_OIDCREQUESTURI"))
      return tokensOf(
        client,
        new AzurePipelinesCredential(tenantId, clientId, connection, pipelineToken, options),
      );
    return tokensOf(
      client,
      new ClientAssertionCredential(tenantId, clientId, () => readAssertion(settings), options),
    );
  }
  const clientId = settings.get("clientId");
  if (settings.isTrue("useMsi")) {
    return tokensOf(client, new ManagedIdentityCredential(clientId === undefined ? {} : { clientId }));
  }
  const tenantId = settings.get("tenantId") ?? tenantOfStack;
  return (resource) => getTokenOfAzureCli(io, resource, tenantId);
}

function certificateLogin(
  settings: LoginSettings,
  setting: "clientCertificatePath" | "clientCertificate",
  value: string,
  tenantOfStack: string | undefined,
  options: { authorityHost: string; httpClient: BoundedClient },
): GetToken {
  const [tenantId, clientId] = settings.need(setting, tenantOfStack);
  const reading = loadCertificates().readCertificate({
    setting: settings.nameOf(setting),
    is: setting === "clientCertificate" ? "base64" : "file",
    value,
    password: settings.get("clientCertificatePassword"),
    passwordSetting: settings.nameOf("clientCertificatePassword"),
  });
  // A failure is told by whoever asks for a token.
  const getting = reading.then((certificate) =>
    tokensOf(
      options.httpClient,
      new ClientCertificateCredential(tenantId, clientId, { certificate }, options),
    ),
  );
  getting.catch(() => undefined);
  return async (resource) => (await getting)(resource);
}

// `require`, since TypeScript leaves `import()` alone in CommonJS, and Node then wants file names with extensions.
// oxlint-disable-next-line typescript/no-require-imports
const loadCertificates = () => require("./certificate") as typeof certificates;

const TIMEOUT_MS = 30_000;

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
      if (client.isTooLate) throw explainNetworkError(new URL(AUTHORITY).host, NO_ANSWER);
      throw loginFailed(
        (error as Error).message,
        "Check the ARM_* variables, and that they are for the right tenant.",
      );
    }
  };
}

const NO_ANSWER = `no answer in ${TIMEOUT_MS / 1000} s`;

/** The pipeline's token. Both providers look for it in this order. */
async function readAssertion(settings: LoginSettings): Promise<string> {
  const token = settings.get("oidcToken");
  if (token !== undefined) return token;
  const file = settings.get("oidcTokenFilePath");
  if (file !== undefined) return (await readFile(file, "utf8")).trim();
  const url = settings.get("oidcRequestUrl");
  const bearer = settings.get("oidcRequestToken");
  if (url === undefined || bearer === undefined) {
    throw new Error(
      `${settings.nameOf("useOidc")} is set, but neither ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH nor the job's own ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN.`,
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

function getTokenOfAzureCli(io: Io, resource: string, tenant: string | undefined): Promise<string> {
  const errors = {
    notFound: new CliError(
      "NOT_LOGGED_IN",
      "You must be logged in to Azure. No ARM_* variable names a login, and there is no Azure CLI.",
      "`az login`, or set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID.",
    ),
    explain: (_exitCode: unknown, stderr: string) =>
      loginFailed(stderr, tenant === undefined ? "`az login`" : command`az login --tenant ${tenant}`),
  };
  return tokenOfAzureCli(io, resource, tenant === undefined ? {} : { tenant }, errors);
}

function loginFailed(message: string, remedy: string): CliError {
  const code = /AADSTS\d+/.exec(message)?.[0];
  return new CliError(
    code ?? "NOT_LOGGED_IN",
    `You must be logged in to Azure. ${code === undefined ? lastLines(message, 1) : `Entra refused your own login with ${code}.`}`,
    remedy,
  );
}
