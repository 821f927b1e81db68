import assert from "node:assert/strict";
import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { lastLines, run } from "../../cli/tools/process";
import { startPlugin } from "../plugin/plugin-process";
import { PROJECT } from "../rehearsal/support";
import { ClientUnavailableError, skipUnlessAvailable } from "./availability";

/**
 * What `pulumi package add https://….git/plugin@v…` does: Pulumi clones the repository and lets npm install in the
 * plugin's folder. From a git clone, since a working tree holds more than what users get.
 */
describe("The plugin's installation from a git clone", function () {
  this.timeout(900_000);
  let clone: string;

  before(async function () {
    clone = await mkdtemp(path.join(tmpdir(), "himl-clone-"));
    const { exitCode, stderr } = await run("git", ["clone", "--quiet", PROJECT, clone], { env: process.env });
    assert.equal(exitCode, 0, stderr);
    await skipUnlessAvailable(this, "the plugin's installation", async () => {
      const { exitCode: code, stderr: printed } = await install();
      if (/E(?:NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|40[34])/.test(printed))
        throw new ClientUnavailableError(`npm's registry does not answer: ${lastLines(printed, 3)}`);
      assert.equal(code, 0, printed);
    });
  });

  after(() => rm(clone, { recursive: true, force: true }));

  // As sdk/nodejs/npm/npm.go in pulumi/pulumi has it. Its host looks for a workspace's root by globs of Go, which do not
  // know the pattern in package.json; npm does, and installs for this one package of the workspace.
  const install = () =>
    run("npm", ["install", "--loglevel=error"], { cwd: path.join(clone, "plugin"), env: process.env });

  it("installs what the plugin needs, and nothing of the command, the tests and the linters", async () => {
    const installed = await readdir(path.join(clone, "node_modules"), { recursive: false });
    for (const name of ["oxlint", "mocha", "prettier", "commander", "fastify", "@azure"])
      assert.ok(!installed.includes(name), name);
    const lock = JSON.parse(await readFile(path.join(clone, "node_modules/.package-lock.json"), "utf8")) as {
      packages: object;
    };
    const count = Object.keys(lock.packages).length;
    assert.ok(count < 300, `${count} packages`);
  });

  it("starts, and leaves nothing changed that git knows", async () => {
    const plugin = await startPlugin(path.join(clone, "plugin"), path.join(clone, "plugin"));
    await plugin.close();
    const { stdout } = await run("git", ["status", "--porcelain", "--", ":!package-lock.json"], {
      cwd: clone,
      env: process.env,
    });
    assert.equal(stdout, "");
  });

  it("fails where the build fails", async () => {
    await appendFile(path.join(clone, "plugin/main.ts"), "this is no TypeScript\n");
    const { exitCode, stdout, stderr } = await install();
    assert.notEqual(exitCode, 0);
    assert.match(stdout + stderr, /could not be built/);
  });
});
