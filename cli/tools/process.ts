import { type ChildProcess, spawnSync, type StdioOptions } from "node:child_process";
import { win32 } from "node:path";
import spawn from "cross-spawn";
import { CliError } from "../errors";
import { findExecutable, isAbsolute } from "./executables";

// The one module that starts processes: for the command, the rehearsal and the tests.

export type Environment = Readonly<Record<string, string | undefined>>;

/** How a program ended, and what it printed. */
export interface Finished {
  /** `undefined`: a signal ended it. */
  exitCode: number | undefined;
  signal: NodeJS.Signals | undefined;
  stdout: string;
  stderr: string;
}

interface StartOptions {
  /** The program's whole environment. Its `PATH` is where the program itself is looked for. */
  env: Environment;
  /** @default the current folder */
  cwd?: string;
}

export interface RunOptions extends StartOptions {
  /** Written to the program's standard input, which is then closed. Without it, the input is empty. */
  input?: string;
  /** Stops the program. The promise settles when it has ended. */
  signal?: AbortSignal;
  /**
   * Milliseconds that a stopped program has for its own end, before it is killed with all that it has started; 0 kills
   * at once. With it the program has a process group of its own, so that Ctrl+C of a terminal reaches it once, from
   * here: the Pulumi CLI takes the second one as "stop at once".
   *
   * @default the program is asked to end (SIGTERM), and what it has started is left alone
   */
  graceMs?: number;
  /** Sees each piece of what is printed, and may send the program a signal. */
  onStdout?: (text: string, child: Killable) => void;
  onStderr?: (text: string, child: Killable) => void;
}

export type Killable = Pick<ChildProcess, "kill">;

/** There is no such program on `PATH`. */
export class ProgramNotFoundError extends Error {
  readonly code = "ENOENT";
  constructor(readonly program: string) {
    super(`${program} must be installed and on PATH.`);
    this.name = "ProgramNotFoundError";
  }
}

/** The signal of the options has stopped the program. */
export class InterruptedError extends Error {
  readonly code = "INTERRUPTED";
  constructor(program: string) {
    super(`${program} was interrupted.`);
    this.name = "InterruptedError";
  }
}

/**
 * Starts a program without a shell: by its absolute path, which is looked for on `PATH` where only a name is given.
 *
 * cross-spawn, since on Windows `az` and `npx` are `.cmd` files, which Node refuses to start without a shell
 * (CVE-2024-27980) and whose arguments need the escapes of cmd.exe. Its own search begins in the current folder; an
 * absolute path leaves it nothing to search.
 *
 * @throws ProgramNotFoundError
 */
export function start(
  program: string,
  args: readonly string[],
  options: StartOptions & { stdio: StdioOptions; ownGroup?: boolean },
): ChildProcess {
  const { env, cwd, stdio, ownGroup = false } = options;
  const isWindows = process.platform === "win32";
  return spawn(locate(program, env), args, {
    // The same rule for what the program starts: https://learn.microsoft.com/windows/win32/api/processenv/nf-processenv-needcurrentdirectoryforexepathw
    env: { ...env, ...(isWindows && { NoDefaultCurrentDirectoryInExePath: "1" }) },
    stdio,
    windowsHide: true,
    // Otherwise Windows opens a window.
    detached: ownGroup && !isWindows,
    ...(cwd !== undefined && { cwd }),
  });
}

function locate(program: string, env: Environment): string {
  if (isAbsolute(program)) return program;
  // A relative path would mean a file in the current folder.
  const found = /[\\/]/.test(program) ? undefined : findExecutable(program, env);
  if (found === undefined) throw new ProgramNotFoundError(program);
  return found;
}

/**
 * Runs a program and waits for its end, whatever its exit code.
 *
 * @throws ProgramNotFoundError, InterruptedError
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const { input, signal, graceMs, onStdout, onStderr } = options;
  if (signal?.aborted) throw new InterruptedError(program);
  const child = start(program, args, {
    ...options,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ownGroup: graceMs !== undefined,
  });
  const printed = { stdout: "", stderr: "" };
  const collect = (name: keyof typeof printed, listener: RunOptions["onStdout"]) =>
    child[name]!.setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
      listener?.(text, child);
    });
  collect("stdout", onStdout);
  collect("stderr", onStderr);

  let deadline: NodeJS.Timeout | undefined;
  const stop = () => {
    if (graceMs === undefined) return void child.kill("SIGTERM");
    if (graceMs > 0) child.kill("SIGINT");
    deadline = setTimeout(() => killTree(child.pid), graceMs);
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const end = await new Promise<Pick<Finished, "exitCode" | "signal">>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, by) => resolve({ exitCode: code ?? undefined, signal: by ?? undefined }));
      // A program that ends without reading is judged by its exit code, not by the broken pipe.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
    });
    if (signal?.aborted) throw new InterruptedError(program);
    return { ...end, ...printed };
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", stop);
    // The program itself has ended; what it has started may not have.
    if (signal?.aborted && graceMs !== undefined) killTree(child.pid);
  }
}

function killTree(pid: number | undefined): void {
  if (pid === undefined) return;
  if (process.platform === "win32") {
    const taskkill = win32.join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "taskkill.exe");
    spawnSync(taskkill, ["/PID", String(pid), "/T", "/F"], { windowsHide: true });
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Runs a program for a person to watch, and waits for its end also when this process is asked to stop.
 *
 * The program is in a process group of its own, and hears of each Ctrl+C from here, once: the Pulumi CLI finishes what
 * is under way at the first SIGINT and drops it at the second, and a terminal or a runner would tell it as well.
 */
export async function runAttached(
  program: string,
  args: readonly string[],
  options: StartOptions & { stdio: StdioOptions },
): Promise<number | undefined> {
  const child = start(program, args, { ...options, ownGroup: true });
  // On Windows the console tells every process of Ctrl+C, and nothing can be passed on.
  const passOn = () => void (process.platform !== "win32" && child.kill("SIGINT"));
  process.on("SIGINT", passOn).on("SIGTERM", passOn);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? undefined));
    });
  } finally {
    process.off("SIGINT", passOn).off("SIGTERM", passOn);
  }
}

/** The last lines of a program's output: tools say there why they failed. */
export function lastLines(text: string, count: number): string {
  return text.trim().split(/\r?\n/).slice(-count).join("\n");
}

/** What a program said, whole if it is short: tools say why they failed first or last, and their usage between. */
export function excerpt(text: string): string {
  const lines = text.trim().split(/\r?\n/);
  return (lines.length <= 8 ? lines : [...lines.slice(0, 3), "[...]", ...lines.slice(-4)]).join("\n  ");
}

/** A program's output, parsed as JSON. If it is not JSON, it is not shown, because it may contain a token. */
export function parseJson<T>(text: string, program: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new CliError(
      "TOOL_ANSWER_UNREADABLE",
      `\`${program}\` must print JSON. It printed something else.`,
      "Update it. Its settings may also add something to its output.",
    );
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ProgramNotFoundError;
}
