import { getSystemErrorMap } from "node:util";
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

/** What the operating system refused, in words: `/srv/x: permission denied (EACCES)`. @returns nothing for other errors. */
export function systemReason(error: unknown): string | undefined {
  const { errno, code, syscall, path, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof errno !== "number" || syscall === undefined) return undefined;
  const program = syscall.startsWith("spawn ") ? syscall.slice("spawn ".length) : undefined;
  const words = getSystemErrorMap().get(errno)?.[1] ?? message;
  // The file itself was found: what its first line names was not.
  const more =
    program !== undefined && code === "ENOENT" ? ", of it or of the interpreter that it names" : "";
  return `${path ?? program ?? syscall}: ${words}${more} (${code ?? errno})`;
}

/** A file or folder that cannot be read or written, and the like. */
export function explainSystemError(error: unknown): CliError | undefined {
  const reason = systemReason(error);
  if (reason === undefined) return undefined;
  return new CliError(
    "SYSTEM_ERROR",
    reason,
    "Check that it is there, that you may use it, and that the disk is not full.",
  );
}
