import assert from "node:assert/strict";
import path from "node:path";
import { type AgentOptions, type PipelineVariable, runJobs, runPipeline } from "./azure-agent";
import { outcomesOf, readExample, usePipelineStage } from "./pipeline-stage";

const ACCESS_TOKEN = "system_access_token_of_the_test";
const ISSUER = "https://vstoken.dev.azure.com/11111111-2222-4333-8444-555555555555";
const SUBJECT = "sc://contoso/ml/himl";
const SETUP = ["checkout self", "NodeTool@0", "Install Pulumi", "Install the program"].map(
  (name) => `${name}: pretended`,
);

/** What `az` answers to the pipelines. */
const answersOfAz = (subscriptionId: string) => [
  { args: ["account", "show"], stdout: `${subscriptionId}\n` },
  { args: ["pipelines", "variable-group", "list"], stdout: "[]" },
  { args: ["pipelines", "variable-group", "create"], stdout: '{"id":9,"name":"himl"}' },
  { args: ["pipelines", "variable-group", "variable", "create"], stdout: "{}" },
];

describe("examples/azure-devops, step by step against the local Azure", function () {
  this.timeout(120_000);
  const stage = usePipelineStage();
  before(() => stage.tools.install("az", answersOfAz(stage.stack.azure.subscriptionId)));

  const runProvisioning = async (file: string, parameters: Record<string, string> = {}) => {
    const { PULUMI_BACKEND_URL, PULUMI_STACK } = stage.provisioning;
    return runJobs(stage, await readExample("azure-devops", file), {
      workspace: path.dirname(stage.stack.project),
      sources: stage.stack.project,
      parameters,
      groups: {
        "himl-provisioning": {
          PULUMI_BACKEND_URL: { value: PULUMI_BACKEND_URL! },
          PULUMI_STACK: { value: PULUMI_STACK! },
          RENEWAL_OWNER: { value: "somebody@contoso.com" },
          PULUMI_CONFIG_PASSPHRASE: { value: stage.passphrase, isSecret: true },
        },
      },
      systemVariables: {
        "System.CollectionUri": { value: "https://dev.azure.com/contoso/" },
        "System.TeamProject": { value: "ml" },
        "Build.BuildId": { value: "42" },
        "System.AccessToken": { value: ACCESS_TOKEN, isSecret: true },
      },
      logIn: (serviceConnection) => {
        assert.equal(serviceConnection, "himl-provisioner");
        const { admin, tenantId } = stage.stack.azure;
        return Promise.resolve({ servicePrincipalId: admin.clientId, tenantId, idToken: "the job's token" });
      },
    });
  };
  const provision = async (file: string, parameters?: Record<string, string>) =>
    (await runProvisioning(file, parameters))[0]!.steps;
  const applications = () => stage.stack.azure.control.state().applications.filter(({ initial }) => !initial);
  const groupOf = (variables: Record<string, string>): Record<string, PipelineVariable> =>
    Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        name,
        { value, isSecret: name === "HIML_SERVICE_PRINCIPAL_PASSWORD" },
      ]),
    );
  const train = async (file: string, options: Partial<AgentOptions> = {}) =>
    runPipeline(stage, await readExample("azure-devops", file), {
      workspace: path.dirname(stage.training),
      groups: { himl: groupOf(await stage.variables()) },
      // hi-ml is stood in for by what it would be given.
      replace: (script) =>
        script.replace(
          "python train.py --azureml",
          'echo "password: ${HIML_SERVICE_PRINCIPAL_PASSWORD+given}"',
        ),
      ...options,
    });

  it("provision: preview changes nothing, up creates it", async () => {
    const preview = await provision("provision.yml", { command: "preview" });
    assert.deepEqual(outcomesOf(preview), [...SETUP, "pulumi preview: succeeded"]);
    assert.match(preview.at(-1)!.output, /himl-application create/);
    assert.equal(applications().length, 0);

    const up = await provision("provision.yml", { command: "up" });
    assert.deepEqual(outcomesOf(up), [...SETUP, "pulumi up: succeeded"]);
    assert.equal(applications().length, 1);
    const { HIML_SERVICE_PRINCIPAL_PASSWORD: password } = await stage.variables();
    assert.ok(!up.at(-1)!.output.includes(password!));
  });

  it("renew: a new secret when one is due, verified, and pushed to the variable group", async () => {
    const before = (await stage.variables())["HIML_SERVICE_PRINCIPAL_PASSWORD"];
    stage.stack.azure.control.advanceClock({ days: 90 });
    const results = await provision("renew.yml");
    assert.deepEqual(outcomesOf(results), [...SETUP, "Up, verify, push: succeeded", "Status: succeeded"]);

    const password = (await stage.variables())["HIML_SERVICE_PRINCIPAL_PASSWORD"]!;
    assert.notEqual(password, before);
    assert.deepEqual(await stage.placesOf(password, "az"), [
      "AZURE_DEVOPS_EXT_PIPELINE_VAR_HIML_SERVICE_PRINCIPAL_PASSWORD",
    ]);
    assert.deepEqual(await stage.placesOf(ACCESS_TOKEN, "az"), ["AZURE_DEVOPS_EXT_PAT"]);
    assert.ok(!results.some(({ output }) => output.includes(password) || output.includes(ACCESS_TOKEN)));
  });

  it("renew: when `up` fails nothing is pushed, and somebody gets a work item, or a comment on the open one", async () => {
    const { control } = stage.stack.azure;
    const renew = async (open: string) => {
      await stage.tools.install("az", [
        ...answersOfAz(stage.stack.azure.subscriptionId),
        { args: ["boards", "query"], stdout: open },
        { args: ["boards", "work-item"] },
      ]);
      const [renewal, tell] = await runProvisioning("renew.yml");
      assert.equal(tell!.result, "Succeeded", tell!.steps.at(-1)?.output);
      const calls = await stage.tools.calls("az");
      await stage.tools.forgetCalls();
      assert.ok(!calls.some(({ args }) => args[0] === "pipelines"));
      return {
        outcomes: renewal!.steps.slice(SETUP.length).map(({ outcome }) => outcome),
        calls: calls.map(({ args }) => args).filter(([group]) => group === "boards"),
      };
    };
    const title = "The renewal of stack dev fails";
    const url = "https://dev.azure.com/contoso/ml/_build/results?buildId=42";

    control.setPolicy({ passwordAddition: "forbidden" });
    control.advanceClock({ days: 90 });
    const first = await renew("");
    const [query, create] = first.calls;
    assert.match(query!.join(" "), new RegExp(`\\[System.Title\\] = '${title}'`));
    const created = create!.join(" ");
    assert.match(created, /^boards work-item create .*--project ml --type Task /);
    assert.ok(created.includes(`--title ${title} --description `) && created.includes(url), created);
    assert.match(created, /--assigned-to somebody@contoso\.com$/);

    const second = await renew("7\n");
    for (const { outcomes } of [first, second]) assert.deepEqual(outcomes, ["failed", "succeeded"]);
    assert.match(second.calls[1]!.join(" "), /^boards work-item update .*--id 7 --discussion /);

    control.setPolicy({ passwordAddition: "allowed" });
    await stage.tools.install("az", answersOfAz(stage.stack.azure.subscriptionId));
    await provision("provision.yml", { command: "up" });
    assert.equal((await runProvisioning("renew.yml"))[1]!.result, "Skipped");
  });

  it("train with a secret: verified, and given to hi-ml by its environment alone", async () => {
    const results = await train("train-with-secret.yml");
    assert.deepEqual(outcomesOf(results).slice(-2), ["Verify: succeeded", "Submit: succeeded"]);
    assert.match(results.at(-2)!.output, /^ok {4}token .* with the password/m);
    assert.equal(results.at(-1)!.output, "password: given\n");
  });

  it("train with a Key Vault: the linked group's variables reach hi-ml under its own names", async () => {
    const held = await stage.deliverToVault("kv-train");
    const linked = Object.entries(held).map(([name, value]) => [name, { value, isSecret: true }]);
    const results = await train("train-with-key-vault.yml", {
      groups: { "himl-key-vault": Object.fromEntries(linked) as Record<string, PipelineVariable> },
      replace: (script) => script.replace("python train.py --azureml", "env | grep ^HIML_ | sort"),
    });
    assert.deepEqual(outcomesOf(results).slice(-2), ["Verify: succeeded", "Submit: succeeded"]);
    assert.match(results.at(-2)!.output, /^ok {4}token .* with the password/m);
    const variables = Object.entries(await stage.variables()).map((pair) => pair.join("="));
    assert.deepEqual(results.at(-1)!.output.trim().split("\n").sort(), variables.sort());
  });

  it("train with OIDC: the login of the service connection is the one that is verified", async () => {
    for (const [name, value] of [
      ["authentication", "federated"],
      ["federatedCredentials", JSON.stringify([{ azureDevOps: { issuer: ISSUER, subject: SUBJECT } }])],
    ])
      await stage.stack.expectPulumi("config", "set", name!, value!, "--stack", "dev");
    await provision("provision.yml", { command: "up" });
    const { HIML_SERVICE_PRINCIPAL_ID: clientId } = await stage.variables();
    const issuer = await stage.stack.azure.control.declareIssuer(ISSUER);
    const trainAs = (sub: string) =>
      train("train-with-oidc.yml", {
        logIn: async (serviceConnection) => {
          assert.equal(serviceConnection, "himl");
          const token = await issuer.sign({ sub, aud: "api://AzureADTokenExchange" });
          await stage.logInAzureCli(clientId!, token);
          return {};
        },
      });
    const results = await trainAs(SUBJECT);
    assert.deepEqual(outcomesOf(results).slice(-1), ["Verify and submit: succeeded"]);
    assert.match(
      results.at(-1)!.output,
      /with the login for the subscription of the Azure CLI[^]*^password: $/m,
    );

    const [refused] = (await trainAs("sc://contoso/ml/other")).slice(-1);
    assert.equal(refused!.outcome, "failed");
    assert.match(refused!.output, /AADSTS700213/);
    assert.doesNotMatch(refused!.output, /^password/m);
  });
});
