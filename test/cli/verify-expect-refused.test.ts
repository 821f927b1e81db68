import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fingerprintOf } from "../../components/plan/fingerprint";
import type { StackDetails } from "../../stack/contract";
import { runCommand } from "./command";
import { answersOfPulumi, DETAILS } from "./outputs";
import { type Answer, StandIns } from "./stand-ins";
import { type Caller, VerifyStage } from "./verify-stage";
import { useShared } from "../support/shared";

const GRAPH = "https://graph.microsoft.com/v1.0";
const ISSUER = "https://token.actions.githubusercontent.com";
const AUDIENCE = "api://AzureADTokenExchange";

describe("himl-sp verify --expect refused", function () {
  this.timeout(60_000);
  const stage = useShared(() => VerifyStage.create());
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "himl-sp-refused-"));
  });

  after(() => rm(folder, { recursive: true }));

  const withStack = async <T>(answers: Answer[], use: (folder: string) => Promise<T>): Promise<T> => {
    const pulumi = await StandIns.create({ pulumi: answers });
    try {
      return await use(pulumi.folder);
    } finally {
      await pulumi.remove();
    }
  };
  const contributor = (displayName: string) =>
    stage.azure.control.createCaller({ displayName, role: "Contributor", scope: stage.group });
  const expectRefused = (env: Record<string, string>, ...args: string[]) =>
    stage.run(env, "--expect", "refused", ...args);
  const removeApplication = ({ applicationObjectId }: Caller) =>
    stage.asAdmin("DELETE", `${GRAPH}/applications/${applicationObjectId}`);

  it("a destroyed principal: the code of the refusal, what remains, and 0", async () => {
    const caller = contributor("destroyed");
    await removeApplication(caller);
    const { exitCode, stdout, stderr } = await expectRefused(stage.variables(caller));
    assert.equal(
      stdout,
      [
        "ok    variables      6 present and well formed",
        "ok    login          AADSTS700016: The tenant knows no application with the ID in HIML_SERVICE_PRINCIPAL_ID.",
        "",
      ].join("\n"),
    );
    assert.equal(
      stderr,
      [
        "Checking that the login with the variables of the environment is refused",
        "No new token is issued. A token that was issued before stays valid at Azure Resource Manager until it expires, 60 to 90 minutes after it was issued. Without a role it can do nothing.",
        "",
      ].join("\n"),
    );
    assert.equal(exitCode, 0);
  });

  describe("a password that is refused as no password at all (AADSTS7000215)", () => {
    const former = "Xy9~former.one-that_nobody.has.any.more1";
    const keyId = DETAILS.secrets[0]!.keyId;
    const refused = (details: StackDetails, ...args: string[]) => {
      const env = { ...stage.variables(), HIML_SERVICE_PRINCIPAL_PASSWORD: former };
      return withStack(answersOfPulumi(details), (PATH) =>
        expectRefused({ ...env, PATH }, "--from", "environment", "--json", ...args),
      );
    };
    const answerOf = ({ stdout }: { stdout: string }) =>
      JSON.parse(stdout) as { ok: boolean; code?: string; checks: { code?: string }[] };

    it("proves nothing where nothing shows that it ever was one", async () => {
      const finished = await refused(DETAILS);
      assert.equal(finished.exitCode, 1);
      const { ok, code, checks } = answerOf(finished);
      assert.deepEqual(
        { ok, code, checks: checks.map((check) => check.code) },
        { ok: false, code: "NOT_PROVED", checks: [undefined, "NOT_PROVED"] },
      );
      assert.match(finished.stderr, /Entra refuses this text \(AADSTS7000215\), as it refuses any text /);
    });

    it("proves it where the stack has its mark among the secrets, or the former ones", async () => {
      const fingerprint = fingerprintOf(former, keyId);
      const marked = { ...DETAILS, secrets: [{ ...DETAILS.secrets[0]!, fingerprint }] };
      for (const details of [marked, { ...DETAILS, formerSecrets: [{ keyId, fingerprint }] }]) {
        const finished = await refused(details);
        assert.deepEqual([finished.exitCode, answerOf(finished).ok], [0, true], finished.stderr);
        assert.equal(answerOf(finished).checks[1]!.code, "AADSTS7000215");
      }
    });

    it("proves it where it comes from the stack itself", async () => {
      const values = { ...stage.variables(), HIML_SERVICE_PRINCIPAL_PASSWORD: former };
      const { exitCode, stderr } = await withStack(answersOfPulumi(DETAILS, values), (PATH) =>
        stage.run({ PATH }, "--from", "stack", "--expect", "refused"),
      );
      assert.equal(exitCode, 0, stderr);
    });

    it("proves it where it logged in when the same run began", async () => {
      const caller = contributor("rotated");
      const { applications } = stage.azure.control.state();
      const { keyId: id } = applications.find(({ appId }) => appId === caller.clientId)!.passwords[0]!;
      let removal: Promise<unknown> | undefined;
      const { exitCode, stdout, stderr } = await runCommand(
        ["verify", "--expect", "refused", "--wait", "30s"],
        {
          env: { ...stage.azure.public, ...stage.variables(caller) },
          onStderr: (text) => {
            if (!text.includes("still succeeds")) return;
            const url = `${GRAPH}/applications/${caller.applicationObjectId}/removePassword`;
            removal ??= stage.asAdmin("POST", url, { keyId: id });
          },
        },
      );
      await removal;
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^ok {4}login {10}AADSTS7000215: /m);
    });
  });

  it("a placeholder is refused before anybody is asked", async () => {
    const before = stage.azure.control.requests().length;
    const variables = {
      ...stage.variables(),
      HIML_SERVICE_PRINCIPAL_PASSWORD: "$(HIML_SERVICE_PRINCIPAL_PASSWORD)",
    };
    const { exitCode, stdout, stderr } = await expectRefused(variables, "--from", "environment", "--json");
    assert.equal(exitCode, 1);
    const { ok, code } = JSON.parse(stdout) as { ok: boolean; code: string };
    assert.deepEqual({ ok, code }, { ok: false, code: "VARIABLES_INVALID" });
    assert.match(
      stderr,
      /HIML_SERVICE_PRINCIPAL_PASSWORD must have a value\. It is a placeholder \(\$\((…|\.\.\.)\)\)/,
    );
    assert.equal(stage.azure.control.requests().length, before);
  });

  it("a trust that was removed: the pipeline's own token is refused", async () => {
    const issuer = await stage.azure.control.declareIssuer(ISSUER);
    const { HIML_SERVICE_PRINCIPAL_PASSWORD, ...five } = stage.variables();
    assert.ok(HIML_SERVICE_PRINCIPAL_PASSWORD);
    const file = path.join(folder, "token");
    await writeFile(
      file,
      await issuer.sign({ sub: "repo:contoso/training:ref:refs/heads/main", aud: AUDIENCE }),
    );
    const { exitCode, stdout } = await expectRefused({ ...five, AZURE_FEDERATED_TOKEN_FILE: file });
    assert.match(stdout, /^ok {4}login {10}AADSTS70025: /m);
    assert.equal(exitCode, 0);
  });

  it("a login that still succeeds: what it is good for, and 1", async () => {
    const { exitCode, stdout, stderr } = await expectRefused(stage.variables());
    assert.equal(exitCode, 1);
    assert.match(stdout, /^FAIL {2}login {10}NOT_REFUSED$/m);
    assert.match(
      stderr,
      /himl-sp: NOT_REFUSED: The login must be refused\. It still succeeds, with the password\. With it, the subscription may be read, and the workspace may be read, and jobs may be submitted\.\n/,
    );
  });

  it("a login without a role is not refused, and can do nothing", async () => {
    const bare = stage.azure.control.createCaller({ displayName: "bare" });
    const { exitCode, stdout, stderr } = await expectRefused(stage.variables(bare));
    assert.equal(exitCode, 1);
    assert.match(stdout, /^ok {4}workspace {6}AuthorizationFailed: /m);
    assert.match(stderr, /It still succeeds, with the password\. It can do nothing in the workspace\.$/m);
  });

  it("--wait: tries again until the removal has spread", async () => {
    const caller = contributor("spreading");
    let removal: Promise<void> | undefined;
    const { exitCode, stdout, stderr } = await runCommand(
      ["verify", "--expect", "refused", "--wait", "30s"],
      {
        env: { ...stage.azure.public, ...stage.variables(caller) },
        // By now it has succeeded once.
        onStderr: (text) => {
          if (!text.includes("still succeeds") || removal !== undefined) return;
          removal = removeApplication(caller);
        },
      },
    );
    await removal;
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /^login: still succeeds; trying again for \d+ s$/m);
    assert.match(stdout, /^ok {4}login {10}AADSTS700016: /m);
  });
  it("a token that the Azure CLI has kept is no refusal", async () => {
    const caller = contributor("kept");
    const accessToken = await stage.tokenOf(caller);
    await removeApplication(caller);
    const az = await StandIns.create({
      az: [{ args: ["account"], stdout: JSON.stringify({ accessToken }) }],
    });
    try {
      const { exitCode, stderr } = await expectRefused({
        ...stage.variables(caller),
        HIML_SERVICE_PRINCIPAL_PASSWORD: "",
        PATH: az.folder,
      });
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /NOT_REFUSED: .* with the login for the subscription of the Azure CLI\..*\n.*keeps tokens until they expire/,
      );
    } finally {
      await az.remove();
    }
  });

  describe("is not proved by", () => {
    it("a network without an answer", async () => {
      const { exitCode, stderr } = await expectRefused({
        ...stage.variables(),
        HTTPS_PROXY: "http://127.0.0.1:9",
      });
      assert.equal(exitCode, 1);
      assert.match(stderr, /himl-sp: NETWORK_UNREACHABLE: /);
    });

    it("a policy of the tenant, which may allow the login from elsewhere", async () => {
      stage.azure.control.setPolicy({ blockedClientIds: [stage.caller.clientId] });
      try {
        const { exitCode, stdout } = await expectRefused(stage.variables());
        assert.equal(exitCode, 1);
        assert.match(stdout, /^FAIL {2}login {10}AADSTS53003$/m);
      } finally {
        stage.azure.control.setPolicy({ blockedClientIds: [] });
      }
    });

    it("variables that are missing: a stack is not asked instead, since a destroyed one has no outputs", async () => {
      const { exitCode, stderr } = await expectRefused({});
      assert.equal(exitCode, 1);
      assert.match(stderr, /himl-sp: VARIABLES_INVALID: HIML_SERVICE_PRINCIPAL_ID must be set\./);
    });

    it("another tenant", async () => {
      const { exitCode, stderr } = await expectRefused({
        ...stage.variables(),
        HIML_TENANT_ID: "00000000-0000-4000-8000-000000000000",
      });
      assert.equal(exitCode, 1);
      assert.match(stderr, /himl-sp: AADSTS90002: /);
    });
  });
});
