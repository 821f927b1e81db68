import type confirmPrompt from "@inquirer/confirm";
import type inputPrompt from "@inquirer/input";
import type searchPrompt from "@inquirer/search";
import type selectPrompt from "@inquirer/select";
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
  /** Whether somebody answers. Otherwise what is ready is taken, and nothing is chosen among several. */
  readonly isPerson: boolean;
  /** A list to choose from; a long one to type into. */
  choose<T>(question: Question<T> & { choices: readonly Choice<T>[] }): Promise<T>;
  type(question: Question<string> & { check?: (text: string) => true | string }): Promise<string>;
  agree(question: Question<boolean>): Promise<boolean>;
}

/** More than fit on a screen are searched. */
const LONGEST_LIST = 10;

/** A person at a terminal. Questions go to stderr, as all that is said to a person. */
export function askPerson(io: Io): Asker {
  // Without signs, and on a terminal that moves no cursor, in plain lines.
  return io.stderr.hasUnicode === true ? askTerminal(io) : askInLines(io);
}

// Loaded where somebody is asked.
/* oxlint-disable typescript/no-require-imports */
const prompts = {
  confirm: () => (require("@inquirer/confirm") as { default: typeof confirmPrompt }).default,
  input: () => (require("@inquirer/input") as { default: typeof inputPrompt }).default,
  search: () => (require("@inquirer/search") as { default: typeof searchPrompt }).default,
  select: () => (require("@inquirer/select") as { default: typeof selectPrompt }).default,
};
/* oxlint-enable typescript/no-require-imports */

function askTerminal(io: Io): Asker {
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
    isPerson: true,
    choose: (question) => {
      const message = printable(question.message);
      const ordered = orderChoices(question);
      if (ordered.length <= LONGEST_LIST)
        return answer(prompts.select()({ message, choices: ordered, loop: false }, context));
      const source = (term: string | undefined) => Promise.resolve(filterChoices(ordered, term ?? ""));
      return answer(
        prompts.search()({ message: `${message} (type to search)`, source, pageSize: LONGEST_LIST }, context),
      );
    },
    type: ({ message, ready, check }) =>
      answer(
        prompts.input()(
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
      answer(prompts.confirm()({ message: printable(message), default: ready ?? false }, context)),
  };
}

function askInLines(io: Io): Asker {
  const askUntil = async <T>(
    question: string,
    read: (text: string) => { answer: T } | undefined,
  ): Promise<T> => {
    for (;;) {
      const text = await io.ask(`${question} `);
      // Ctrl+D, or Ctrl+C.
      io.signal.throwIfAborted();
      const taken = read(text.trim());
      if (taken !== undefined) return taken.answer;
    }
  };
  return {
    isPerson: true,
    choose: (question) => {
      let shown = orderChoices(question);
      const show = () => {
        const lines = shown.slice(0, LONGEST_LIST).map(({ name }, index) => `  ${index + 1}  ${name}\n`);
        const more = shown.length - lines.length;
        io.stderr.write(lines.join("") + (more > 0 ? `  and ${more} more: type a part of the name\n` : ""));
      };
      io.stderr.write(`${printable(question.message)}\n`);
      show();
      return askUntil("Number [1]:", (text) => {
        if (/^\d*$/.test(text)) {
          const chosen = shown[Number(text || "1") - 1];
          return chosen && { answer: chosen.value };
        }
        const found = filterChoices(orderChoices(question), text);
        if (found.length > 0) shown = found;
        show();
        return undefined;
      });
    },
    type: ({ message, ready, check = (text) => text.trim() !== "" }) => {
      const usual = ready !== undefined && printable(ready) === ready ? ready : undefined;
      return askUntil(`${printable(message)}${usual === undefined ? "" : ` [${usual}]`}:`, (text) => {
        const answer = text === "" ? (usual ?? "") : text;
        const said = check(answer);
        if (typeof said === "string") io.stderr.write(`${said}\n`);
        return said === true ? { answer } : undefined;
      });
    },
    agree: ({ message, ready = false }) =>
      askUntil(`${printable(message)} [${ready ? "Y/n" : "y/N"}]`, (text) =>
        text === ""
          ? { answer: ready }
          : /^(y(es)?|no?)$/i.test(text)
            ? { answer: /^y/i.test(text) }
            : undefined,
      ),
  };
}

/** The ready one first. */
function orderChoices<T>({ choices, ready }: Question<T> & { choices: readonly Choice<T>[] }): Choice<T>[] {
  const isReady = ({ value }: Choice<T>) => ready !== undefined && value === ready;
  return [...choices.filter(isReady), ...choices.filter((choice) => !isReady(choice))].map(makePrintable);
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
export function takeReadyAnswers(): Asker {
  const take = <T>({ option, ready }: Question<T>): Promise<T> =>
    ready === undefined ? Promise.reject(new MissingOptionError([option])) : Promise.resolve(ready);
  return { isPerson: false, choose: take, type: take, agree: take };
}
