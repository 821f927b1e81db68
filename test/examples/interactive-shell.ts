import { readFile, rename, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../cli/command";
import { readBlocks } from "./pages";
import type { PipelineStage } from "./pipeline-stage";

/** What a reader puts in place of the names of a page; a regular expression would find them in other words too. */
export type Names = Readonly<Record<string, string>>;

interface PageOptions {
  names?: Names;
  /** Variables that the reader has set before. @default those of the stack `dev` */
  env?: Record<string, string>;
  /** What the reader does in other windows: run before the block with this number, from 0. */
  before?: Readonly<Record<number, string>>;
}

/** A reader who pastes the blocks of a page into an interactive bash, answers `yes`, and has the stage's programs. */
export class InteractiveShell {
  private constructor(private readonly stage: PipelineStage) {}

  static async create(stage: PipelineStage): Promise<InteractiveShell> {
    const { folder } = stage.tools;
    const install = (name: string, lines: string) =>
      writeFile(path.join(folder, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    const log = (name: string) => `printf '%s\\n' "${name} $*" >> '${folder}/commands.log'`;
    // `pulumi` and `himl-sp rotate` ask before they change anything, and nobody is there who could answer.
    await install(
      "pulumi",
      `${log("pulumi")}
case "$1 $2" in
  up*|destroy*|import*|refresh*|'stack rm') set -- "$@" --yes;;
  install*|new*|'package add') [ -z "$HIML_TEST_FETCHES" ] || exit 0;;
esac
exec '${path.join(stage.stack.folder, "bin", "pulumi")}' "$@"`,
    );
    await rename(path.join(folder, "npx"), path.join(folder, "npx-himl-sp"));
    await install(
      "npx",
      `${log("npx")}\n
if [ "$1" = --package ]; then [ "$2" = "$HIML_TEST_PACKAGE" ] || exit 99; shift 2; fi
[ "$1 $2" = '--no --' ] && shift 2
[ "$2" = init ] && set -- "$@" --help
[ "$1" = mocha ] && exec test -f '${REPOSITORY}'/"$2"
[ "$2" = rotate ] && set -- "$@" --yes
exec '${path.join(folder, "npx-himl-sp")}' --no -- "$@"`,
    );
    // Scripts of package.json and files of tests must exist; what they do they prove themselves.
    await install(
      "npm",
      `${log("npm")}
case "$1" in ci|test) exit 0;; esac
[ "$1" = run ] && exec '${process.execPath}' -e 'process.exitCode = process.argv[1] in require(process.argv[2]).scripts ? 0 : 1' "$2" '${path.join(REPOSITORY, "package.json")}'
exit 99`,
    );
    await symlink(path.join(REPOSITORY, "docs"), path.join(stage.stack.project, "docs"));
    return new InteractiveShell(stage);
  }

  /** What bash does with lines that somebody types or pastes: history expansion included, which scripts have not. */
  async paste(text: string, env: Record<string, string> = this.ofTheStack()): Promise<string> {
    const { exitCode, output } = await this.stage.runBash({
      text,
      shellArgs: ["--norc", "-i", "-o", "history", "-o", "histexpand", "-e", "-o", "pipefail"],
      env: { ...this.stage.machine, ...env },
      cwd: this.stage.stack.project,
    });
    // Bash goes on after such a line, as if nobody had typed it.
    if (exitCode !== 0 || /event not found/.test(output))
      throw new Error(`Pasted into bash, this must succeed. It ended with ${exitCode}.\n${text}\n${output}`);
    return output.replaceAll(/^bash: (cannot set terminal process group|no job control) .*\n/gm, "");
  }

  /** Pastes every block of a page, one after the other, into the same shell. */
  async pastePage(page: string, { names = {}, env, before = {} }: PageOptions = {}): Promise<string> {
    const fill = (text: string) =>
      Object.entries(names).reduce((filled, [name, value]) => filled.replaceAll(name, value), text);
    const blocks = (await readBlocks(page)).filter(({ language }) => language === "sh");
    const lines = blocks.flatMap(({ text }, i) => [before[i] ?? "", fill(text)]);
    return this.paste(lines.join("\n"), env);
  }

  /** Command lines of `pulumi`, `npx` and `npm` so far. */
  async commands(): Promise<string[]> {
    const log = await readFile(path.join(this.stage.tools.folder, "commands.log"), "utf8").catch(() => "");
    return log.trim().split("\n");
  }

  ofTheStack(stack = "dev"): Record<string, string> {
    return {
      PULUMI_BACKEND_URL: this.stage.provisioning["PULUMI_BACKEND_URL"]!,
      PULUMI_STACK: stack,
      PULUMI_CONFIG_PASSPHRASE: this.stage.passphrase,
    };
  }
}
