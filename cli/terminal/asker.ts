import confirm from "@inquirer/confirm";
import input from "@inquirer/input";
import search from "@inquirer/search";
import select from "@inquirer/select";
import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import { printable } from "./printable";

/** One of several answers. */
export interface Choice<T> {
  value: T;
  name: string;
  /** Said below the list while it is chosen. */
  description?: string;
}

interface Question<T> {
  /** Which answers it as well: `--workspace NAME`. */
  option: string;
  message: string;
  /** The answer that one key accepts. */
  ready?: T;
}

/** Asks questions. */
export interface Asker {
  /** A list to choose from; a long one to type into. */
  choose<T>(question: Question<T> & { choices: readonly Choice<T>[] }): Promise<T>;
  type(question: Question<string> & { check?: (text: string) => true | string }): Promise<string>;
  agree(question: Question<boolean>): Promise<boolean>;
}

/** More than fit on a screen are searched. */
const LONGEST_LIST = 10;

/** A person at a terminal. Questions go to stderr, as all that is said to a person. */
export function askTerminal(io: Io): Asker {
  const context = { output: process.stderr, signal: io.signal };
  const answer = async <T>(prompt: Promise<T>): Promise<T> => {
    try {
      return await prompt;
    } catch (error) {
      // Ctrl+C is read as a key here, so that no signal tells of it.
      if ((error as Error).name !== "ExitPromptError") throw error;
      throw new CliError("INTERRUPTED", "Interrupted; nothing was written.", "Run it again.");
    }
  };
  return {
    choose: (question) => {
      const { ready } = question;
      const message = printable(question.message);
      const choices = question.choices.map(makePrintable);
      const first = choices.findIndex(({ value }) => value === ready);
      const ordered =
        first > 0 ? [choices[first]!, ...choices.filter((_, index) => index !== first)] : choices;
      if (ordered.length <= LONGEST_LIST)
        return answer(select({ message, choices: ordered, loop: false }, context));
      const source = (term: string | undefined) => Promise.resolve(filterChoices(ordered, term ?? ""));
      return answer(
        search({ message: `${message} (type to search)`, source, pageSize: LONGEST_LIST }, context),
      );
    },
    type: ({ message, ready, check }) =>
      answer(
        input(
          {
            message: printable(message),
            // A text with hidden characters must not be accepted with one key.
            ...(ready !== undefined && printable(ready) === ready && { default: ready }),
            validate: check ?? ((text) => text.trim() !== ""),
          },
          context,
        ),
      ),
    agree: ({ message, ready }) =>
      answer(confirm({ message: printable(message), default: ready ?? false }, context)),
  };
}

/** Names come from Azure, GitHub, Azure DevOps and files. */
function makePrintable<T>({ value, name, description }: Choice<T>): Choice<T> {
  return {
    value,
    name: printable(name),
    ...(description !== undefined && { description: printable(description) }),
  };
}

/** All words that were typed, in any order, in upper or lower case. */
export function filterChoices<T>(choices: readonly Choice<T>[], term: string): Choice<T>[] {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
}

/** Options that would have answered questions which nobody is there to answer. */
export class MissingOptionError extends MisuseError {
  constructor(readonly options: readonly string[]) {
    super(
      "OPTIONS_MISSING",
      `Without a terminal, or with --yes, these must be given: ${options.join(", ")}.`,
      "`himl-sp init --help` explains each of them.",
    );
  }
}

/** Nobody: with `--yes` the ready answers are taken; what has none is missing. */
export function askNobody(): Asker {
  const take = <T>({ option, ready }: Question<T>): Promise<T> =>
    ready === undefined ? Promise.reject(new MissingOptionError([option])) : Promise.resolve(ready);
  return { choose: take, type: take, agree: take };
}
