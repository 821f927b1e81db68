import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  isRestError,
} from "@azure/core-rest-pipeline";
import { explainNetworkError } from "../../verify/explanations";

/** What Azure answered. */
export interface Answer<T> {
  status: number;
  /** Only of 200. */
  body?: T;
  /** The error's code, where it has one. */
  code?: string;
}

interface Page<T> {
  value: T[];
  nextLink?: string;
  "@odata.nextLink"?: string;
}

/** Reads from Azure with one token: with retries, and through the proxy that the environment names. */
export class AzureReader {
  private readonly pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 2 } });
  private readonly client = createDefaultHttpClient();

  constructor(
    readonly origin: "https://management.azure.com" | "https://graph.microsoft.com",
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @param path with its query. @throws VerificationError where nothing answers. */
  async get<T>(path: string): Promise<Answer<T>> {
    const url = new URL(path, this.origin);
    const request = createPipelineRequest({
      url: url.href,
      headers: createHttpHeaders({ authorization: `Bearer ${this.token}`, accept: "application/json" }),
      abortSignal: this.signal,
    });
    let response;
    try {
      response = await this.pipeline.sendRequest(this.client, request);
    } catch (error) {
      if (!isRestError(error)) throw error;
      throw explainNetworkError(url.host, error.code ?? "no answer");
    }
    const { status, bodyAsText } = response;
    const body = parse(bodyAsText ?? "");
    if (status === 200 && body !== undefined) return { status, body: body as T };
    const code = (body as { error?: { code?: unknown } } | undefined)?.error?.code;
    return { status, ...(typeof code === "string" && { code }) };
  }

  /** All pages of a list. */
  async list<T>(path: string): Promise<Answer<T[]>> {
    const all: T[] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const answer: Answer<Page<T>> = await this.get<Page<T>>(next);
      if (answer.body === undefined)
        return { status: answer.status, ...(answer.code && { code: answer.code }) };
      all.push(...answer.body.value);
      next = this.sameOrigin(answer.body.nextLink ?? answer.body["@odata.nextLink"]);
    }
    return { status: 200, body: all };
  }

  /** The token goes nowhere else, whatever a link says. */
  private sameOrigin(link: string | undefined): string | undefined {
    if (!link) return undefined;
    const { pathname, search } = new URL(link, this.origin);
    return `${pathname}${search}`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
