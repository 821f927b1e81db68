/** One thing that is wrong with the values somebody gave, told so that they can mend it. */
export interface Problem {
  /** Stable, for programs: `InvalidDisplayName`, `UnknownSetting`, … */
  code: string;
  /** The argument or setting, spelled as its user spelled it. */
  what: string;
  /** The rule, to be read after "must": `have 1 to 120 characters`. */
  must: string;
  /** What was given, shown as JSON; left out where it could be a secret or where nothing was given. */
  received?: unknown;
  /** What to do about it, in one line, with a command where there is one. */
  remedy: string;
}

/** All problems of one set of values. Nothing has been created when this is thrown. */
export class InvalidValuesError extends Error {
  readonly code = "HIML_INVALID_VALUES";

  constructor(
    readonly subject: string,
    readonly problems: readonly Problem[],
  ) {
    super(formatProblems(subject, problems));
    this.name = "InvalidValuesError";
  }
}

/** `<what> must <rule>. Received <value>.`, and the remedy on a line of its own; one such pair a problem. */
export function formatProblems(subject: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map((problem) => `  ${formatProblem(problem)}\n    ${problem.remedy}`);
  return [`${subject}: ${count}. Nothing was changed.`, ...lines].join("\n");
}

function formatProblem({ what, must, received }: Problem): string {
  const value = received === undefined ? "" : ` Received ${JSON.stringify(received)}.`;
  return `${what} must ${must}.${value}`;
}

/**
 * Makes an error print as its message alone. Pulumi's runner inspects every error that ends a program, for its trace,
 * and the promise that Pulumi hangs on the error leads to everything in the process: without this a wrong setting
 * costs the user 15 s, and a failed look-up all memory (measured with @pulumi/pulumi 3.248; pulumi/pulumi#21326).
 */
export function printAsMessage<E extends Error>(error: E): E {
  return Object.defineProperty(error, Symbol.for("nodejs.util.inspect.custom"), {
    value: () => error.message,
  });
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
