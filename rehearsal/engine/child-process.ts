import { spawn, spawnSync } from "node:child_process";
import { EngineError } from "./engine-error";

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Interrupts the program: first it is asked to stop, then it is killed with all that it started. */
  readonly signal?: AbortSignal;
  /** How long it may take to stop after it was asked. 0 kills at once. */
  readonly graceMs?: number;
  readonly onStdout?: (text: string) => void;
  readonly onStderr?: (text: string) => void;
}

/** What a program left behind. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end and collects its output. Nothing of it is left running when the promise settles: an
 * interrupted program is waited for. Rejects with INTERRUPTED then, and with the system's error where it cannot start.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  if (options.signal?.aborted) throw interrupted(command);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own: Ctrl-C on a terminal must not reach it beside our own signal, since the engine takes
    // the second one as "stop at once"; and the group can be killed as a whole.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
    options.onStdout?.(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
    options.onStderr?.(text);
  });
  let deadline: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    const graceMs = options.graceMs ?? 0;
    if (graceMs > 0) child.kill("SIGINT");
    deadline = setTimeout(() => killTree(child.pid), graceMs);
  };
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    });
    if (options.signal?.aborted) throw interrupted(command);
    return { exitCode, ...output };
  } finally {
    clearTimeout(deadline);
    options.signal?.removeEventListener("abort", onAbort);
    if (options.signal?.aborted) killTree(child.pid);
  }
}

function killTree(pid: number | undefined): void {
  if (pid === undefined) return;
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true });
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function interrupted(command: string): EngineError {
  return new EngineError("INTERRUPTED", `${command} was interrupted.`);
}
