import { AzureService, RESOURCE_MANAGER } from "./service";
import { explainArmError } from "../verify/explanations";

/** Reads from Azure Resource Manager. */
export class ResourceManager {
  private readonly service: AzureService;

  constructor(token: string, signal: AbortSignal) {
    this.service = new AzureService(RESOURCE_MANAGER, () => Promise.resolve(token), signal);
  }

  /**
   * @param subject what is read, for the error.
   * @throws VerificationError
   */
  async get<T>(path: string, apiVersion: string, subject: string): Promise<T> {
    const { status, body, code } = await this.service.ask<T>(`${encodeURI(path)}?api-version=${apiVersion}`);
    if (body !== undefined) return body;
    throw explainArmError(status, code ?? "NO_ERROR_CODE", subject);
  }
}
