import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
} from "@azure/core-rest-pipeline";
import { getClientToken } from "@pulumi/azure-native/authorization/getClientToken";
import * as pulumi from "@pulumi/pulumi";
import { nextPath, type Page } from "./azure-pages";
import { askOnce } from "./look-ups";
import { messageOf } from "../plan/problems";

// The providers have no functions for these lists, so the login of azure-native is used for requests. Loaded only where
// something is asked: the HTTP client takes 70 ms to load.

/**
 * What is wanted of all pages of a list, which is asked for once in a program. None where Azure cannot be asked: then the
 * preview goes on, and `pulumi up` fails where something stands in its way.
 *
 * @param what the list, for the log.
 */
export async function listIfReadable<T>(
  service: Service,
  path: string,
  what: string,
  parent: pulumi.Resource,
  isWanted: (one: T) => boolean,
): Promise<T[]> {
  try {
    const all = await askOnce(parent, `azure-native:${service}:list`, path, async () =>
      listAll<T>(await logInTo(service, parent), path),
    );
    return all.filter(isWanted);
  } catch (error) {
    void pulumi.log.debug(`${what} are not known: ${messageOf(error)}`, parent);
    return [];
  }
}

type Service = "resourceManager" | "graph";

/** A service of Azure, and a token for it. */
export interface AzureLogin {
  origin: string;
  token: string;
}

const TIMEOUT_MS = 10_000;

/** All pages of a list. @throws if Azure does not answer with one */
async function listAll<T>({ origin, token }: AzureLogin, path: string): Promise<T[]> {
  const pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 1 } });
  const client = createDefaultHttpClient();
  const abortSignal = AbortSignal.timeout(TIMEOUT_MS);
  const found: T[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const { status, bodyAsText } = await pipeline.sendRequest(
      client,
      createPipelineRequest({
        url: `${origin}${next}`,
        headers: createHttpHeaders({ authorization: `Bearer ${token}`, accept: "application/json" }),
        abortSignal,
        // No connection that is kept open holds up the end of the program.
        disableKeepAlive: true,
      }),
    );
    if (status !== 200) throw new Error(`HTTP status ${status}`);
    const page = JSON.parse(bodyAsText ?? "") as Page<T>;
    found.push(...page.value);
    next = nextPath(page);
  }
  return found;
}

const RESOURCE_MANAGER = "https://management.azure.com";
const MICROSOFT_GRAPH = "https://graph.microsoft.com";

/** The login of azure-native at a service. Outside the public cloud, one address has both. */
export async function logInTo(service: Service, parent: pulumi.Resource): Promise<AzureLogin> {
  const ask = async (endpoint?: string) => {
    const args = endpoint === undefined ? {} : { endpoint };
    const call = "azure-native:authorization:getClientToken";
    return (await askOnce(parent, call, endpoint ?? "", () => getClientToken(args, { parent }))).token;
  };
  const token = await ask();
  const origin = originOf(token);
  if (service === "graph" && origin === RESOURCE_MANAGER)
    return { origin: MICROSOFT_GRAPH, token: await ask(MICROSOFT_GRAPH) };
  return { origin, token };
}

const PUBLIC_AUDIENCE =
  /^(?:https:\/\/management\.(?:core\.windows\.net|azure\.com)|797f4846-ba00-4fd7-ba43-dac1f8f63013)$/i;

/** Where the token is for: nothing else tells which Azure Resource Manager a provider uses. */
function originOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    aud: string;
  };
  const audience = claims.aud.replace(/\/+$/, "");
  if (PUBLIC_AUDIENCE.test(audience)) return RESOURCE_MANAGER;
  if (/^https:\/\/[^/?#@]+$/.test(audience)) return audience;
  throw new Error("the token is not for Azure Resource Manager");
}
