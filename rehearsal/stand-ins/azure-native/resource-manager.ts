import type { AzureAnswer, AzureCall, AzureConnection } from "../azure-connection";
import { isObject } from "../property-values";
import { ProviderError } from "../provider-error";

// Those of the real provider; the service's Retry-After goes before them.
const RETRY_DELAYS = [20, 60, 120];

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
