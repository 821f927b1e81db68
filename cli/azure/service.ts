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

// The one place of the command that calls Azure: audit, repair, init and verify read and write through it.

export const GRAPH = "https://graph.microsoft.com";
export const RESOURCE_MANAGER = "https://management.azure.com";

/** With retries, and through the proxy that the environment names. */
export const pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 2 } });
export const httpClient = createDefaultHttpClient();

/** Gets an access token for a resource such as `https://graph.microsoft.com`. */
export type GetToken = (resource: string) => Promise<string>;

/** What Azure answered, be it a refusal. */
export interface Answer<T> {
  readonly status: number;
  /** Only with a status from 200 to 299. */
  readonly body?: T;
  /** The error's code, if the answer has one. */
  readonly code?: string;
}

interface Page<T> {
  value?: T[];
  nextLink?: string | null;
  "@odata.nextLink"?: string | null;
}

/** Azure answered with a refusal. */
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

const TIMEOUT_MS = 30_000;

/** One service of Azure, called with one login. Paths are with their query; `what` follows "Azure refused to ". */
export class AzureService {
  constructor(
    /** `https://graph.microsoft.com`, without a path. */
    private readonly origin: string,
    private readonly getToken: GetToken,
    private readonly signal: AbortSignal,
  ) {}

  /** The answer, whatever it is. @throws CliError only where there is none. */
  async ask<T>(path: string, method: HttpMethods = "GET", content?: unknown): Promise<Answer<T>> {
    const url = new URL(path, this.origin);
    if (url.origin !== this.origin) throw foreignAddress(url, this.origin);
    const token = await this.getToken(this.origin);
    // Not `timeout` of the request: after a connection that broke, its timer keeps the process alive.
    const tooLate = AbortSignal.timeout(TIMEOUT_MS);
    const request = createPipelineRequest({
      url: url.href,
      method,
      headers: createHttpHeaders({
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(content !== undefined && { "content-type": "application/json" }),
      }),
      ...(content !== undefined && { body: JSON.stringify(content) }),
      abortSignal: AbortSignal.any([this.signal, tooLate]),
    });
    let response;
    try {
      response = await pipeline.sendRequest(httpClient, request);
    } catch (error) {
      if (tooLate.aborted) throw explainNetworkError(url.host, `no answer in ${TIMEOUT_MS / 1000} s`);
      if (!isRestError(error)) throw error;
      throw explainNetworkError(url.host, error.code ?? "no answer");
    }
    const { status, bodyAsText } = response;
    if (status === 407) throw explainNetworkError(url.host, "407");
    const body = parse(bodyAsText);
    if (status >= 200 && status < 300) return { status, ...(body !== undefined && { body: body as T }) };
    const code = (body as { error?: { code?: unknown } } | null | undefined)?.error?.code;
    return { status, ...(typeof code === "string" && { code }) };
  }

  /** All pages of a list, or the first refusal. A link to a page of another host is not followed: the token goes to this one. */
  async askAll<T>(path: string): Promise<Answer<T[]>> {
    const all: T[] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const { body, ...refusal }: Answer<Page<T>> = await this.ask<Page<T>>(next);
      if (body === undefined) return refusal;
      all.push(...(body.value ?? []));
      next = body.nextLink || body["@odata.nextLink"] || undefined;
    }
    return { status: 200, body: all };
  }

  /** @throws AzureRefusal */
  async get<T>(path: string, what: string): Promise<T> {
    return bodyOf(await this.ask<T>(path), what);
  }

  /** Null where there is no such thing. @throws AzureRefusal */
  async find<T>(path: string, what: string): Promise<T | null> {
    const answer = await this.ask<T>(path);
    return answer.status === 404 ? null : bodyOf(answer, what);
  }

  /** All pages of a list. @throws AzureRefusal */
  async list<T>(path: string, what: string): Promise<T[]> {
    return bodyOf(await this.askAll<T>(path), what);
  }

  /** None where that which has the list does not exist. @throws AzureRefusal */
  async listIfThere<T>(path: string, what: string): Promise<T[]> {
    const answer = await this.askAll<T>(path);
    return answer.status === 404 ? [] : bodyOf(answer, what);
  }

  /** A change. @throws AzureRefusal */
  async send(method: HttpMethods, path: string, what: string, content?: unknown): Promise<void> {
    const { status, code } = await this.ask(path, method, content);
    if (status < 200 || status >= 300) throw new AzureRefusal(status, code ?? "NO_ERROR_CODE", what);
  }
}

function bodyOf<T>({ status, body, code }: Answer<T>, what: string): T {
  if (body === undefined) throw new AzureRefusal(status, code ?? "NO_ERROR_CODE", what);
  return body;
}

function parse(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

function foreignAddress({ host }: URL, origin: string): CliError {
  return new CliError(
    "FOREIGN_NEXT_PAGE",
    `The pages of a list of ${origin} must be on that host. Received a link to ${host}.`,
    "Nothing was sent there. Something on the way to Azure, such as a proxy, may change its answers.",
  );
}
