import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describeHandOver } from "../../cli/commands/rotate";
import { runCommandLine } from "../../cli/program";
import type { StackDetails } from "../../stack/contract";
import type { Fault } from "../../local-azure/local-azure";
import { asAdmin, requestToken, requireEngine } from "../rehearsal/support";
import { useShared } from "../support/shared";
import { bareEnvironment, buildCommand, runCommand } from "./command";
import { answersOfPulumi, DETAILS } from "./outputs";
import { RealStack } from "./real-stack";
import { rememberingIo } from "./remembering-io";
import { StandIns } from "./stand-ins";

describe("himl-sp rotate, on the real engine", function () {
  this.timeout(120_000);
  const stack = useShared(async (context) => RealStack.create(await requireEngine(context)));
  before(() => stack.expectPulumi("up", "--yes", "--skip-preview"));
  afterEach(() => {
    stack.azure.control.clearFaults();
    stack.azure.control.setLatency(0);
  });

  /** What the stack hands out: the variables, as hi-ml has them, and the IDs of its secrets. */
  const outputs = async () => {
    const json = await stack.expectPulumi("stack", "output", "--json", "--show-secrets");
    const { details, ...variables } = JSON.parse(json) as Record<string, string> & { details: StackDetails };
    return { variables, keyIds: details.secrets.map(({ keyId }) => keyId) };
  };
  const logIn = (variables: Record<string, string>) =>
    requestToken(stack.azure, variables["HIML_SERVICE_PRINCIPAL_ID"]!, {
      client_secret: variables["HIML_SERVICE_PRINCIPAL_PASSWORD"]!,
    });
  const assertLogsIn = async (variables: Record<string, string>) => {
    const { access_token, error_description } = await logIn(variables);
    assert.ok(access_token, error_description);
  };
  const assertRefused = async (variables: Record<string, string>) =>
    assert.match((await logIn(variables)).error_description ?? "", /^AADSTS7000215: /);
  /** IDs of the secrets that Entra knows. */
  const existingKeyIds = () => {
    const { applications } = stack.azure.control.state();
    return applications
      .filter(({ initial }) => !initial)
      .flatMap(({ passwords }) => passwords.map(({ keyId }) => keyId));
  };
  const generation = async () => {
    const settings = await readFile(path.join(stack.project, "Pulumi.dev.yaml"), "utf8");
    return Number(/secretGeneration: "?(\d+)/.exec(settings)?.[1] ?? 1);
  };
  const writes = () =>
    stack.azure.control.requests().filter(({ method, api }) => method !== "GET" && api !== "oauth");

  /** What there is before a rotation, and what must hold at its end, whatever happens on the way. */
  const watchRotation = async () => {
    // Secrets that nobody has: where the answer to its creation is lost, nobody has ever seen the text of one.
    const countOrphans = (known: string[]) =>
      existingKeyIds().filter((keyId) => !known.includes(keyId)).length;
    const [former, before] = [await outputs(), await generation()];
    const orphansBefore = countOrphans(former.keyIds);
    return {
      raised: before + 1,
      assertRotated: async (newOrphans: number) => {
        const current = await outputs();
        assert.equal(await generation(), before + 1);
        await assertRefused(former.variables);
        await assertLogsIn(current.variables);
        const isLeft = existingKeyIds().some((keyId) => former.keyIds.includes(keyId));
        assert.ok(!isLeft, "a former secret is left");
        const orphans = countOrphans(current.keyIds) - orphansBefore;
        assert.ok(orphans <= newOrphans, "a secret is left that nobody has");
      },
    };
  };

  it("replaces every secret, checks the new one and says what to push; all of it on stderr", async () => {
    const former = await outputs();
    const application = stack.azure.control.state().applications.find(({ initial }) => !initial)!;
    const onApplication = (operation: string, body: Record<string, unknown>) =>
      asAdmin(stack.azure, async (connection) => {
        const path = `/applications/${application.id}/${operation}`;
        return (await connection.callGraph({ method: "POST", path, body }, [])).json;
      });
    const { keyId } = await onApplication("addPassword", { passwordCredential: { displayName: "portal" } });
    const { exitCode, stdout, stderr } = await stack.himlSp("rotate", "--yes");
    await onApplication("removePassword", { keyId });
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: "" }, stderr);
    assert.equal(await generation(), 2);

    const current = await outputs();
    await assertRefused(former.variables);
    await assertLogsIn(current.variables);
    assert.deepEqual(existingKeyIds().sort(), current.keyIds.sort());

    // The stack has kept the mark of what it handed out, and nothing else of it.
    const { exitCode: proved, stdout: proof } = await runCommand(
      ["verify", "--from", "environment", "--expect", "refused"],
      { cwd: stack.project, env: { ...stack.env, ...former.variables } },
    );
    assert.match(proof, /^ok {4}login {10}AADSTS7000215: /m);
    assert.equal(proved, 0);

    assert.match(stderr, /^secretGeneration is 2 now \(it was 1\)\.\n/);
    assert.match(stderr, /^ok {4}role {11}may submit jobs$/m);
    assert.match(
      stderr,
      /^Entra refuses the previous password \(AADSTS7000215\): tried, and refused after \d+ s\.$/m,
    );
    assert.match(stderr, /^This can still log in; .*:\n {2}secret portal, until .*, made by hand\n/m);
    assert.match(
      stderr,
      /^A token that was issued before stays valid at Azure Resource Manager until it expires, 60 to 90 minutes .* The last one expires /m,
    );
    assert.match(
      stderr,
      /1\. Push it: .*\n {2}2\. Keep the setting: commit the stack's settings file, in which secretGeneration is 2\./,
    );
    for (const { variables } of [former, current]) {
      assert.ok(!stderr.includes(variables["HIML_SERVICE_PRINCIPAL_PASSWORD"]!));
    }
  });

  it("an up after that changes nothing", async () => {
    stack.azure.control.clearRequests();
    await stack.expectPulumi("up", "--yes", "--skip-preview");
    assert.deepEqual(writes(), []);
  });

  const answering = async (...answers: string[]) => {
    const io = rememberingIo({ env: { ...bareEnvironment(), ...stack.env }, isTerminal: true, answers });
    return { exitCode: await runCommandLine(["rotate", "--cwd", stack.project], io, "0"), ...io.written };
  };

  it("at a terminal, no: everything stays as it was", async () => {
    const before = await generation();
    stack.azure.control.clearRequests();
    const { exitCode, stderr } = await answering("no");
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /Replace every secret now\? Jobs that use one fail from then on\. \[yes\/no\] himl-sp: DECLINED: Nothing was changed: /,
    );
    assert.equal(await generation(), before);
    assert.deepEqual(writes(), []);
  });

  it("without a terminal and --yes it is misuse, and nothing is touched", async () => {
    const before = await generation();
    const { exitCode, stderr } = await stack.himlSp("rotate");
    assert.equal(exitCode, 2);
    assert.match(stderr, /^himl-sp: NOBODY_TO_ASK: /);
    assert.equal(await generation(), before);
  });

  describe("a fault in each call: the rotation goes on, or `pulumi up --refresh` completes it", () => {
    const lost = { carriedOut: true, answer: "reset" } as const;
    const busy = { answer: 503, retryAfter: 1 } as const;
    const faults: [what: string, fault: Fault, ends: "finished" | "unfinished"][] = [
      [
        "Entra is busy when it is asked for a token",
        { match: { path: "/oauth2/v2.0/token" }, ...busy },
        "unfinished",
      ],
      ["Azure is busy when the workspace is read", { match: { path: "/workspaces/" }, ...busy }, "finished"],
      ["no secret is made", { match: { path: "/addPassword" }, times: 2, answer: "reset" }, "unfinished"],
      ["one of the secrets is not made", { match: { path: "/addPassword" }, answer: "reset" }, "unfinished"],
      [
        "a secret is made at the second attempt",
        { match: { path: "/addPassword" }, answer: 500 },
        "finished",
      ],
      [
        "a secret is made, and the answer is lost",
        { match: { path: "/addPassword" }, ...lost },
        "unfinished",
      ],
      [
        "no former secret is removed",
        { match: { path: "/removePassword" }, times: 2, answer: "reset" },
        "unfinished",
      ],
      ["one of them is not removed", { match: { path: "/removePassword" }, answer: "reset" }, "unfinished"],
      [
        "one of them is removed, and the answer is lost",
        { match: { path: "/removePassword" }, ...lost },
        "unfinished",
      ],
    ];
    for (const [what, fault, ends] of faults) {
      it(`${what}: ${ends}`, async () => {
        const { raised, assertRotated } = await watchRotation();
        stack.azure.control.addFault(fault);
        const { exitCode, stderr } = await stack.himlSp("rotate", "--yes");
        stack.azure.control.clearFaults();
        if (ends === "finished") assert.equal(exitCode, 0, stderr);
        else {
          assert.equal(exitCode, 1, stderr);
          const sentence = `The rotation is not finished\\. .* secretGeneration stays ${raised}\\.`;
          assert.match(
            stderr,
            new RegExp(
              `^himl-sp: ROTATION_UNFINISHED: ${sentence}\n  Run \`pulumi up --refresh --stack dev\` until `,
              "m",
            ),
          );
          await stack.expectPulumi("up", "--refresh", "--yes", "--skip-preview");
        }
        await assertRotated(what.startsWith("a secret is made") ? 1 : 0);
      });
    }
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`${signal}: Pulumi ends in order, and \`pulumi up --refresh\` completes the rotation`, async function () {
      if (process.platform === "win32") return this.skip();
      const { raised, assertRotated } = await watchRotation();
      const { exitCode, stderr } = await runCommand(["rotate", "--yes"], {
        cwd: stack.project,
        env: stack.env,
        onStderr: (text, kill) => {
          if (!text.includes("Updating (dev)")) return;
          stack.azure.control.setLatency(700);
          if (text.includes("creating replacement")) kill(signal);
        },
      });
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        new RegExp(
          `^himl-sp: ROTATION_UNFINISHED: .* It was interrupted\\. secretGeneration stays ${raised}\\.$`,
          "m",
        ),
      );
      stack.azure.control.setLatency(0);
      await stack.expectPulumi("up", "--refresh", "--yes", "--skip-preview");
      await assertRotated(2);
    });
  }
});

