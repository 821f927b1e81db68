import {
  type Environment,
  type Finished,
  InterruptedError,
  lastLines,
  ProgramNotFoundError,
  run as runProgram,
} from "../../cli/tools/process";

export { type Finished, lastLines };

export interface RunOptions {
  /** The whole environment of the child: nothing of ours is added, so that no setting of this machine leaks in. */
  env: Environment;
  cwd?: string;
  timeoutSeconds?: number;
}

/** Runs a program and waits for its end. One that cannot be started, or takes too long, has no exit code. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const { env, cwd, timeoutSeconds = 120 } = options;
  const unfinished = (stderr: string) => ({ exitCode: undefined, signal: undefined, stdout: "", stderr });
  let stderr = "";
  try {
    return await runProgram(program, args, {
      env,
      ...(cwd !== undefined && { cwd }),
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
      graceMs: 0,
      onStderr: (text) => (stderr += text),
    });
  } catch (error) {
    if (error instanceof ProgramNotFoundError) return unfinished(error.message);
    if (error instanceof InterruptedError) return unfinished(`${stderr}\nKilled after ${timeoutSeconds} s.`);
    throw error;
  }
}
