import path from "node:path";
import { type Finished, type Killable, run } from "../../cli/tools/process";

export type { Finished };

interface CommandOptions {
  /** The whole environment: nothing of this machine's leaks in but what a process needs to start. */
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  /** Sees all of stderr so far, again and again until it has sent a signal. */
  onStderr?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export const REPOSITORY = path.resolve(__dirname, "../..");

/** The main module of the built command. Mocha builds `dist` before all files where it is older than its sources. */
export function buildCommand(): Promise<string> {
  return Promise.resolve(path.join(REPOSITORY, "dist", "cli", "main.js"));
}

/** What a process needs to start on each system, whatever it does. */
export function bareEnvironment(): Record<string, string> {
  const names = ["SystemRoot", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PATHEXT", "COMSPEC"];
  // Under `faketime` every process has the same clock.
  names.push("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "FAKETIME_SHARED");
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Runs the built command. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return runNode([await buildCommand(), ...args], options);
}

/** Runs Node.js itself. */
export function runNode(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const { cwd = REPOSITORY, env, input = "", onStderr } = options;
  let stderr = "";
  let isKilled = false;
  const watch = (text: string, child: Killable) => {
    stderr += text;
    if (!isKilled) onStderr?.(stderr, (signal) => (isKilled = child.kill(signal)));
  };
  return run(process.execPath, args, {
    cwd,
    env: { ...bareEnvironment(), ...env },
    input,
    onStderr: watch,
  });
}
