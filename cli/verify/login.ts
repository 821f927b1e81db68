import type { AccessToken, TokenCredential } from "@azure/identity";
import { ClientSecretCredential, WorkloadIdentityCredential } from "@azure/identity";
import { createDefaultHttpClient, isRestError, type HttpClient } from "@azure/core-rest-pipeline";
import { tokenOfAzureCli } from "../tools/az";
import { CliError } from "../errors";
import type { Io } from "../io";
import { lastLines, parseJson } from "../tools/process";
import { PASSWORD, type Variables } from "../variables";
import { explainEntraError, explainNetworkError, VerificationError } from "./explanations";

/** The one that hi-ml asks for (health_azure/auth.py). */
const SCOPE = "https://management.azure.com/.default";
const AUTHORITY = "https://login.microsoftonline.com";

/** A login that has succeeded. */
export interface Login {
  token: string;
  /** To be read after "as the service principal, ". */
  how: string;
  /** What the token says of its holder. */
  claims: { tid?: string; appid?: string; oid?: string };
}

/**
 * Logs in as hi-ml does: with the password, or else with the login of the Azure CLI. A step that has the pipeline's own
 * token in the file of `AZURE_FEDERATED_TOKEN_FILE` can check the trust before there is an Azure CLI.
 */
export async function logIn(
  io: Io,
  variables: Required<Omit<Variables, typeof PASSWORD>> & Variables,
): Promise<Login> {
  const identity = { tenantId: variables.HIML_TENANT_ID, clientId: variables.HIML_SERVICE_PRINCIPAL_ID };
  const tokenFile = io.env["AZURE_FEDERATED_TOKEN_FILE"];
  const options = { authorityHost: AUTHORITY, retryOptions: { maxRetries: 2 } };

  if (variables[PASSWORD] !== undefined) {
    const password = variables[PASSWORD];
    const token = await getToken(
      (httpClient) =>
        new ClientSecretCredential(identity.tenantId, identity.clientId, password, {
          ...options,
          httpClient,
        }),
    );
    return describeLogin(token, "with the password");
  }
  if (tokenFile) {
    const token = await getToken(
      (httpClient) =>
        new WorkloadIdentityCredential({ ...identity, ...options, tokenFilePath: tokenFile, httpClient }),
    );
    return describeLogin(token, "with the pipeline's own token");
  }
  const token = await getTokenOfAzureCli(io, variables.HIML_SUBSCRIPTION_ID);
  return describeLogin(token.token, `with ${token.account} of the Azure CLI`);
}

async function getToken(createCredential: (httpClient: HttpClient) => TokenCredential): Promise<string> {
  const client = createDefaultHttpClient();
  // The credential tells of no network failure more than that there was one.
  let unanswered: string | undefined;
  const watchedClient: HttpClient = {
    sendRequest: async (request) => {
      try {
        const response = await client.sendRequest(request);
        unanswered = response.status === 407 ? "407" : undefined;
        return response;
      } catch (error) {
        unanswered = (isRestError(error) && error.code) || "no answer";
        throw error;
      }
    },
  };
  let token: AccessToken | null;
  try {
    token = await createCredential(watchedClient).getToken(SCOPE);
  } catch (error) {
    const { message } = error as Error;
    const entra = explainEntraError(message);
    if (entra !== undefined) throw entra;
    if (unanswered !== undefined) throw explainNetworkError(new URL(AUTHORITY).host, unanswered);
    throw new VerificationError(
      "LOGIN_FAILED",
      `The login failed: ${lastLines(message, 1)}`,
      "Check the variables, and the network.",
    );
  }
  return token!.token;
}

/**
 * The way of azure-identity in Python, which hi-ml uses. Not `AzureCliCredential` of Node.js: where the message of
 * `az` proposes `az login`, as most do, that drops it, and the code of the refusal with it.
 */
async function getTokenOfAzureCli(io: Io, subscription: string): Promise<{ token: string; account: string }> {
  const errors = {
    notFound: new VerificationError(
      "AZ_NOT_FOUND",
      `There is no ${PASSWORD}, so the Azure CLI must be logged in. It is not installed.`,
      "Install it (https://learn.microsoft.com/cli/azure/install-azure-cli), or set the password.",
    ),
    explain: (_exitCode: unknown, stderr: string) =>
      explainEntraError(stderr) ??
      new VerificationError(
        "AZ_NOT_LOGGED_IN",
        `There is no ${PASSWORD}, so the Azure CLI must be logged in. It says: ${lastLines(stderr, 1)}`,
        "Log in first: `az login --service-principal --federated-token`, or the action azure/login.",
      ),
  };
  const resource = "https://management.azure.com";
  try {
    const token = await tokenOfAzureCli(io, resource, { subscription }, errors);
    return { token, account: "the login for the subscription" };
  } catch (error) {
    // A principal without a role yet has logged in without subscriptions.
    if (!(error instanceof CliError && /subscription .*(not found|doesn't exist)/i.test(error.message)))
      throw error;
    return { token: await tokenOfAzureCli(io, resource, {}, errors), account: "the active login" };
  }
}

function describeLogin(token: string, how: string): Login {
  // Nothing is trusted here because of these claims, so nobody has to check the signature.
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
  return { token, how, claims: parseJson<Login["claims"]>(payload, "The token endpoint") };
}
