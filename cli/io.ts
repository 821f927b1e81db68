import type { StdioOptions } from "node:child_process";
import type { run, runAttached } from "./tools/process";

/** Where a command reads and writes: the process, or a recorder in tests. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data only. */
  readonly stdout: Output;
  /** Everything for people. */
  readonly stderr: Output;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** Asks on stderr, and returns the answer. */
  ask(question: string): Promise<string>;
  now(): Date;
  /** Starts a tool of the user. A test answers in its place. */
  readonly run: typeof run;
  readonly runAttached: typeof runAttached;
  /** For programs whose output is for people: all of it goes to stderr. */
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
