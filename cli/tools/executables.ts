import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { posix, win32 } from "node:path";

/** What the search for a program asks the operating system. Tests replace it. */
export interface System {
  readonly platform: NodeJS.Platform;
  /** The current folder of this process. */
  readonly cwd: string;
  /** Whether there is an executable file of that name. */
  readonly isExecutable: (file: string) => boolean;
  /** The folder's real path, with links resolved. Unchanged if the folder does not exist. */
  readonly realPath: (folder: string) => string;
}

/** What Windows uses if `PATHEXT` is not set. */
const DEFAULT_EXTENSIONS = ".COM;.EXE;.BAT;.CMD";

/**
 * The absolute path of a program on `PATH`, or `undefined`.
 *
 * A program is never taken from the current folder, which may be somebody else's clone: Windows itself, cross-spawn and
 * many shells look there first. So `PATH` entries count only where they are absolute and another folder than that.
 */
export function findExecutable(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  system: System = thisSystem(),
): string | undefined {
  const isWindows = system.platform === "win32";
  const path = isWindows ? win32 : posix;
  const get = (variable: string) =>
    env[variable] ?? (isWindows ? findIgnoringCase(env, variable) : undefined);
  const names = isWindows ? withExtensions(name, get("PATHEXT") || DEFAULT_EXTENSIONS) : [name];
  for (const entry of (get("PATH") ?? "").split(path.delimiter)) {
    // Windows allows quotes around an entry that contains a semicolon.
    const folder = isWindows ? entry.replace(/^"(.*)"$/, "$1") : entry;
    if (!isAbsolute(folder, isWindows) || isSameFolder(folder, system)) continue;
    const file = names.map((each) => path.join(folder, each)).find(system.isExecutable);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** On Windows, `\tools` depends on the current drive and `C:tools` on the current folder of C:. Neither is absolute. */
export function isAbsolute(file: string, isWindows = process.platform === "win32"): boolean {
  return isWindows ? /^([a-z]:[\\/]|[\\/]{2}[^\\/])/i.test(file) : posix.isAbsolute(file);
}

function isSameFolder(folder: string, { platform, cwd, realPath }: System): boolean {
  return (platform === "win32" ? win32 : posix).relative(realPath(folder), realPath(cwd)) === "";
}

/** The extensions in their order; a name that has one of them is looked for as it is first, as Windows does. */
function withExtensions(name: string, extensions: string): string[] {
  const all = extensions.split(";").filter(Boolean);
  const hasOne = all.some((extension) => name.toLowerCase().endsWith(extension.toLowerCase()));
  return [...(hasOne ? [name] : []), ...all.map((extension) => name + extension)];
}

function findIgnoringCase(env: Readonly<Record<string, string | undefined>>, variable: string) {
  const found = Object.keys(env).find((key) => key.toUpperCase() === variable);
  return found === undefined ? undefined : env[found];
}

function thisSystem(): System {
  const { platform } = process;
  return {
    platform,
    cwd: process.cwd(),
    isExecutable: (file) => {
      try {
        if (!statSync(file).isFile()) return false;
        // Windows has no such permission: there the extension decides.
        if (platform !== "win32") accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    },
    realPath: (folder) => {
      try {
        return realpathSync(folder);
      } catch {
        return folder;
      }
    },
  };
}
