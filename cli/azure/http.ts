import type { HttpMethods } from "@azure/core-rest-pipeline";
import { nextPath, type Page } from "../../components/look-ups/azure-pages";
import { type AzureAnswer, callAzure } from "./calls";
import { CliError } from "../errors";
import { explainNetworkError } from "../verify/explanations";

const TIMEOUT_MS = 30_000;

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
      next = nextPath(page);
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
    let answer: AzureAnswer;
    try {
      answer = await callAzure({
        url: `${this.origin}${path}`,
        token: await this.getToken(),
        signal: AbortSignal.any([this.signal, tooLate]),
        method,
        body,
      });
    } catch (error) {
      if (!tooLate.aborted) throw error;
      throw explainNetworkError(new URL(this.origin).host, `no answer in ${TIMEOUT_MS / 1000} s`);
    }
    const { status, text, code } = answer;
    if (status >= 200 && status < 300) return text;
    throw new AzureRefusal(status, code ?? "NO_ERROR_CODE", what);
  }
}
