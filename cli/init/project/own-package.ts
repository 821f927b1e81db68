import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Io } from "../../io";
import { parseJson } from "../../tools/process";
import { runTool, type Tool } from "../../tools/tool";

/** The name of the package and of the plugin, in whatever project. */
export const PACKAGE = "himl-service-principal";

/** This package itself, as a project gets it: what runs `init` is what the project then has. */
export interface OwnPackage {
  /** For `dependencies` of a package.json. */
  spec: string;
  /** The archive that stands beside that package.json, where no registry has the package. */
  archive?: { name: string; bytes: Buffer };
}

const NPM: Tool = { program: "npm", oldest: "7.0.0", install: "https://nodejs.org", mayHave: /^$/ };

/**
 * The version, where npm installed it from a registry. Otherwise an archive: npm 12 refuses addresses of git and of other
 * hosts by default, and whoever clones the project must be able to install it.
 */
export async function readOwnPackage(io: Io): Promise<OwnPackage> {
  let root = __dirname;
  while (!existsSync(path.join(root, "package.json"))) root = path.dirname(root);
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    version: string;
  };
  if (isFromRegistry(root)) return { spec: version };
  const folder = mkdtempSync(path.join(tmpdir(), "himl-pack-"));
  try {
    const to = ["--pack-destination", folder];
    // What is built already, is packed: no script runs.
    const json = await runTool(io, NPM, ["pack", root, "--ignore-scripts", "--json", ...to]);
    const [{ filename }] = parseJson<[{ filename: string }]>(json, "npm");
    const bytes = readFileSync(path.join(folder, filename));
    // npm keeps what it has installed by its name: other content needs another one.
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    const name = `${PACKAGE}-${version}-${hash}.tgz`;
    return { spec: `file:${name}`, archive: { name, bytes } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By the record that npm keeps of what it installed, and from where. */
function isFromRegistry(root: string): boolean {
  const record = path.join(path.dirname(root), ".package-lock.json");
  if (!existsSync(record)) return false;
  const { packages = {} } = JSON.parse(readFileSync(record, "utf8")) as {
    packages?: Record<string, { resolved?: string }>;
  };
  const resolved = packages[`node_modules/${PACKAGE}`]?.resolved ?? "";
  return new RegExp(`^https?://.*/${PACKAGE}/-/${PACKAGE}-[^/]*\\.tgz$`).test(resolved);
}
