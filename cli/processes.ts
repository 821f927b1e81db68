import type { SpawnOptions } from "node:child_process";
import spawn from "cross-spawn";
import { CliError } from "./errors";

/** How a program ended. */
export interface Finished {
  /** Exit code; 128 + the signal's number is not made up: a program that was killed has none. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Written to the program's standard input, which is closed then. Without it the program finds its input empty. */
  input?: string;
  signal?: AbortSignal;
}

/**
 * Runs a program without a shell and waits for its end, whatever its exit code.
 *
 * cross-spawn, since on Windows `az` and `npx` are `.cmd` files, which Node refuses to start without a shell
 * (CVE-2024-27980) and whose arguments need the escapes of cmd.exe.
 *
 * @throws NodeJS.ErrnoException, `ENOENT` where there is no such program.
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const { env, input, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      windowsHide: true,
      ...(signal && { signal }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr!.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        exitCode: code ?? undefined,
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: Buffer.concat(stderr).toString("utf8"),
      }),
    );
    // A program that ends without reading is judged by its exit code, not by the broken pipe.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/**
 * Runs a program for a person to watch, and waits for its end also when this process is asked to stop.
 *
 * The program is in a process group of its own, and hears of each Ctrl+C from here, once: the Pulumi CLI finishes what
 * is under way at the first SIGINT and drops it at the second, and a terminal or a runner would tell it as well.
 */
export function runAttached(
  program: string,
  args: readonly string[],
  options: { env: RunOptions["env"]; stdio: SpawnOptions["stdio"] },
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...options.env },
      stdio: options.stdio,
      // On Windows it would get a window; there, the console tells every process of Ctrl+C, and nothing can be passed on.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    const passOn = () => void (process.platform !== "win32" && child.kill("SIGINT"));
    process.on("SIGINT", passOn).on("SIGTERM", passOn);
    const end = () => process.off("SIGINT", passOn).off("SIGTERM", passOn);
    child.on("error", (error) => {
      end();
      reject(error);
    });
    child.on("close", (code) => {
      end();
      resolve(code ?? undefined);
    });
  });
}

/** The last lines of what a program printed, which is where tools say why they failed. */
export function lastLines(text: string, count: number): string {
  return text.trim().split(/\r?\n/).slice(-count).join("\n");
}

/** What a program printed as JSON. What is none is not shown: it may hold a token. */
export function parseJson<T>(text: string, program: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new CliError(
      "TOOL_ANSWER_UNREADABLE",
      `\`${program}\` must print JSON. It printed something else.`,
      "Update it; its settings may also add something to its output.",
    );
  }
}

export function isNotFound(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
