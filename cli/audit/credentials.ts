import { readFile } from "node:fs/promises";
import {
  AzurePipelinesCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
} from "@azure/identity";
import { createHttpHeaders, createPipelineRequest } from "@azure/core-rest-pipeline";
import { command } from "../../components/commands";
import { CliError } from "../errors";
import type { Io } from "../io";
import { isNotFound, lastLines, parseJson, run } from "../processes";
import { environmentFor } from "../tool-environments";
import { httpClient, pipeline } from "./http";

/** Gives an access token for a resource such as `https://graph.microsoft.com`. */
export type GetToken = (resource: string) => Promise<string>;

const AUTHORITY = "https://login.microsoftonline.com";

/**
 * The login of whoever runs the command, over the chain of the two providers and in their order: certificate, secret,
 * OpenID Connect, managed identity, Azure CLI, by the same `ARM_*` variables. The first that is set is used; where it
 * fails, no other one is tried.
 *
 * @param tenantId that of the stack, where `ARM_TENANT_ID` names none.
 * @throws CliError where something is set that cannot be used.
 */
export function chooseCredential(io: Io, tenantId: string | undefined): GetToken {
  const read = (...names: string[]) => names.map((name) => io.env[name]).find(Boolean);
  const tenant = read("ARM_TENANT_ID") ?? tenantId;
  const clientId = read("ARM_CLIENT_ID");
  const options = { authorityHost: AUTHORITY, retryOptions: { maxRetries: 2 } };
  const needBoth = (variable: string): [tenant: string, clientId: string] => {
    if (tenant !== undefined && clientId !== undefined) return [tenant, clientId];
    throw new CliError(
      "LOGIN_INCOMPLETE",
      `Where ${variable} is set, ARM_CLIENT_ID and ARM_TENANT_ID must be set too.`,
      `Set them, or unset ${variable} to use the login of the Azure CLI.`,
    );
  };

  const certificate = read("ARM_CLIENT_CERTIFICATE_PATH");
  if (certificate !== undefined) {
    const certificatePassword = read("ARM_CLIENT_CERTIFICATE_PASSWORD");
    const credential = new ClientCertificateCredential(
      ...needBoth("ARM_CLIENT_CERTIFICATE_PATH"),
      { certificatePath: certificate, ...(certificatePassword !== undefined && { certificatePassword }) },
      options,
    );
    const getToken = tokensOf(credential);
    return async (resource) => {
      await requirePem(certificate);
      return getToken(resource);
    };
  }
  const secret = read("ARM_CLIENT_SECRET");
  if (secret !== undefined) {
    return tokensOf(new ClientSecretCredential(...needBoth("ARM_CLIENT_SECRET"), secret, options));
  }
  if (isTrue(read("ARM_USE_OIDC"))) {
    const [of, as] = needBoth("ARM_USE_OIDC");
    const connection = read("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID");
    const pipelineToken = read("ARM_OIDC_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN");
    // It reads SYSTEM_OIDCREQUESTURI itself.
    if (connection !== undefined && pipelineToken !== undefined && read("SYSTEM_OIDCREQUESTURI")) {
      return tokensOf(new AzurePipelinesCredential(of, as, connection, pipelineToken, options));
    }
    return tokensOf(new ClientAssertionCredential(of, as, () => readAssertion(read), options));
  }
  if (isTrue(read("ARM_USE_MSI"))) {
    return tokensOf(new ManagedIdentityCredential(clientId === undefined ? {} : { clientId }));
  }
  return (resource) => getTokenOfAzureCli(io, resource, tenant);
}

/** The providers take PFX; the library that this command uses takes PEM alone, and says no more than that it failed. */
async function requirePem(file: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new CliError(
      "CERTIFICATE_NOT_READ",
      `ARM_CLIENT_CERTIFICATE_PATH must name a file that can be read. Received ${file} (${(error as NodeJS.ErrnoException).code}).`,
      "Set it to the file with the certificate and its key, in PEM.",
    );
  }
  if (/-----BEGIN (ENCRYPTED |RSA |EC )?PRIVATE KEY-----/.test(text)) return;
  throw new CliError(
    "CERTIFICATE_NOT_PEM",
    `ARM_CLIENT_CERTIFICATE_PATH must name a file in PEM, with the certificate and its key. Received ${file}, which has no key in PEM; perhaps it is PFX.`,
    "Convert it for this command: `openssl pkcs12 -in <file> -nodes -out <file>.pem`. The providers take both.",
  );
}

function isTrue(text: string | undefined): boolean {
  return text === "1" || text?.toLowerCase() === "true";
}

function tokensOf(credential: { getToken(scope: string): Promise<{ token: string } | null> }): GetToken {
  return async (resource) => {
    try {
      return (await credential.getToken(`${resource}/.default`))!.token;
    } catch (error) {
      throw loginFailed(
        (error as Error).message,
        "Check the ARM_* variables, and that they are for the right tenant.",
      );
    }
  };
}

/** The token that the pipeline has, or gets: as both providers look for it. */
async function readAssertion(read: (...names: string[]) => string | undefined): Promise<string> {
  const token = read("ARM_OIDC_TOKEN");
  if (token !== undefined) return token;
  const file = read("ARM_OIDC_TOKEN_FILE_PATH");
  if (file !== undefined) return (await readFile(file, "utf8")).trim();
  const url = read("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL");
  const bearer = read("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN");
  if (url === undefined || bearer === undefined) {
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

async function getTokenOfAzureCli(io: Io, resource: string, tenant: string | undefined): Promise<string> {
  const args = ["account", "get-access-token", "--resource", resource, "--output", "json"];
  const all = tenant === undefined ? args : [...args, "--tenant", tenant];
  let finished;
  try {
    finished = await run("az", all, { env: environmentFor("az", io.env), signal: io.signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new CliError(
      "NOT_LOGGED_IN",
      "You must be logged in to Azure. No ARM_* variable names a login, and there is no Azure CLI.",
      "`az login`, or set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID.",
    );
  }
  if (finished.exitCode === 0) return parseJson<{ accessToken: string }>(finished.stdout, "az").accessToken;
  throw loginFailed(
    finished.stderr,
    tenant === undefined ? "`az login`" : command`az login --tenant ${tenant}`,
  );
}

function loginFailed(message: string, remedy: string): CliError {
  const code = /AADSTS\d+/.exec(message)?.[0];
  return new CliError(
    code ?? "NOT_LOGGED_IN",
    `You must be logged in to Azure. ${code === undefined ? lastLines(message, 1) : `Entra refused your own login with ${code}.`}`,
    remedy,
  );
}
