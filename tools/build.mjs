// Builds dist: the himl-sp command and what programs import. npm runs it as `prepare`, after `npm ci` in a clone, at the
// installation of a git source, and before it packs. Types are checked by `npm run check`, not here: that takes a user's time.
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
      "Without dist there is neither himl-sp nor anything to import. Mend that, then run `npm run build`.\n",
  );
  process.exit(1);
}

function findCompiler() {
  try {
    return createRequire(import.meta.url).resolve("typescript/bin/tsc");
  } catch {
    return fail("the compiler (typescript) is not installed. `npm ci` installs it.");
  }
}

const compiler = findCompiler();
// tsc leaves the output of a source that is gone, and npm would pack it.
rmSync(dist, { recursive: true, force: true, maxRetries: 5 });
const options = ["-p", path.join(root, "tsconfig.build.json"), "--noCheck", "--noEmitOnError"];
const { status, error } = spawnSync(process.execPath, [compiler, ...options], { stdio: "inherit" });
if (error) fail(error.message);
if (status !== 0) fail("the compiler says above what is wrong.");
if (!existsSync(path.join(dist, "package.js")))
  fail("the compiler wrote nothing. tsconfig.build.json says what it has to write.");
