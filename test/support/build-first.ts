import { spawnSync } from "node:child_process";
import path from "node:path";

/** Mocha calls it once, before all files: the examples and the tests of the command run what is in dist. */
export function mochaGlobalSetup(): void {
  const build = path.resolve(__dirname, "../../tools/build.mjs");
  const { status } = spawnSync(process.execPath, [build], { stdio: "inherit" });
  if (status !== 0) throw new Error("dist must be built before the tests.");
}
