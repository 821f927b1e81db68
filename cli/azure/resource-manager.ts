import { callAzure } from "./calls";
import { explainArmError } from "../verify/explanations";

/** Reads from Azure Resource Manager. */
export class ResourceManager {
  constructor(
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param subject what is read, for the error.
   * @throws VerificationError
   */
  async get<T>(path: string, apiVersion: string, subject: string): Promise<T> {
    const url = `https://management.azure.com${encodeURI(path)}?api-version=${apiVersion}`;
    const { status, text, code } = await callAzure({ url, token: this.token, signal: this.signal });
    if (status === 200) return JSON.parse(text) as T;
    throw explainArmError(status, code ?? "NO_ERROR_CODE", subject);
  }
}
