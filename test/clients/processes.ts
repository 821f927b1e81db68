import { execFile } from "node:child_process";

/** How a child process ended, and what it printed. */
export interface Finished {
  /** Exit code; `undefined` where the process could not be started or was killed. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The whole environment of the child: nothing of ours is added, so that no setting of this machine leaks in. */
  env: NodeJS.ProcessEnv;
  cwd?: string;
  timeoutSeconds?: number;
}

/** Runs a program without a shell and waits for its end, whatever its exit code. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const { env, cwd, timeoutSeconds = 120 } = options;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { env, cwd, timeout: timeoutSeconds * 1000, maxBuffer: 64 * 1024 * 1024, windowsHide: true },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : undefined;
        const notEnded =
          error !== null && code === undefined ? `\n${describeKill(error, timeoutSeconds)}` : "";
        resolve({ code, stdout, stderr: stderr + notEnded });
      },
    );
  });
}

function describeKill(error: Error & { killed?: boolean; signal?: unknown }, timeoutSeconds: number): string {
  return error.killed === true ? `Killed after ${timeoutSeconds} s.` : error.message;
}

/** The last lines of what a program printed, which is where tools say why they failed. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split(/\r?\n/).slice(-count).join("\n");
}
