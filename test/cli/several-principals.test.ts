import assert from "node:assert/strict";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { runCommandLine } from "../../cli/program";
import { Session } from "../../rehearsal/engine/session";
import { requireEngine } from "../rehearsal/support";
import { REPOSITORY } from "./command";
import { DETAILS, VALUES } from "./outputs";
import { rememberingIo } from "./remembering-io";

describe("A stack with several principals, as the real engine keeps its outputs", function () {
  this.timeout(120_000);
  let session: Session;
  const evaluation = { ...VALUES, HIML_WORKSPACE_NAME: "ws-eval" };

  before(async function () {
    // As `export const training = principal.outputs`: the password alone is a secret, within an object.
    const outputsOf = (values: typeof VALUES) => ({
      ...values,
      HIML_SERVICE_PRINCIPAL_PASSWORD: pulumi.secret(values.HIML_SERVICE_PRINCIPAL_PASSWORD),
      details: pulumi.output(DETAILS),
    });
    session = await Session.open({
      engine: await requireEngine(this),
      program: () => Promise.resolve({ training: outputsOf(VALUES), evaluation: outputsOf(evaluation) }),
      project: path.join(REPOSITORY, "Pulumi.yaml"),
      stackName: "dev",
      settings: {},
      environment: {},
      passphrase: "only for this test",
    });
    await session.expectPulumi("up", "--yes", "--skip-preview");
  });
  after(() => session?.close());

  const himlSp = async (env: Record<string, string | undefined>, ...args: string[]) => {
    const variables = { ...session.variables, PATH: session.binFolder, HOME: session.folder, ...env };
    const io = rememberingIo({ env: variables });
    const exitCode = await runCommandLine([...args, "--cwd", session.projectFolder], io, "0");
    return { exitCode, ...io.written };
  };

  it("each is read by its name, with its password", async () => {
    for (const [name, values] of Object.entries({ training: VALUES, evaluation })) {
      const { stdout, stderr } = await himlSp({}, "env", "--format", "json", "--principal", name);
      assert.deepEqual(JSON.parse(stdout), values, stderr);
    }
  });

  it("status needs no passphrase, and lists both", async () => {
    const { exitCode, stdout, stderr } = await himlSp(
      { PULUMI_CONFIG_PASSPHRASE: undefined },
      "status",
      "--all",
    );
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(
      stdout.split("\n").map((line) => line.split("  ")[0]),
      ["STACK", "dev (evaluation)", "dev (training)", ""],
    );
  });

  it("a wrong passphrase is told from a missing one", async () => {
    const args = ["env", "--format", "json", "--principal", "training"];
    const wrong = await himlSp({ PULUMI_CONFIG_PASSPHRASE: "another" }, ...args);
    assert.match(wrong.stderr, /^himl-sp: PASSPHRASE_WRONG: .*\n.*\n {2}The passphrase is wrong: /);
    const missing = await himlSp({ PULUMI_CONFIG_PASSPHRASE: undefined }, ...args);
    assert.match(
      missing.stderr,
      /^himl-sp: PULUMI_FAILED: .*\n.*passphrase must be set.*\n {2}Set PULUMI_CONFIG_PASSPHRASE, or /,
    );
  });
});
