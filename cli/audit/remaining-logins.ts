import { CliError } from "../errors";
import type { Io } from "../io";
import { printable } from "../terminal/printable";
import type { StackSelection } from "../tools/pulumi";
import { sumUpAccess } from "./access";
import { audit } from "./audit";

/**
 * What can still log in as the principals of the stack after every secret was replaced, one line for each. It needs the
 * user's own login. Without one, the line says which command to run.
 */
export async function tellRemainingLogins(io: Io, selection: StackSelection): Promise<string[]> {
  try {
    const { record, answers, unanswered } = await audit(io, selection);
    const logins = sumUpAccess(record, answers, io.now()).flatMap((access) => access.logins);
    const remaining = logins.filter(({ kind, isRecorded }) => kind === "trust" || !isRecorded);
    return [
      remaining.length === 0
        ? "Nothing else can log in, as far as Azure shows."
        : "This can still log in; `himl-sp audit` has the command that removes it:",
      ...remaining.map(
        ({ kind, what, isRecorded }) =>
          `  ${kind === "trust" ? "trust in" : kind} ${printable(what)}${isRecorded ? "" : ", made by hand"}`,
      ),
      ...unanswered.map(({ question }) => `  Not answered: ${printable(question)}`),
    ];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [`What else can log in was not read: ${printable(error.message)} \`himl-sp audit\` tells it.`];
  }
}
