import type { AzureAnswer, AzureCall, AzureConnection } from "../azure-connection";
import { isObject } from "../property-values";
import { ProviderError } from "../provider-error";

// Those of the real provider; the service's Retry-After goes before them.
const RETRY_DELAYS = [20, 60, 120];
// Of azsecrets 1.4, with which the real provider calls vaults.
const KEY_VAULT_VERSION = "7.6";

/** Calls Azure Resource Manager; any status but those expected is an error, printed as the real provider prints it. */
export async function callResourceManager(
  connection: AzureConnection,
  call: AzureCall & { apiVersion: string },
  expected: readonly number[],
): Promise<AzureAnswer> {
  const path = `${call.path}?api-version=${call.apiVersion}`;
  const answer = await connection.callResourceManager({ ...call, path }, RETRY_DELAYS);
  if (expected.includes(answer.status)) return answer;
  throw new ProviderError("AZURE_REFUSED", describe(answer), answer.status);
}

/** The real provider creates only what is not there yet: its PUT would change it. */
export async function requireFree(
  connection: AzureConnection,
  path: string,
  apiVersion: string,
): Promise<void> {
  const existing = await callResourceManager(
    connection,
    { method: "GET", path, apiVersion },
    [200, 404],
  ).catch((error: unknown) => {
    if (!(error instanceof ProviderError) || error.status === undefined) throw error;
    throw new ProviderError(
      "AZURE_REFUSED",
      `cannot check existence of resource '${path}': ${error.message}`,
      error.status,
    );
  });
  if (existing.status === 200)
    throw new ProviderError("ALREADY_EXISTS", `cannot create already existing resource '${path}'`);
}

/** Calls the data plane of a key vault; any status but those expected is an error, as above. */
export async function callKeyVault(
  connection: AzureConnection,
  vaultName: string,
  call: AzureCall,
  expected: readonly number[],
): Promise<AzureAnswer> {
  const path = `${call.path}?api-version=${KEY_VAULT_VERSION}`;
  const answer = await connection.callKeyVault(vaultName, { ...call, path }, RETRY_DELAYS);
  if (expected.includes(answer.status)) return answer;
  throw new ProviderError("AZURE_REFUSED", describe(answer), answer.status);
}

function describe(answer: AzureAnswer): string {
  const error = answer.json["error"];
  if (!isObject(error)) return `Status=${answer.status} Message="${answer.text}"`;
  return `Status=${answer.status} Code="${String(error["code"])}" Message="${String(error["message"])}"`;
}

/** The subscription of the provider. The real one takes it from the same places. */
export function subscriptionOf(connection: AzureConnection): string {
  if (connection.subscriptionId !== undefined) return connection.subscriptionId;
  throw new ProviderError(
    "NOT_CONFIGURED",
    "The provider must be configured with subscriptionId, or ARM_SUBSCRIPTION_ID be set.",
  );
}
