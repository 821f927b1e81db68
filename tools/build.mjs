// Builds dist: the himl-sp command and what programs import. npm runs it as `prepare`: after `npm ci` in a clone, when it
// installs from git, and before it packs. `npm run check` checks types; here that would only take a user's time.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const dist = path.join(root, "dist");

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

const compiler = findCompiler();
// tsc keeps the output of sources that were deleted, and npm would pack it.
rmSync(dist, { recursive: true, force: true, maxRetries: 5 });
const options = ["-p", path.join(root, "tsconfig.build.json"), "--noCheck", "--noEmitOnError"];
const { status, error } = spawnSync(process.execPath, [compiler, ...options], { stdio: "inherit" });
if (error) fail(error.message);
if (status !== 0) fail("the compiler's message is above.");
if (!existsSync(path.join(dist, "package.js")))
  fail("the compiler wrote nothing. Check tsconfig.build.json.");
