import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { useShared } from "../support/shared";
import { runCommand } from "./command";
import { answersOfPulumi, DETAILS } from "./outputs";
import { StandIns } from "./stand-ins";
import { UNKNOWN_ID, VerifyStage } from "./verify-stage";

describe("himl-sp verify, against the local Azure", function () {
  this.timeout(60_000);
  const stage = useShared(() => VerifyStage.create());

  it("reports check by check, and exits with 0", async () => {
    const { exitCode, stdout, stderr } = await stage.run(stage.variables());
    assert.equal(
      stdout,
      [
        "ok    variables      6 present and well formed",
        "ok    token          as the service principal, with the password",
        `ok    tenant         ${stage.azure.tenantId}`,
        `ok    subscription   Contoso ML (${stage.azure.subscriptionId})`,
        "ok    workspace      ws-ml in rg-ml, westeurope; may be read",
        "ok    role           may submit jobs",
        "ok    password ends  not known here: the stack knows it (`himl-sp status`)",
        "",
      ].join("\n"),
    );
    assert.equal(stderr, "Checking the variables of the environment, as hi-ml uses them\n");
    assert.equal(exitCode, 0);
  });

  it("from the stack: the password's end is known", async () => {
    const pulumi = await StandIns.create({
      pulumi: answersOfPulumi(
        {
          ...DETAILS,
          secrets: [{ ...DETAILS.secrets[0]!, ends: new Date(Date.now() + 40.5 * 86_400_000).toISOString() }],
        },
        stage.variables(),
      ),
    });
    try {
      const { exitCode, stdout, stderr } = await stage.run({ PATH: pulumi.folder });
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^ok {4}password ends {2}\d{4}-\d\d-\d\d \d\d:\d\d .*, in 40 days$/m);
      assert.match(stderr, /^Checking the outputs of the stack/);
    } finally {
      await pulumi.remove();
    }
  });

  it("from the stack: a password that Entra refuses is no reason to push it, but to audit", async () => {
    const values = {
      ...stage.variables(),
      HIML_SERVICE_PRINCIPAL_PASSWORD: "Xy9~removed.by.somebody.in-the-portal",
    };
    const pulumi = await StandIns.create({ pulumi: answersOfPulumi(DETAILS, values) });
    try {
      const finished = await stage.run({ PATH: pulumi.folder }, "--from", "stack");
      stage.assertFailure(
        { ...finished, stderr: finished.stderr },
        "AADSTS7000215",
        /does not accept the password that the stack hands out/,
        /`himl-sp audit`.*`himl-sp rotate`/,
      );
      assert.doesNotMatch(finished.stderr, /push/);
    } finally {
      await pulumi.remove();
    }
  });

  it("--json is one document", async () => {
    const { stdout } = await stage.run({ ...stage.variables(), HIML_WORKSPACE_NAME: "other" }, "--json");
    const { checks, message, remedy, ...rest } = JSON.parse(stdout) as {
      message: string;
      remedy: string;
      checks: { check: string; ok: boolean; code?: string }[];
    };
    assert.deepEqual(rest, {
      version: 1,
      ok: false,
      from: "environment",
      expected: "accepted",
      code: "ResourceNotFound",
    });
    assert.match(message, /^There is no workspace with the name in HIML_WORKSPACE_NAME/);
    assert.match(remedy, /^Check HIML_WORKSPACE_NAME/);
    assert.deepEqual(
      checks.map(({ check, ok: isOk, code }) => [check, isOk, code]),
      [
        ["variables", true, undefined],
        ["token", true, undefined],
        ["tenant", true, undefined],
        ["subscription", true, undefined],
        ["workspace", false, "ResourceNotFound"],
      ],
    );
  });

  it("--json has the workspace's ID and location, for a step that needs them", async () => {
    const { exitCode, stdout } = await stage.run(stage.variables(), "--json");
    const { checks, ...rest } = JSON.parse(stdout) as { checks: { ok: boolean }[] };
    assert.deepEqual(rest, {
      version: 1,
      ok: true,
      from: "environment",
      expected: "accepted",
      workspace: { id: stage.workspaceId, location: "westeurope" },
    });
    assert.ok(checks.length === 7 && checks.every(({ ok }) => ok));
    assert.equal(exitCode, 0);
  });

  it("an environment variable of the subject can be checked although a stack is near: --from environment", async () => {
    assert.equal((await stage.run(stage.variables(), "--from", "environment")).exitCode, 0);
    assert.match((await stage.run(stage.variables(), "--from", "stack")).stderr, /PULUMI_NOT_FOUND/);
  });

  describe("variables", () => {
    it("all problems at once, and no request", async () => {
      const before = stage.azure.control.requests().length;
      const { exitCode, stderr } = await stage.run({
        ...stage.variables(),
        HIML_TENANT_ID: "",
        HIML_SERVICE_PRINCIPAL_ID: '"quoted"',
        HIML_SERVICE_PRINCIPAL_PASSWORD: UNKNOWN_ID,
        HIML_SUBSCRIPTION_ID: "my subscription",
      });
      assert.equal(exitCode, 1);
      assert.equal(
        stderr,
        [
          "Checking the variables of the environment, as hi-ml uses them",
          'himl-sp: VARIABLES_INVALID: HIML_SERVICE_PRINCIPAL_ID must not have quotes or spaces around it. Received "\\"quoted\\"".',
          "  HIML_SERVICE_PRINCIPAL_PASSWORD must be the value of a secret. It is a GUID, probably the secret's ID, which the portal shows beside the value.",
          "  HIML_TENANT_ID must be set. It is not.",
          '  HIML_SUBSCRIPTION_ID must be a GUID. Received "my subscription".',
          "  Set them as `himl-sp env` prints them.",
          "",
        ].join("\n"),
      );
      assert.equal(stage.azure.control.requests().length, before);
    });
  });

  describe("--wait", () => {
    afterEach(() => {
      stage.azure.control.setReplicationLag(0);
      stage.azure.control.clearRequests();
    });

    it("tries again what replication explains, with progress, until it works", async () => {
      const fresh = stage.azure.control.createCaller({ displayName: "fresh" });
      const contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
      const assign = () =>
        stage.asAdmin(
          "PUT",
          `https://management.azure.com${stage.group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
          {
            properties: {
              principalId: fresh.servicePrincipalObjectId,
              principalType: "ServicePrincipal",
              roleDefinitionId: `/subscriptions/${stage.azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`,
            },
          },
        );
      let assigned: Promise<unknown> | undefined;
      const { exitCode, stderr } = await runCommand(["verify", "--wait", "30s"], {
        env: { ...stage.azure.public, ...stage.variables(fresh) },
        onStderr: (text) => {
          if (text.includes("not yet")) assigned ??= assign();
        },
      });
      await assigned;
      assert.equal(exitCode, 0, stderr);
      assert.match(
        stderr,
        /^subscription: not yet \(\w+\). Replication may be the cause: trying again for \d+ s$/m,
      );
    });

    it("gives up when the time is over", async () => {
      const { exitCode, stderr } = await stage.run(
        { ...stage.variables(), HIML_SERVICE_PRINCIPAL_PASSWORD: "wrong" },
        "--wait",
        "2s",
      );
      assert.equal(exitCode, 1);
      assert.equal(
        stderr.split("\n").filter((line) => line.startsWith("token: not yet (AADSTS7000215)")).length,
        2,
      );
      assert.match(stderr, /^himl-sp: AADSTS7000215: /m);
    });

    it("does not try again what replication does not explain", async () => {
      const { stderr } = await stage.run(
        { ...stage.variables(), HIML_WORKSPACE_NAME: "ws-nowhere" },
        "--wait",
        "30s",
      );
      assert.doesNotMatch(stderr, /not yet/);
    });

    it("ends at once when it is interrupted", async function () {
      if (process.platform === "win32") return this.skip();
      const { exitCode, stderr } = await runCommand(["verify", "--wait", "5m"], {
        env: { ...stage.azure.public, ...stage.variables(), HIML_SERVICE_PRINCIPAL_PASSWORD: "wrong" },
        onStderr: (text, kill) => text.includes("not yet") && kill("SIGINT"),
      });
      assert.equal(exitCode, 1);
      assert.match(stderr, /himl-sp: INTERRUPTED: Interrupted before it was done\.\n {2}Run it again\.\n$/);
    });

    it("a time that is none is misuse", async () => {
      assert.equal((await stage.run(stage.variables(), "--wait", "5 minutes")).exitCode, 2);
    });
  });
});
