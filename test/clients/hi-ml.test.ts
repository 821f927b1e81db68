import assert from "node:assert/strict";
import path from "node:path";
import { startLocalAzure, type LocalAzure } from "../../local-azure/local-azure";
import { skipUnlessAvailable } from "./availability";
import { AzureCli } from "./azure-cli";
import { pythonEnvironment, type PythonEnvironment } from "./environments";
import { lastLines, run } from "./processes";
import { Sandbox, withoutLogin } from "./sandbox";
import { assertAllAnswered } from "./unanswered";

const STEPS = ["authentication", "workspace", "ml_client", "ml_client_workspace"] as const;
type Step = (typeof STEPS)[number];
interface Failure {
  type: string;
  message: string;
}
type Results = Record<
  Step,
  { value?: Record<string, unknown>; error?: Failure & { cause: Failure | null } } | undefined
>;

describe("hi-ml-azure, with the six variables, the proxy and the CA alone", function () {
  this.timeout(120_000);
  let hiMl: PythonEnvironment;
  let azure: LocalAzure;
  let sandbox: Sandbox;
  let earlierRequests: number;
  let caller: { clientId: string; clientSecret: string };

  before(async function () {
    this.timeout(1_200_000);
    hiMl = await skipUnlessAvailable(this, "hi-ml-azure", () => pythonEnvironment("hi-ml-azure"));
    sandbox = await Sandbox.create();
    azure = await startLocalAzure();
    caller = azure.control.createCaller({ displayName: "pipeline", role: "Contributor", scope: group() });
  });

  beforeEach(() => (earlierRequests = azure.control.requests().length));

  after(async () => {
    await azure?.close();
    await sandbox?.remove();
    if (azure !== undefined) assertAllAnswered(azure);
  });

  const group = () => `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
  const workspaceId = () =>
    `${group()}/providers/Microsoft.MachineLearningServices/workspaces/${azure.workspaceName}`;

  const variables = (clientId: string, secret?: string): Record<string, string> => ({
    ...withoutLogin(azure.public),
    HIML_SERVICE_PRINCIPAL_ID: clientId,
    ...(secret === undefined ? {} : { HIML_SERVICE_PRINCIPAL_PASSWORD: secret }),
    HIML_TENANT_ID: azure.tenantId,
    HIML_SUBSCRIPTION_ID: azure.subscriptionId,
    HIML_RESOURCE_GROUP: azure.resourceGroup,
    HIML_WORKSPACE_NAME: azure.workspaceName,
  });

  /** Runs hi-ml in an empty folder, where it finds no config.json. */
  async function perform(env: NodeJS.ProcessEnv, ...steps: Step[]): Promise<Results> {
    const finished = await run(hiMl.python, [path.join(__dirname, "hi_ml_client.py"), ...steps], {
      env,
      cwd: await sandbox.newFolder("work"),
    });
    assert.equal(finished.exitCode, 0, finished.stderr);
    return JSON.parse(lastLines(finished.stdout, 1)) as Results;
  }

  function assertFindsWorkspace(results: Results): void {
    assert.deepEqual(results.workspace?.error, undefined);
    const { workspaceId: internalId, ...workspace } = results.workspace?.value ?? {};
    assert.deepEqual(workspace, {
      name: azure.workspaceName,
      resourceGroup: azure.resourceGroup,
      subscriptionId: azure.subscriptionId,
      location: azure.location,
      id: workspaceId(),
    });
    assert.match(String(internalId), /^[0-9a-f-]{36}$/);

    assert.deepEqual(results.ml_client, {
      value: {
        workspace: azure.workspaceName,
        resourceGroup: azure.resourceGroup,
        subscriptionId: azure.subscriptionId,
      },
    });
    assert.deepEqual(results.ml_client_workspace?.error, undefined);
    const { mlflowTrackingUri, ...details } = results.ml_client_workspace?.value ?? {};
    assert.deepEqual(details, {
      name: azure.workspaceName,
      resourceGroup: azure.resourceGroup,
      location: azure.location,
      id: workspaceId(),
    });
    // The workspace says v1.0; azure-ai-ml makes v2.0 of it.
    assert.match(String(mlflowTrackingUri), new RegExp(`^azureml://[^/]+/mlflow/v2.0${workspaceId()}$`));

    const reads = azure.control
      .requests()
      .slice(earlierRequests)
      .filter(({ path }) => path === workspaceId());
    assert.ok(reads.length >= 2, "each SDK reads the workspace");
    for (const { method, status, caller: reader } of reads)
      assert.deepEqual({ method, status, reader }, { method: "GET", status: 200, reader: caller.clientId });
  }

  /** What a user reads with each of hi-ml's two SDKs, for a login that is refused. */
  function assertRefused(results: Results, code: string): void {
    const aadsts = new RegExp(`${code}: .*${caller.clientId}`, "s");
    // azureml-core asks at its first request, and shows the text of the directory.
    assert.equal(results.authentication?.value?.type, "ServicePrincipalAuthentication");
    assert.equal(results.workspace?.error?.type, "AuthenticationError");
    assert.match(results.workspace.error.message, aadsts);
    // hi-ml itself asks before it makes an MLClient, and leaves that text to the cause.
    assert.equal(results.ml_client?.error?.type, "ValueError");
    assert.match(
      results.ml_client.error.message,
      /^Found environment variables for HIML_SERVICE_PRINCIPAL_ID, .* but was not able to authenticate$/,
    );
    assert.equal(results.ml_client.error.cause?.type, "ClientAuthenticationError");
    assert.match(results.ml_client.error.cause.message, aadsts);
  }

  it("finds the workspace with both of its SDKs", async () => {
    const env = await sandbox.environment(variables(caller.clientId, caller.clientSecret));
    const results = await perform(env, ...STEPS);
    assert.deepEqual(results.authentication, { value: { type: "ServicePrincipalAuthentication" } });
    assertFindsWorkspace(results);
  });

  it("shows the refusal of a wrong password", async () => {
    const env = await sandbox.environment(variables(caller.clientId, "not-the-password"));
    assertRefused(await perform(env, "authentication", "workspace", "ml_client"), "AADSTS7000215");
  });

  it("shows the refusal of an expired password", async () => {
    const [secret] = azure.control
      .state()
      .applications.filter(({ appId }) => appId === caller.clientId)
      .flatMap(({ passwords }) => passwords);
    assert.ok(secret !== undefined);
    const today = azure.control.now();
    azure.control.setClock(new Date(Date.parse(secret.endDateTime) + 1000));
    try {
      const env = await sandbox.environment(variables(caller.clientId, caller.clientSecret));
      assertRefused(await perform(env, "authentication", "workspace", "ml_client"), "AADSTS7000222");
    } finally {
      azure.control.setClock(today);
    }
  });

  it("shows what is missing to a principal without a role", async () => {
    const stranger = azure.control.createCaller({ displayName: "stranger" });
    const env = await sandbox.environment(variables(stranger.clientId, stranger.clientSecret));
    const results = await perform(env, "workspace", "ml_client_workspace");
    assert.equal(results.workspace?.error?.type, "UserErrorException");
    assert.match(
      results.workspace.error.message,
      new RegExp(`You don't have access to ${azure.subscriptionId} subscription`),
    );
    assert.equal(results.ml_client_workspace?.error?.type, "HttpResponseError");
    assert.match(results.ml_client_workspace.error.message, /^\(AuthorizationFailed\) The client/);
  });

  describe("beside azure-cli", () => {
    let azureCli: PythonEnvironment;
    let admin: AzureCli;

    before(async function () {
      this.timeout(1_200_000);
      azureCli = await skipUnlessAvailable(this, "hi-ml-azure beside azure-cli", () =>
        pythonEnvironment("azure-cli"),
      );
      admin = await newCli();
      const { clientId, clientSecret } = azure.admin;
      const login = { clientId, secret: clientSecret, tenantId: azure.tenantId };
      await admin.succeed(...AzureCli.loginArguments(login));
    });

    const newCli = () => AzureCli.create(azureCli, azure, "public", sandbox);

    it("uses the login of a federated pipeline where there is no password", async () => {
      const trust = {
        name: "github-main",
        issuer: "https://token.actions.githubusercontent.com",
        subject: "repo:o/r:ref:refs/heads/main",
        audiences: ["api://AzureADTokenExchange"],
      };
      const github = await azure.control.declareIssuer(trust.issuer);
      await admin.succeed(
        ...["ad", "app", "federated-credential", "create", "--id", caller.clientId],
        ...["--parameters", JSON.stringify(trust)],
      );
      const logIn = async (az: AzureCli, subject: string) => {
        const federatedToken = await github.sign({ sub: subject, aud: trust.audiences[0]! });
        return AzureCli.loginArguments({
          clientId: caller.clientId,
          tenantId: azure.tenantId,
          federatedToken,
        });
      };

      const otherBranch = await newCli();
      assert.match(
        await otherBranch.refusal(...(await logIn(otherBranch, "repo:o/r:ref:refs/heads/other"))),
        /AADSTS700213: .*'repo:o\/r:ref:refs\/heads\/other'/,
      );

      const pipeline = await newCli();
      await pipeline.succeed(...(await logIn(pipeline, trust.subject)));
      const env = { ...pipeline.env, ...variables(caller.clientId) };
      const results = await perform(env, ...STEPS);
      assert.deepEqual(results.authentication, { value: { type: "AzureCliAuthentication" } });
      assertFindsWorkspace(results);
    });

    it("shows the refusal after the application was deleted", async () => {
      await admin.succeed("ad", "app", "delete", "--id", caller.clientId);
      const env = await sandbox.environment(variables(caller.clientId, caller.clientSecret));
      assertRefused(await perform(env, "authentication", "workspace", "ml_client"), "AADSTS700016");
    });
  });
});
