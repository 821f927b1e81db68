import type { StdioOptions } from "node:child_process";

/** Where a command reads and writes: the process in use, something that remembers in tests. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data only. */
  readonly stdout: Output;
  /** All that is said to a person. */
  readonly stderr: Output;
  /** Whether somebody is there to be asked. */
  readonly canAsk: boolean;
  /** Asks on stderr, and gives the line that was answered. */
  ask(question: string): Promise<string>;
  now(): Date;
  /** For programs whose output a person is to see: all of it on stderr. */
  readonly childStdio: StdioOptions;
  /** Aborted when the process is asked to stop, with the name of the signal. */
  readonly signal: AbortSignal;
}

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Whether colour is wanted: a terminal, and no `NO_COLOR`. */
  readonly hasColor: boolean;
  /** Width of the terminal; undefined for a file or a pipe. */
  readonly columns?: number | undefined;
  /** Whether other characters than ASCII can be shown. @default false */
  readonly hasUnicode?: boolean;
}