describe("himl-sp rotate, where it cannot", function () {
  this.timeout(30_000);
  let pulumi: StandIns;
  before(async function () {
    this.timeout(120_000);
    await buildCommand();
  });
  afterEach(() => pulumi?.remove());

  const rotate = () => runCommand(["rotate", "--yes"], { env: { PATH: pulumi.folder } });

  it("a federated stack has nothing to rotate", async () => {
    pulumi = await StandIns.create({
      pulumi: answersOfPulumi({ ...DETAILS, authentication: "federated", secrets: [] }),
    });
    const { exitCode, stderr } = await rotate();
    assert.equal(exitCode, 1);
    assert.match(stderr, /^himl-sp: NOTHING_TO_ROTATE: /);
    assert.equal((await pulumi.calls()).length, 2);
  });

  it("a program that does not use the setting is told to", async () => {
    pulumi = await StandIns.create({
      pulumi: [
        ...answersOfPulumi(),
        {
          args: ["config", "get"],
          exitCode: 255,
          stderr: "error: configuration key 'secretGeneration' not found for stack 'dev'\n",
        },
        { args: ["config", "set"] },
        { args: ["up"] },
      ],
    });
    const { exitCode, stderr } = await rotate();
    assert.equal(exitCode, 1);
    assert.match(stderr, /^secretGeneration is 2 now \(it was 1\)\.\nhiml-sp: ROTATION_WITHOUT_EFFECT: /);
    assert.deepEqual(
      (await pulumi.calls()).map(({ args }) => args.join(" ")),
      [
        "stack --show-name --non-interactive",
        "stack output --json --show-secrets --stack dev --non-interactive",
        "config get secretGeneration --stack dev --non-interactive",
        "config set secretGeneration 2 --stack dev --non-interactive",
        "up --yes --stack dev --non-interactive",
        "stack output --json --show-secrets --stack dev --non-interactive",
      ],
    );
  });

  it("a generation that is no number is an error", async () => {
    pulumi = await StandIns.create({
      pulumi: [...answersOfPulumi(), { args: ["config", "get"], stdout: "many\n" }],
    });
    assert.match(
      (await rotate()).stderr,
      /^himl-sp: INVALID_GENERATION: .* Received "many"\.\n {2}`pulumi config set secretGeneration 1 --stack dev`\n$/,
    );
  });
});

describe("himl-sp rotate, how jobs come to the new password", () => {
  it("is a push; or nothing at all, where they read it in the stack's Key Vault", () => {
    assert.match(describeHandOver(undefined), /^Push it: `himl-sp push github …` or /);
    const vaultId = "/subscriptions/x/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults/kv-ml";
    assert.match(
      describeHandOver({ vaultId, secrets: ["t-HIML-SERVICE-PRINCIPAL-PASSWORD"] }),
      /^Jobs that read it in Key Vault kv-ml have it when they start\. If others have it elsewhere, push it there: /,
    );
  });
});
