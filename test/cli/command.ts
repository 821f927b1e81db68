import { rmSync } from "node:fs";
import { copyFile, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Finished, type Killable, run } from "../../cli/processes";

export type { Finished };

export interface CommandOptions {
  /** The whole environment: nothing of this machine's leaks in but what a process needs to start. */
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  /** Sees all of stderr so far, again and again until it has sent a signal. */
  onStderr?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export const REPOSITORY = path.resolve(__dirname, "../..");

let built: Promise<string> | undefined;

/** Builds the command as the package has it, once in a run of the tests, and gives the path of its main module. */
export function buildCommand(): Promise<string> {
  built ??= (async () => {
    // Never `dist`, which may be in use.
    const folder = await mkdtemp(path.join(tmpdir(), "himl-sp-build-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    await symlink(path.join(REPOSITORY, "node_modules"), path.join(folder, "node_modules"), "junction");
    await symlink(path.join(REPOSITORY, "examples"), path.join(folder, "examples"), "junction");
    await copyFile(path.join(REPOSITORY, "package.json"), path.join(folder, "package.json"));
    const tsc = path.join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
    const args = ["-p", path.join(REPOSITORY, "tsconfig.build.json"), "--noCheck", "--outDir", folder];
    const { exitCode, stdout } = await run(process.execPath, [tsc, ...args], { env: process.env });
    if (exitCode !== 0) throw new Error(`tsc failed: ${stdout}`);
    return path.join(folder, "cli", "main.js");
  })();
  return built;
}

/** What a process needs to start on each system, whatever it does. */
export function bareEnvironment(): Record<string, string> {
  const names = ["SystemRoot", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PATHEXT", "COMSPEC"];
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
