import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** What a stand-in answers when its arguments begin with `args`; the first answer that fits is given. */
export interface Answer {
  args: readonly string[];
  stdout?: string;
  stderr?: string;
  exitCode?: number;
  /** An archive that is copied to where `npm pack` is told to put it. */
  packs?: string;
  /** How many times; then the next one that fits. */
  times?: number;
}

/** How a stand-in was called. */
export interface Call {
  tool: string;
  args: string[];
  stdin: string;
  env: Record<string, string>;
}

const RECORDER = path.join(__dirname, "recorder.mjs");

/**
 * Programs on PATH that record how they are called and answer what they are told. Without an answer that fits, they
 * fail: a command line that nobody expected is a mistake.
 */
export class StandIns {
  private constructor(
    /** For `PATH`; there is nothing else in it. */
    readonly folder: string,
  ) {}

  static async create(answers: Record<string, readonly Answer[]>): Promise<StandIns> {
    const folder = await mkdtemp(path.join(tmpdir(), "himl-sp-stand-ins-"));
    const standIns = new StandIns(folder);
    await Promise.all(Object.entries(answers).map(([tool, list]) => standIns.install(tool, list)));
    return standIns;
  }

  async install(tool: string, answers: readonly Answer[]): Promise<void> {
    await writeFile(path.join(this.folder, `${tool}.answers.json`), JSON.stringify(answers));
    if (process.platform === "win32") {
      await writeFile(
        path.join(this.folder, `${tool}.cmd`),
        `@"${process.execPath}" "${RECORDER}" "${this.folder}" ${tool} %*\r\n`,
      );
    } else {
      const file = path.join(this.folder, tool);
      await writeFile(
        file,
        `#!/bin/sh\nexec '${process.execPath}' '${RECORDER}' '${this.folder}' ${tool} "$@"\n`,
      );
      await chmod(file, 0o755);
    }
  }

  async calls(tool?: string): Promise<Call[]> {
    const log = await readFile(path.join(this.folder, "calls.jsonl"), "utf8").catch(() => "");
    const calls = log
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Call);
    return tool === undefined ? calls : calls.filter((call) => call.tool === tool);
  }

  async forgetCalls(): Promise<void> {
    await rm(path.join(this.folder, "calls.jsonl"), { force: true });
  }

  /** As if it were not installed. */
  async uninstall(tool: string): Promise<void> {
    const files = [tool, `${tool}.cmd`, `${tool}.answers.json`];
    await Promise.all(files.map((file) => rm(path.join(this.folder, file), { force: true })));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
