import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  isRestError,
} from "@azure/core-rest-pipeline";
import { CliError } from "../errors";
import { explainNetworkError } from "../verify/explanations";

/** With retries, and through the proxy that the environment names. */
export const pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 2 } });
export const httpClient = createDefaultHttpClient();

const TIMEOUT_MS = 30_000;

/** Azure has answered, with a refusal. */
export class AzureRefusal extends CliError {
  constructor(
    readonly status: number,
    code: string,
    what: string,
  ) {
    super(
      code,
      `Azure refused to ${what} (HTTP status ${status}).`,
      status === 401 || status === 403
        ? "Run it with a login that has this right."
        : "Try again. https://status.azure.com shows outages.",
    );
    this.name = "AzureRefusal";
  }

  get isForbidden(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** One service of Azure, called with one token. */
export class AzureService {
  constructor(
    /** `https://graph.microsoft.com`, without a path. */
    private readonly origin: string,
    private readonly getToken: () => Promise<string>,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws AzureRefusal */
  async get<T>(path: string, what: string): Promise<T> {
    return JSON.parse(await this.send("GET", path, what)) as T;
  }

  /** Undefined where there is no such thing. */
  async find<T>(path: string, what: string): Promise<T | null> {
    try {
      return await this.get<T>(path, what);
    } catch (error) {
      if (error instanceof AzureRefusal && error.status === 404) return null;
      throw error;
    }
  }

  /** All pages of a list. */
  async list<T>(path: string, what: string): Promise<T[]> {
    const items: T[] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const page: Page<T> = await this.get<Page<T>>(next, what);
      items.push(...page.value);
      next = pathOf(page["@odata.nextLink"] ?? page.nextLink);
    }
    return items;
  }

  /** None where that which has the list does not exist. */
  async listIfThere<T>(path: string, what: string): Promise<T[]> {
    try {
      return await this.list<T>(path, what);
    } catch (error) {
      if (error instanceof AzureRefusal && error.status === 404) return [];
      throw error;
    }
  }

  async send(method: HttpMethods, path: string, what: string, body?: unknown): Promise<string> {
    // Not `timeout` of the request: after a connection that broke, its timer keeps the process alive.
    const tooLate = AbortSignal.timeout(TIMEOUT_MS);
    const request = createPipelineRequest({
      url: `${this.origin}${path}`,
      method,
      headers: createHttpHeaders({
        authorization: `Bearer ${await this.getToken()}`,
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
      }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      abortSignal: AbortSignal.any([this.signal, tooLate]),
    });
    const { host } = new URL(this.origin);
    let response;
    try {
      response = await pipeline.sendRequest(httpClient, request);
    } catch (error) {
      if (tooLate.aborted) throw explainNetworkError(host, `no answer in ${TIMEOUT_MS / 1000} s`);
      if (!isRestError(error)) throw error;
      throw explainNetworkError(host, error.code ?? "no answer");
    }
    const { status, bodyAsText } = response;
    if (status >= 200 && status < 300) return bodyAsText ?? "";
    if (status === 407) throw explainNetworkError(host, "407");
    throw new AzureRefusal(status, errorCode(bodyAsText), what);
  }
}

interface Page<T> {
  value: T[];
  "@odata.nextLink"?: string;
  nextLink?: string;
}

/** Only the path of a link is followed: the token goes to no other host. */
function pathOf(link: string | undefined): string | undefined {
  if (!link) return undefined;
  const { pathname, search } = new URL(link);
  return `${pathname}${search}`;
}

function errorCode(body: string | null | undefined): string {
  try {
    return (JSON.parse(body ?? "") as { error: { code: string } }).error.code;
  } catch {
    return "NO_ERROR_CODE";
  }
}
