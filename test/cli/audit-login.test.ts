import assert from "node:assert/strict";
import { once } from "node:events";
import { useAuditStage } from "./audit-stage";

const NO_LOGIN = { ARM_CLIENT_ID: "", ARM_CLIENT_SECRET: "", ARM_TENANT_ID: "" };

describe("himl-sp audit: its login is that of the providers", function () {
  this.timeout(60_000);
  const stage = useAuditStage();

  it("a login that is refused, or none", async () => {
    const wrong = await stage.audit([], { ARM_CLIENT_SECRET: "wrong-secret" });
    assert.match(
      wrong.stderr,
      /^himl-sp: AADSTS7000215: You must be logged in to Azure\. Entra refused your own login/,
    );
    assert.ok(!wrong.stderr.includes("wrong-secret"));
    const none = await stage.audit([], { ARM_CLIENT_ID: "", ARM_CLIENT_SECRET: "" });
    assert.match(none.stderr, /^himl-sp: NOT_LOGGED_IN: .*\n {2}`az login`, or set ARM_CLIENT_ID/);
    const half = await stage.audit([], { ARM_CLIENT_ID: "" });
    assert.match(half.stderr, /^himl-sp: LOGIN_INCOMPLETE: Where ARM_CLIENT_SECRET is set, /);
    for (const { exitCode } of [wrong, none, half]) assert.equal(exitCode, 1);
  });

  describe("of the Azure CLI", () => {
    const GET = (host: string) => [
      "account",
      "get-access-token",
      "--resource",
      `https://${host}`,
      "--output",
      "json",
    ];
    const answersFor = async (...owner: string[]) => {
      const token = (host: string) => stage.rig.token(`https://${host}/.default`, stage.rig.azure.admin);
      return Promise.all(
        ["graph.microsoft.com", "management.azure.com"].map(async (host) => ({
          args: [...GET(host), ...owner],
          stdout: JSON.stringify({ accessToken: await token(host) }),
        })),
      );
    };

    it("the account that sees the subscription, whichever is active", async () => {
      await stage.tools.install("az", await answersFor("--subscription", stage.rig.azure.subscriptionId));
      const { exitCode, stderr } = await stage.audit([], NO_LOGIN);
      assert.equal(exitCode, 0, stderr);
    });

    it("where no account sees it: the active one, in the tenant of the stack; it is named with what it could not answer", async () => {
      const unseen = ["graph.microsoft.com", "management.azure.com"].map((host) => ({
        args: [...GET(host), "--subscription"],
        exitCode: 1,
        stderr: "ERROR: Subscription 'x' not found. Check the spelling and casing and try again.\n",
      }));
      await stage.tools.install("az", [
        ...unseen,
        ...(await answersFor("--tenant", stage.rig.azure.tenantId)),
      ]);
      const { exitCode, stderr, askedAs } = await stage.audit([], NO_LOGIN);
      assert.equal(exitCode, 0, stderr);
      assert.equal(askedAs, `the application ${stage.rig.azure.admin.clientId}`);
    });
  });

  it("a certificate is none: it says how to log in with it", async () => {
    const { exitCode, stderr } = await stage.audit([], {
      ...NO_LOGIN,
      ARM_CLIENT_CERTIFICATE_PATH: "/x.pfx",
    });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^himl-sp: LOGIN_NOT_SUPPORTED: ARM_CLIENT_CERTIFICATE_PATH .*\n.*`az login --service-principal/,
    );
  });

  describe("a login that the stack or its program gives to a provider", () => {
    /** Where a request token would be taken from the environment and sent to. */
    const SETTINGS = {
      clientId: "11111111-1111-4111-8111-111111111111",
      clientSecret: "secret-of-a-setting",
      oidcRequestUrl: "https://evil.example/token",
      useOidc: "true",
    };
    const withProvider = (inputs: object) => {
      const type = "pulumi:providers:azuread";
      const urn = `urn:pulumi:dev::himl-service-principal::${type}::default_6_9_1`;
      const provider = { urn, type, id: "x", inputs: inputs as Record<string, unknown> };
      return stage.answer([], { resources: [...stage.deployment.resources!, provider] });
    };

    it("is named and never asked, whatever tokens of a job the environment has", async () => {
      await withProvider(SETTINGS);
      const env = {
        ...NO_LOGIN,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "token-of-the-runner",
        ACTIONS_ID_TOKEN_REQUEST_URL: "https://runner.example/token",
      };
      const { stderr } = await stage.audit([], env);
      assert.match(
        stderr,
        /^himl-sp: NOT_LOGGED_IN: .*The stack's providers have a login of their own, azuread:clientId, azuread:clientSecret, azuread:oidcRequestUrl, azuread:useOidc, which this command does not use/s,
      );
      assert.doesNotMatch(stderr, /evil\.example|secret-of-a-setting/);
      const asked = await stage.tools.calls("pulumi");
      assert.ok(!asked.some(({ args }) => args.includes("config") || args.includes("--show-secrets")));
    });

    it("is no word where a variable names another one, or where nothing is set", async () => {
      await withProvider(SETTINGS);
      assert.equal((await stage.audit()).stderr, "");
      await withProvider({ useOidc: "false", clientSecret: "" });
      assert.doesNotMatch((await stage.audit([], NO_LOGIN)).stderr, /of their own/);
    });
  });

  it("with OpenID Connect, with a token from the job", async () => {
    const { control, tenantId } = stage.rig.azure;
    const issuer = await control.declareIssuer("https://token.actions.githubusercontent.com");
    const token = await issuer.sign({
      sub: "repo:o/r:ref:refs/heads/main",
      aud: "api://AzureADTokenExchange",
    });
    const { stderr, unanswered, exitCode } = await stage.audit([], {
      ARM_CLIENT_ID: stage.ids.client,
      ARM_CLIENT_SECRET: "",
      ARM_TENANT_ID: tenantId,
      ARM_USE_OIDC: "true",
      ARM_OIDC_TOKEN: token,
    });
    // The principal of the stack itself may read nothing of the directory.
    assert.equal(exitCode, 0, stderr);
    assert.ok(unanswered.length > 0);
  });

  it("ends when it is interrupted while Entra does not answer", async function () {
    // Windows has no such signal.
    if (process.platform === "win32") return this.skip();
    const { control } = stage.rig.azure;
    const { struck } = control.addFault({ match: { path: "/oauth2/v2.0/token$" }, answer: "hang", times: 9 });
    const child = await stage.start(["audit"]);
    const ended = once(child, "exit");
    await struck;
    const start = Date.now();
    child.kill("SIGINT");
    assert.deepEqual(await ended, [1, null]);
    control.clearFaults();
    assert.ok(Date.now() - start < 15_000, "it waited for the answer until its own time was over");
  });
});
