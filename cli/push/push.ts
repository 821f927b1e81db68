import { CliError } from "../errors";
import type { Io } from "../io";
import { PASSWORD, PLAIN_VARIABLE_NAMES, type VariableName, type Variables } from "../variables";

/** What happens to a variable at its target. */
export type Action = "create" | "update" | "delete";

/** One write. */
export interface Step {
  name: VariableName;
  action: Action;
  isSecret: boolean;
}

/** A place that keeps variables for pipelines, reached through the user's own tool. */
export interface Target {
  /** Where it is, for people: `github.com/o/r, environment prod`. */
  readonly description: string;
  /** What it holds, lower or upper case as it spells it; the first write comes after this has succeeded. */
  inspect(): Promise<ExistingVariables>;
  /** Writes one variable, or several in one go; a deletion has no value. */
  write(steps: readonly Step[], variables: Variables): Promise<void>;
  /** What it cannot carry in a value, if there is such a thing. Asked before the first write. */
  findUnsupported?(value: string, isSecret: boolean): string | undefined;
  /** Steps that are one write. */
  group(steps: readonly Step[]): Step[][];
}

/** Names that are there already, in upper case. */
export interface ExistingVariables {
  secrets: ReadonlySet<string>;
  plain: ReadonlySet<string>;
}

/**
 * The writes that bring the target in line with the stack: the password first, since it is most likely to be refused,
 * and then nothing has changed. A password left from before goes last.
 */
export function planSteps(isFederated: boolean, existing: ExistingVariables): Step[] {
  const has = (name: string) => existing.secrets.has(name) || existing.plain.has(name);
  const set = (name: VariableName): Step => ({
    name,
    action: has(name) ? "update" : "create",
    isSecret: name === PASSWORD,
  });
  const plain = PLAIN_VARIABLE_NAMES.map(set);
  if (!isFederated) return [set(PASSWORD), ...plain];
  return has(PASSWORD) ? [...plain, { name: PASSWORD, action: "delete", isSecret: true }] : plain;
}

/** Checks all values before the first write. @throws CliError */
export function checkCarried(target: Target, steps: readonly Step[], variables: Variables): void {
  for (const { name, isSecret } of steps) {
    const value = variables[name];
    if (value === undefined) continue;
    const what = value.includes("\0")
      ? "a NUL character"
      : /\p{Cs}/u.test(value)
        ? "half of a surrogate pair"
        : target.findUnsupported?.(value, isSecret);
    if (what === undefined) continue;
    throw new CliError(
      "VALUE_NOT_CARRIED",
      `${name} must not have ${what}. Nothing was written.`,
      "Correct the value in the stack.",
    );
  }
}

/** Writes step by step. A failure says what was written and what was not. */
export async function push(
  io: Io,
  target: Target,
  steps: readonly Step[],
  variables: Variables,
): Promise<void> {
  const done: Step[] = [];
  for (const group of target.group(steps)) {
    try {
      io.signal.throwIfAborted();
      await target.write(group, variables);
    } catch (error) {
      const reason = io.signal.aborted ? "It was interrupted." : describe(error, variables);
      const list = (some: readonly Step[]) =>
        some.map(({ name, action }) => `${name} (${action})`).join(", ") || "none";
      throw new CliError(
        "PUSH_INCOMPLETE",
        `Only ${done.length} of ${steps.length} writes to ${target.description} succeeded. ${reason}\n  Done: ${list(done)}.\n  Not done: ${list(steps.filter((step) => !done.includes(step)))}.`,
        "Fix the cause, then run it again. It writes everything again, which does no harm.",
      );
    }
    done.push(...group);
    for (const step of group) io.stderr.write(`${describeStep(step)}\n`);
  }
}

/** The tool's own words; should it have repeated what it was given, the password is not in them. */
function describe(error: unknown, variables: Variables): string {
  const message = error instanceof Error ? error.message : String(error);
  const password = variables[PASSWORD];
  return password === undefined ? message : message.replaceAll(password, "***");
}

const DONE = { create: "created", update: "updated", delete: "deleted" } as const;

function describeStep({ name, action, isSecret }: Step): string {
  return `${name}: ${isSecret ? "secret" : "variable"} ${DONE[action]}`;
}
