import assert from "node:assert/strict";
import { requireEngine } from "../rehearsal/support";
import { useShared } from "../support/shared";
import { runCommand } from "./command";
import { RealStack } from "./real-stack";

describe("himl-sp, with the real pulumi command", function () {
  this.timeout(60_000);
  const stack = useShared(async (context) =>
    RealStack.create(await requireEngine(context), { passphrase: "of this test" }),
  );

  const withPassphrase = (passphrase: string | undefined, ...args: string[]) => {
    const env: Record<string, string> = { ...stack.env };
    delete env["PULUMI_CONFIG_PASSPHRASE"];
    if (passphrase !== undefined) env["PULUMI_CONFIG_PASSPHRASE"] = passphrase;
    return runCommand(args, { cwd: stack.project, env });
  };

  it("before the first up: no outputs", async () => {
    assert.match((await stack.himlSp("status")).stderr, /^himl-sp: OUTPUTS_MISSING: .*\n {2}Run `pulumi up`/);
    await stack.expectPulumi("up", "--yes", "--skip-preview");
  });

  it("env gives the variables with which hi-ml can log in", async () => {
    const { stdout } = await stack.himlSp("env", "--format", "json");
    const { exitCode, stderr } = await runCommand(["verify", "--from", "environment"], {
      env: { ...stack.azure.public, ...(JSON.parse(stdout) as Record<string, string>) },
    });
    assert.equal(exitCode, 0, stderr);
  });

  it("another stack and folder: --stack and --cwd", async () => {
    const elsewhere = { cwd: stack.folder, env: stack.env };
    const found = await runCommand(["status", "--stack", "dev", "--cwd", "project"], elsewhere);
    assert.equal(found.exitCode, 0, found.stderr);
    assert.match(
      (await runCommand(["status"], elsewhere)).stderr,
      /\n {2}Run it in the folder of the project, or name that with --cwd\.\n$/,
    );
    assert.match(
      (await stack.himlSp("status", "--stack", "none")).stderr,
      /\n {2}Name the stack with --stack; `pulumi stack ls` lists them\.\n$/,
    );
  });

  it("status, --no-secret and --dry-run need no passphrase", async () => {
    for (const args of [
      ["status"],
      ["env", "--format", "json", "--no-secret"],
      ["env", "--format", "hi-ml-config"],
    ]) {
      const { exitCode, stderr } = await withPassphrase(undefined, ...args);
      assert.equal(exitCode, 0, stderr);
    }
  });

  it("the password needs it, and the right one", async () => {
    const missing = await withPassphrase(undefined, "env", "--format", "json");
    const wrong = await withPassphrase("wrong", "env", "--format", "json");
    for (const { exitCode, stdout } of [missing, wrong])
      assert.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: "" });
    assert.match(missing.stderr, /\n {2}Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to /);
    assert.ok(wrong.stderr.startsWith("himl-sp: PASSPHRASE_WRONG: "), wrong.stderr);
    // Pulumi 3.220 prints null instead of refusing.
    assert.match(
      wrong.stderr,
      /\n {2}(The passphrase is wrong: set|Set) PULUMI_CONFIG_PASSPHRASE, or .* to /,
    );
  });
});
