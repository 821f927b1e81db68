// Builds dist: the himl-sp command and what programs import. npm runs it as `prepare`: after `npm ci` in a clone, when it
// installs from git, before it packs, and at `npx` in a clone. `npm run check` checks types; here that would only
// take a user's time.
//
// Several may run at once, and each may be interrupted: so it builds beside dist, and takes its place file by file.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const dist = path.join(root, "dist");
const modules = path.join(root, "node_modules");
const PREFIX = ".himl-build-";
const HOUR_MS = 3_600_000;
/** Its time is that of the newest source. */
const JUDGED = "package.js";
/** What dist is made of; as tsconfig.build.json reaches it. */
const SOURCES = [
  "package.ts",
  "components",
  "stack",
  "cli",
  "plugin",
  "tsconfig.json",
  "tsconfig.build.json",
  "tools/build.mjs",
];

function fail(reason) {
  process.stderr.write(
    `himl-service-principal could not be built: ${reason}\n` +
      "Without dist, himl-sp does not run and nothing can be imported. Fix this, then run `npm run build`.\n",
  );
  process.exit(1);
}

function findCompiler() {
  try {
    return createRequire(import.meta.url).resolve("typescript/bin/tsc");
  } catch {
    return fail("the compiler (typescript) is not installed. Run `npm ci`.");
  }
}

/** A file that was removed changes its folder. */
function lastChange(entry) {
  const at = path.join(root, entry);
  const below = statSync(at).isDirectory() ? readdirSync(at, { recursive: true }) : [];
  return Math.max(writtenAt(at), ...below.map((name) => writtenAt(path.join(at, name))));
}

function writtenAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const lastChangeOfAll = () => Math.max(...SOURCES.map(lastChange));

/** Compared with the sources alone, never with a clock: one that was ahead would keep an old dist. */
const isUpToDate = () => Math.abs(writtenAt(path.join(dist, JUDGED)) - lastChangeOfAll()) < 2;

function build() {
  const compiler = findCompiler();
  const changed = new Date(lastChangeOfAll());
  mkdirSync(modules, { recursive: true });
  const unfinished = mkdtempSync(path.join(modules, PREFIX));
  try {
    const options = ["-p", path.join(root, "tsconfig.build.json"), "--outDir", unfinished];
    const { status, error } = spawnSync(
      process.execPath,
      [compiler, ...options, "--noCheck", "--noEmitOnError"],
      {
        stdio: "inherit",
      },
    );
    if (error) fail(error.message);
    if (status !== 0) fail("the compiler's message is above.");
    const built = path.join(unfinished, JUDGED);
    if (!existsSync(built)) fail("the compiler wrote nothing. Check tsconfig.build.json.");
    // What changes while it is built is newer.
    utimesSync(built, changed, changed);
    takePlace(unfinished);
  } finally {
    rmSync(unfinished, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * File by file, each in one step: whoever runs the command just now finds every module. What was built from sources that
 * are gone goes; npm would pack it. The file by which dist is judged comes last, so that the next build completes this one.
 */
function takePlace(built) {
  const files = (folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  const made = files(built).filter((file) => file !== JUDGED);
  const take = (file) => {
    mkdirSync(path.dirname(path.join(dist, file)), { recursive: true });
    renameSync(path.join(built, file), path.join(dist, file));
  };
  made.forEach(take);
  const kept = new Set([...made, JUDGED]);
  for (const file of files(dist)) if (!kept.has(file)) rmSync(path.join(dist, file), { force: true });
  take(JUDGED);
}

function removeInterrupted() {
  for (const name of existsSync(modules) ? readdirSync(modules) : []) {
    const folder = path.join(modules, name);
    if (name.startsWith(PREFIX) && Date.now() - writtenAt(folder) > HOUR_MS)
      rmSync(folder, { recursive: true, force: true });
  }
}

if (!isUpToDate()) {
  removeInterrupted();
  build();
}
