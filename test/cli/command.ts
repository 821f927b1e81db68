import { execFile, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { copyFile, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** How a command ended, and what it printed. */
export interface Finished {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

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
    await copyFile(path.join(REPOSITORY, "package.json"), path.join(folder, "package.json"));
    const tsc = path.join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
    const args = ["-p", path.join(REPOSITORY, "tsconfig.build.json"), "--noCheck", "--outDir", folder];
    await promisify(execFile)(process.execPath, [tsc, ...args]);
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
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: options.cwd ?? REPOSITORY,
      env: { ...bareEnvironment(), ...options.env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    let isKilled = false;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (!isKilled) options.onStderr?.(stderr, (signal) => (isKilled = child.kill(signal)));
    });
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}
