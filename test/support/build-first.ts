import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(__dirname, "../..");

/** What dist is made of; as `tsconfig.build.json` reaches it. */
const SOURCES = [
  "package.ts",
  "components",
  "stack",
  "cli",
  "plugin",
  "tsconfig.json",
  "tsconfig.build.json",
];

/** Mocha calls it once, before all files: the examples and the tests of the command run what is in dist. */
export function mochaGlobalSetup(): void {
  if (writtenAt("dist/package.js") >= Math.max(...SOURCES.map(lastChange))) return;
  const { status } = spawnSync(process.execPath, [path.join(ROOT, "tools/build.mjs")], { stdio: "inherit" });
  if (status !== 0) throw new Error("dist must be built before the tests.");
}

function lastChange(entry: string): number {
  const file = path.join(ROOT, entry);
  if (!statSync(file).isDirectory()) return writtenAt(entry);
  // A file that was removed changes its folder.
  const below = readdirSync(file, { recursive: true, encoding: "utf8" });
  return Math.max(writtenAt(entry), ...below.map((name) => writtenAt(path.join(entry, name))));
}

function writtenAt(entry: string): number {
  return statSync(path.join(ROOT, entry), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
