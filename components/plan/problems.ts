/** A problem with a value, with the way to fix it. */
export interface Problem {
  /** The argument or setting, in the user's spelling. */
  what: string;
  /** The rule, to be read after "must": `have 1 to 120 characters`. */
  must: string;
  /** The value, shown as JSON. Left out if it could be a secret, or if there is none. */
  received?: unknown;
  /** What to do about it, in one line, with a command if there is one. */
  remedy: string;
}

/** All problems of one set of values. Nothing has been created when this is thrown. */
export class InvalidValuesError extends Error {
  readonly code: string = "HIML_INVALID_VALUES";

  constructor(
    readonly subject: string,
    readonly problems: readonly Problem[],
  ) {
    super(formatProblems(subject, problems));
    this.name = "InvalidValuesError";
  }
}

/** For each problem: `<what> must <rule>. Received <value>.`, and the remedy on the next line. */
export function formatProblems(subject: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.flatMap((problem) => [`  ${formatProblem(problem)}`, `    ${problem.remedy}`]);
  return [`${subject}: ${count}. Nothing was changed.`, ...lines].map(showInvisible).join("\n");
}

function formatProblem({ what, must, received }: Problem): string {
  const value = received === undefined ? "" : ` Received ${showValue(received)}.`;
  return `${what} must ${must}.${value}`;
}

const SHOWN_CHARACTERS = 60;

/** A value as JSON; of a long one, the beginning. */
function showValue(value: unknown): string {
  if (typeof value === "string" && value.length > 2 * SHOWN_CHARACTERS) {
    return JSON.stringify(`${value.slice(0, SHOWN_CHARACTERS)}… (${value.length} characters)`);
  }
  try {
    const json = JSON.stringify(value);
    return json.length <= 6 * SHOWN_CHARACTERS
      ? json
      : `${json.slice(0, 2 * SHOWN_CHARACTERS)}… (${json.length} characters)`;
  } catch {
    // JSON.stringify fails on lists that are nested thousands deep.
    return "a value that cannot be shown";
  }
}

/** Characters that a terminal, or the log of a pipeline, interprets instead of showing them. */
const INVISIBLE = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Whether all characters of a text are visible. */
export function isVisible(text: string): boolean {
  return text.search(INVISIBLE) < 0;
}

function showInvisible(line: string): string {
  // `##[` and `##vso[` are commands to the runners of GitHub Actions and Azure Pipelines, anywhere in a line.
  return line
    .replace(INVISIBLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll("##", "#\\u0023");
}

/**
 * Makes an error print as its message alone. Pulumi's runner inspects every error that ends a program, for its trace,
 * and the promise that Pulumi hangs on the error leads to everything in the process: without this a wrong setting
 * costs the user 15 s, and a failed look-up all memory (measured with @pulumi/pulumi 3.248; pulumi/pulumi#21326).
 */
export function printAsMessage<E extends Error>(error: E): E {
  // Pulumi's runner prints the stack of an error that comes when the program has ended, as that of a check in preview may.
  error.stack = error.message;
  return Object.defineProperty(error, Symbol.for("nodejs.util.inspect.custom"), {
    value: () => error.message,
  });
}

/** The message of a thrown value of any type. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
