import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  isRestError,
} from "@azure/core-rest-pipeline";
import { explainNetworkError } from "../verify/explanations";

/** With retries, and through the proxy that the environment names. */
export const pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 2 } });
export const httpClient = createDefaultHttpClient();

export interface AzureCall {
  url: string;
  token: string;
  signal: AbortSignal;
  /** @default "GET" */
  method?: HttpMethods;
  body?: unknown;
}

/** What Azure answered. */
export interface AzureAnswer {
  status: number;
  text: string;
  /** The error's code, if the answer has one. */
  code: string | undefined;
}

/** @throws VerificationError if Azure did not answer */
export async function callAzure({
  url,
  token,
  signal,
  method = "GET",
  body,
}: AzureCall): Promise<AzureAnswer> {
  const request = createPipelineRequest({
    url,
    method,
    headers: createHttpHeaders({
      authorization: `Bearer ${token}`,
      accept: "application/json",
      ...(body !== undefined && { "content-type": "application/json" }),
    }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    abortSignal: signal,
  });
  const { host } = new URL(url);
  let response;
  try {
    response = await pipeline.sendRequest(httpClient, request);
  } catch (error) {
    if (!isRestError(error)) throw error;
    throw explainNetworkError(host, error.code ?? "no answer");
  }
  if (response.status === 407) throw explainNetworkError(host, "407");
  const text = response.bodyAsText ?? "";
  return { status: response.status, text, code: codeOf(text) };
}

function codeOf(text: string): string | undefined {
  try {
    const code = (JSON.parse(text) as { error?: { code?: unknown } }).error?.code;
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}
