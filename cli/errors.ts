import { printableLines } from "./terminal/printable";

/** A failure: a sentence for people, a stable code for programs, and what to do about it. */
export class CliError extends Error {
  constructor(
    /** Stable, for programs: `PULUMI_NOT_FOUND`, `AADSTS7000222`, … */
    readonly code: string,
    message: string,
    /** What to do about it, in one line, with a command if there is one. */
    readonly remedy: string,
    /** 1: it failed; 2: the command was misused. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = "CliError";
  }
}

/** A misused command: exit code 2. */
export class MisuseError extends CliError {
  constructor(code: string, message: string, remedy: string) {
    super(code, message, remedy, 2);
  }
}

/** The error as it is shown: code and sentence, and the remedy on the next line. */
export function formatError(error: CliError): string {
  return printableLines(
    `himl-sp: ${error.code}: ${error.message}\n  ${error.remedy.replaceAll("\n", "\n  ")}\n`,
  );
}
