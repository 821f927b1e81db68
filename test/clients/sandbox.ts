import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** The two ways to the local Azure: a client told of another cloud, or one that believes it talks to the public one. */
export const WAYS_IN = ["direct", "public"] as const;
export type WayIn = (typeof WAYS_IN)[number];

/** A way in, without the login of the admin that comes with it. */
export function withoutLogin(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !/^(ARM|AZURE)_/.test(name)));
}

/** Folders of one test run, so that no login, cache or setting of this machine's user is read or changed. */
export class Sandbox {
  private constructor(readonly folder: string) {}

  static async create(): Promise<Sandbox> {
    return new Sandbox(await mkdtemp(path.join(tmpdir(), "himl-clients-")));
  }

  /** A new empty folder, for a home or for the settings of a client. */
  newFolder(name: string): Promise<string> {
    return mkdtemp(path.join(this.folder, `${name}-`));
  }

  /**
   * A whole environment for a child process: what an operating system needs to run programs, a home in the sandbox,
   * and the given variables.
   */
  async environment(
    variables: Readonly<Record<string, string>>,
    commands: readonly string[] = [],
  ): Promise<NodeJS.ProcessEnv> {
    const home = await this.newFolder("home");
    const kept = ["SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR", "NUMBER_OF_PROCESSORS"];
    const system = Object.entries(process.env).filter(([name]) => kept.includes(name.toUpperCase()));
    return {
      ...Object.fromEntries(system),
      PATH: [...commands, process.env.PATH ?? process.env.Path ?? ""].join(path.delimiter),
      HOME: home,
      USERPROFILE: home,
      APPDATA: home,
      LOCALAPPDATA: home,
      TMPDIR: this.folder,
      TEMP: this.folder,
      TMP: this.folder,
      // Otherwise Python writes to a pipe in the code page of the machine on Windows, and in ASCII without a locale.
      PYTHONUTF8: "1",
      ...variables,
    };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
