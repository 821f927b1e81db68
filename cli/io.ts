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
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
}

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Whether colour is wanted: a terminal, and no `NO_COLOR`. */
  readonly hasColor: boolean;
}
