import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  isRestError,
} from "@azure/core-rest-pipeline";
import { explainArmError, explainNetworkError } from "./explanations";

const HOST = "management.azure.com";

/** Reads from Azure Resource Manager: with retries, and through the proxy that the environment names. */
export class ResourceManager {
  private readonly pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 2 } });
  private readonly client = createDefaultHttpClient();

  constructor(
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param subject what is read, for the error.
   * @throws VerificationError
   */
  async get<T>(path: string, apiVersion: string, subject: string): Promise<T> {
    const request = createPipelineRequest({
      url: `https://${HOST}${encodeURI(path)}?api-version=${apiVersion}`,
      headers: createHttpHeaders({ authorization: `Bearer ${this.token}`, accept: "application/json" }),
      abortSignal: this.signal,
    });
    let response;
    try {
      response = await this.pipeline.sendRequest(this.client, request);
    } catch (error) {
      if (!isRestError(error)) throw error;
      throw explainNetworkError(HOST, error.code ?? "no answer");
    }
    if (response.status === 200) return JSON.parse(response.bodyAsText ?? "") as T;
    if (response.status === 407) throw explainNetworkError(HOST, "407");
    throw explainArmError(response.status, errorCode(response.bodyAsText), subject);
  }
}

function errorCode(body: string | null | undefined): string {
  try {
    return (JSON.parse(body ?? "") as { error: { code: string } }).error.code;
  } catch {
    return "NO_ERROR_CODE";
  }
}

/** What `…/providers/Microsoft.Authorization/permissions` tells of the caller. */
export interface Permission {
  actions: string[];
  notActions: string[];
}

/** Whether one of the caller's roles allows an action; what one of them leaves out, another may still allow. */
export function mayDo(permissions: readonly Permission[], action: string): boolean {
  const covers = (pattern: string) =>
    new RegExp(
      `^${pattern
        .split("*")
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join(".*")}$`,
      "i",
    ).test(action);
  return permissions.some(({ actions, notActions }) => actions.some(covers) && !notActions.some(covers));
}
