import type { Api } from "./call";

/** One request: never its query, headers or body, which can hold secrets and tokens. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  /** 0 where a fault cut the connection or left it hanging. */
  readonly status: number;
  /** Client ID of the caller, where it is known. */
  readonly caller: string | null;
  readonly ms: number;
  readonly api: Api | "blob";
  /** The whole answer follows from documentation: no exchange with the real service is known. */
  readonly assumed?: true;
}

const MAX_RECORDS = 100_000;

/** The last requests, oldest first. */
export class RequestLog {
  private records: RequestRecord[] = [];

  add(record: RequestRecord): void {
    if (this.records.length === MAX_RECORDS) this.records.shift();
    this.records.push(record);
  }

  all(): RequestRecord[] {
    return [...this.records];
  }

  clear(): void {
    this.records = [];
  }
}
