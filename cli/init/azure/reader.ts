import { nextPath, type Page } from "../../../components/look-ups/azure-pages";
import { callAzure } from "../../azure/calls";

/** What Azure answered. */
export interface Answer<T> {
  status: number;
  /** Only with status 200. */
  body?: T;
  /** The error's code, if the answer has one. */
  code?: string;
}

/** Reads from one service of Azure with one token. */
export class AzureReader {
  constructor(
    private readonly origin: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @param path with its query. @throws VerificationError if Azure did not answer. */
  async get<T>(path: string): Promise<Answer<T>> {
    const url = new URL(path, this.origin).href;
    const { status, text, code } = await callAzure({ url, token: this.token, signal: this.signal });
    const body = status === 200 ? parse<T>(text) : undefined;
    return { status, ...(body !== undefined && { body }), ...(code !== undefined && { code }) };
  }

  /** All pages of a list. */
  async list<T>(path: string): Promise<Answer<T[]>> {
    const all: T[] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const { body, ...refusal }: Answer<Page<T>> = await this.get<Page<T>>(next);
      if (body === undefined) return refusal;
      all.push(...body.value);
      next = nextPath(body);
    }
    return { status: 200, body: all };
  }
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
