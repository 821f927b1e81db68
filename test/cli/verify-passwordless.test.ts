import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LocalAzure } from "../../local-azure/local-azure";
import { useShared } from "../support/shared";
import { StandIns } from "./stand-ins";
import { type Environment, VerifyStage } from "./verify-stage";

const AUDIENCE = "api://AzureADTokenExchange";
const ISSUER = "https://token.actions.githubusercontent.com";
const SUBJECT = "repo:contoso/training:ref:refs/heads/main";

describe("himl-sp verify, without a password", function () {
  this.timeout(60_000);
  const stage = useShared(() => VerifyStage.create());
  let folder: string;
  let issuer: Awaited<ReturnType<LocalAzure["control"]["declareIssuer"]>>;

  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(path.join(tmpdir(), "himl-sp-verify-"));
    issuer = await stage.azure.control.declareIssuer(ISSUER);
    await stage.asAdmin(
      "POST",
      `https://graph.microsoft.com/v1.0/applications/${stage.caller.applicationObjectId}/federatedIdentityCredentials`,
      { name: "main", issuer: ISSUER, subject: SUBJECT, audiences: [AUDIENCE] },
    );
  });

  after(() => rm(folder, { recursive: true }));

  const passwordless = (): Environment => {
    const { HIML_SERVICE_PRINCIPAL_PASSWORD, ...five } = stage.variables();
    assert.ok(HIML_SERVICE_PRINCIPAL_PASSWORD);
    return five;
  };

  const withToken = async (token: string) => {
    const file = path.join(folder, "token");
    await writeFile(file, token);
    return stage.run({ ...passwordless(), AZURE_FEDERATED_TOKEN_FILE: file });
  };

  it("the pipeline's own token is checked before there is an Azure CLI", async () => {
    const { exitCode, stdout, stderr } = await withToken(await issuer.sign({ sub: SUBJECT, aud: AUDIENCE }));
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^ok {4}token {10}as the service principal, with the pipeline's own token$/m);
    assert.doesNotMatch(stdout, /password ends/);
  });

  it("AADSTS700211", async () => {
    const other = await stage.azure.control.declareIssuer("https://other.example");
    stage.assertFailure(
      await withToken(await other.sign({ sub: SUBJECT, aud: AUDIENCE })),
      "AADSTS700211",
      /The application does not trust the issuer of the pipeline's token\.$/,
      /including a final slash/,
    );
  });

  it("AADSTS700213", async () => {
    stage.assertFailure(
      await withToken(await issuer.sign({ sub: SUBJECT.replace("main", "next"), aud: AUDIENCE })),
      "AADSTS700213",
      /trusts the issuer of the pipeline's token, but not its subject\.$/,
      /another branch, tag, environment or repository is another subject/,
    );
  });

  it("AADSTS7002138", async () => {
    stage.assertFailure(
      await withToken(await issuer.sign({ sub: SUBJECT.replace("contoso", "Contoso"), aud: AUDIENCE })),
      "AADSTS7002138",
      /differs from the trusted one in upper and lower case\.$/,
      /spell the repository, branch or environment as GitHub does/,
    );
  });

  it("AADSTS700024", async () => {
    stage.assertFailure(
      await withToken(await issuer.sign({ sub: SUBJECT, aud: AUDIENCE }, { expiresInSeconds: -600 })),
      "AADSTS700024",
      /not valid now: such tokens live for only some minutes\.$/,
      /Log in again right before the step that needs it/,
    );
  });

  const withAz = async (answer: { stdout?: string; stderr?: string; exitCode?: number }) => {
    const az = await StandIns.create({ az: [{ args: ["account", "get-access-token"], ...answer }] });
    try {
      return { ...(await stage.run({ ...passwordless(), PATH: az.folder })), calls: await az.calls() };
    } finally {
      await az.remove();
    }
  };

  it("the login of the Azure CLI is used, as by hi-ml", async () => {
    const { exitCode, stdout, calls } = await withAz({
      stdout: JSON.stringify({ accessToken: await stage.tokenOf(stage.caller) }),
    });
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^ok {4}token {10}as the service principal, with the login for the subscription of the Azure CLI$/m,
    );
    assert.deepEqual(
      calls.map(({ args }) => args.join(" ")),
      [
        `account get-access-token --resource https://management.azure.com --output json --subscription ${stage.azure.subscriptionId}`,
      ],
    );
  });

  it("a login that sees no subscription yet is asked as hi-ml asks it", async () => {
    const accessToken = await stage.tokenOf(stage.caller);
    const az = await StandIns.create({
      az: [
        {
          args: ["account", "get-access-token"],
          exitCode: 1,
          stderr: "ERROR: Subscription 'x' not found. Check the spelling and casing and try again.\n",
          times: 1,
        },
        { args: ["account", "get-access-token"], stdout: JSON.stringify({ accessToken }) },
      ],
    });
    try {
      const { stdout } = await stage.run({ ...passwordless(), PATH: az.folder });
      assert.match(
        stdout,
        /^ok {4}token {10}as the service principal, with the active login of the Azure CLI$/m,
      );
    } finally {
      await az.remove();
    }
  });

  it("a secret that a pipeline does not have is an empty variable: no password", async () => {
    const az = await StandIns.create({
      az: [{ args: ["account"], stdout: JSON.stringify({ accessToken: await stage.tokenOf(stage.caller) }) }],
    });
    try {
      const { exitCode, stdout } = await stage.run({
        ...stage.variables(),
        HIML_SERVICE_PRINCIPAL_PASSWORD: "",
        PATH: az.folder,
      });
      assert.equal(exitCode, 0);
      assert.match(stdout, /5 present and well formed; no HIML_SERVICE_PRINCIPAL_PASSWORD/);
    } finally {
      await az.remove();
    }
  });

  it("somebody else's login says nothing of the service principal's: OTHER_IDENTITY", async () => {
    stage.assertFailure(
      await withAz({ stdout: JSON.stringify({ accessToken: await stage.tokenOf(stage.azure.admin) }) }),
      "OTHER_IDENTITY",
      new RegExp(
        `It belongs to another identity, with the object ID ${stage.azure.admin.objectId} \\(asked with the login for the subscription of the Azure CLI\\)\\.$`,
      ),
      /Run it in the pipeline, after its login/,
    );
  });

  it("a refusal that the Azure CLI passes on, with its advice", async () => {
    const stderr =
      "ERROR: AADSTS700024: Client assertion is not within its valid time range. Trace ID: x\n" +
      "Interactive authentication is needed. Please run:\naz login\n";
    stage.assertFailure(
      await withAz({ exitCode: 1, stderr }),
      "AADSTS700024",
      /not valid now/,
      /Log in again right before/,
    );
  });

  it("AADSTS53003, that the Azure CLI passes on", async () => {
    const stderr =
      "ERROR: AADSTS53003: Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.\n";
    stage.assertFailure(
      await withAz({ exitCode: 1, stderr }),
      "AADSTS53003",
      /Conditional access/,
      /a network that the policy allows/,
    );
  });

  it("AZ_NOT_LOGGED_IN", async () => {
    stage.assertFailure(
      await withAz({ exitCode: 1, stderr: "ERROR: Please run 'az login' to setup account.\n" }),
      "AZ_NOT_LOGGED_IN",
      /so the Azure CLI must be logged in\. It says: ERROR: Please run 'az login' to setup account\.$/,
      /az login --service-principal --federated-token/,
    );
  });

  it("an answer that is no JSON is not shown", async () => {
    stage.assertFailure(
      await withAz({ stdout: "token eyJ0eXAi" }),
      "TOOL_ANSWER_UNREADABLE",
      /`az` must print JSON\. It printed something else\.$/,
      /Update it/,
    );
  });

  it("AZ_NOT_FOUND", async () => {
    stage.assertFailure(
      await stage.run(passwordless()),
      "AZ_NOT_FOUND",
      /It is not installed\.$/,
      /Install it/,
    );
  });
});
