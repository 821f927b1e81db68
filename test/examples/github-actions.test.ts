import assert from "node:assert/strict";
import { pretendGitHub } from "../../rehearsal/chapters/pretended-github";
import { asAdmin } from "../rehearsal/support";
import { runJob, runWorkflow } from "./github-runner";
import { answerOfRepository } from "../cli/outputs";
import { outcomesOf, readExample, usePipelineStage } from "./pipeline-stage";

const TOKEN = "github_pat_of_the_test";
const SETUP = [
  ...["actions/checkout: pretended", "actions/setup-node: pretended", "pulumi/actions: pretended"],
  ...["npm ci --omit=dev: pretended", "azure/login: succeeded"],
];
const GITHUB = {
  server_url: "https://github.com",
  repository: "contoso/himl-service-principal",
  run_id: "42",
  token: "the job's own",
};
const SUBJECT = "repo:octocat/training:environment:production";

/** What `gh` answers to `himl-sp push`. */
const PUSHED = [
  answerOfRepository("octocat/training"),
  { args: ["secret", "list"], stdout: "[]" },
  { args: ["variable", "list"], stdout: "[]" },
  { args: ["secret", "set"] },
  { args: ["variable", "set"] },
  { args: ["secret", "delete"] },
];

describe("examples/github-actions, step by step against the local Azure", function () {
  this.timeout(120_000);
  const stage = usePipelineStage();
  before(() => stage.tools.install("gh", PUSHED));

  const runProvisioning = async (file: string, command?: string) =>
    runWorkflow(stage, await readExample("github-actions", file), {
      workspace: stage.stack.project,
      vars: { ...stage.provisioning, TRAINING_REPOSITORY: "octocat/training" },
      secrets: { PULUMI_CONFIG_PASSPHRASE: stage.passphrase, TRAINING_REPOSITORY_TOKEN: TOKEN },
      github: GITHUB,
      ...(command && { inputs: { command } }),
      // The state is in a folder here, which asks for no login.
      logIn: (inputs) => {
        assert.equal(inputs["client-id"], stage.provisioning["PROVISIONER_CLIENT_ID"]);
        return Promise.resolve();
      },
    });
  const provision = async (file: string, command?: string) =>
    (await runProvisioning(file, command))[0]!.steps;
  const applications = () => stage.stack.azure.control.state().applications.filter(({ initial }) => !initial);

  it("provision: preview changes nothing", async () => {
    const results = await provision("provision.yml", "preview");
    assert.deepEqual(outcomesOf(results), [...SETUP, "Preview: succeeded", "Up: skipped"]);
    assert.match(results[5]!.output, /himl-application create/);
    assert.equal(applications().length, 0);
  });

  it("provision: up creates it, and the log has no password", async () => {
    const results = await provision("provision.yml", "up");
    assert.deepEqual(outcomesOf(results).slice(-2), ["Preview: skipped", "Up: succeeded"]);
    assert.equal(applications().length, 1);
    const { HIML_SERVICE_PRINCIPAL_PASSWORD: password } = await stage.variables();
    assert.ok(!results.some(({ output }) => output.includes(password!)));
  });

  const RENEWED = [...SETUP, ...["Up", "Verify", "Push", "Status"].map((name) => `${name}: succeeded`)];

  it("renew: an issue is opened when the password expires within 14 days, and none when all went well", async () => {
    await stage.tools.install("gh", [...PUSHED, { args: ["issue", "list"] }, { args: ["issue", "create"] }]);
    // Then a password lives for 14 days at most.
    await stage.stack.expectPulumi("config", "set", "renewSecretsEveryDays", "7", "--stack", "dev");
    const [short] = await runProvisioning("renew.yml");
    assert.deepEqual(
      short!.steps.slice(SETUP.length).map(({ name, outcome }) => `${name}: ${outcome}`),
      ["Up: succeeded", "Verify: succeeded", "Push: succeeded", "Status: failed"],
    );
    assert.equal((await stage.tools.calls("gh")).at(-1)!.args[1], "create");

    await stage.stack.expectPulumi("config", "set", "renewSecretsEveryDays", "90", "--stack", "dev");
    const [renewal, tell] = await runProvisioning("renew.yml");
    assert.equal(renewal!.result, "success");
    assert.equal(tell!.result, "skipped");
  });

  it("renew: a new secret when one is due, verified, and pushed to the environment of the other repository", async () => {
    const before = (await stage.variables())["HIML_SERVICE_PRINCIPAL_PASSWORD"];
    stage.stack.azure.control.advanceClock({ days: 90 });
    const results = await provision("renew.yml");
    assert.deepEqual(outcomesOf(results), RENEWED);

    const password = (await stage.variables())["HIML_SERVICE_PRINCIPAL_PASSWORD"]!;
    assert.notEqual(password, before);
    assert.deepEqual(await stage.placesOf(password, "gh"), ["stdin"]);
    assert.deepEqual(await stage.placesOf(TOKEN, "gh"), ["GH_TOKEN"]);
    assert.ok(!results.some(({ output }) => output.includes(password) || output.includes(TOKEN)));
    const calls = await stage.tools.calls("gh");
    assert.equal(calls.length, 9);
    for (const { args, env } of calls) {
      assert.match(
        args.join(" "),
        /^api --hostname github\.com |--repo=github\.com\/octocat\/training --env=production/,
      );
      assert.equal(env["GH_TOKEN"], TOKEN);
    }
  });

  it("renew: when `up` fails nothing is pushed, an issue is opened, and the next failure comments on it", async () => {
    const ISSUE = "The renewal of stack dev fails";
    const url = "https://github.com/contoso/himl-service-principal/actions/runs/42";
    const body = `The run failed, or the password expires within 14 days: ${url}`;
    const { control } = stage.stack.azure;
    const renew = async (open: string) => {
      await stage.tools.install("gh", [
        { args: ["issue", "list"], stdout: open },
        { args: ["issue", "create"] },
        { args: ["issue", "comment"] },
      ]);
      const [renewal, tell] = await runProvisioning("renew.yml");
      assert.equal(tell!.result, "success");
      const calls = await stage.tools.calls("gh");
      for (const { env } of calls) assert.equal(env["GH_REPO"], GITHUB.repository);
      await stage.tools.forgetCalls();
      return {
        outcomes: renewal!.steps.slice(SETUP.length).map(({ name, outcome }) => `${name}: ${outcome}`),
        calls: calls.map(({ args }) => args),
      };
    };

    control.setPolicy({ passwordAddition: "forbidden" });
    control.advanceClock({ days: 90 });
    const first = await renew("");
    const second = await renew("7\n");
    control.setPolicy({ passwordAddition: "allowed" });
    await stage.tools.install("gh", PUSHED);
    for (const { outcomes } of [first, second])
      assert.deepEqual(outcomes, ["Up: failed", "Verify: skipped", "Push: skipped", "Status: succeeded"]);
    assert.deepEqual(first.calls.slice(1), [["issue", "create", "--title", ISSUE, "--body", body]]);
    assert.deepEqual(second.calls.slice(1), [["issue", "comment", "7", "--body", body]]);

    // The expression that finds the issue, as jq reads it.
    const expression = first.calls[0]!.at(-1)!;
    const issues = [{ number: 3, title: "Another" }, ...[7, 8].map((number) => ({ number, title: ISSUE }))];
    assert.equal(await stage.runJq(expression, issues, { TITLE: ISSUE }), "7");
    assert.equal(await stage.runJq(expression, issues, { TITLE: "None" }), "");
  });

  it("train with a secret: verified, and given to hi-ml by its environment alone", async () => {
    const { HIML_SERVICE_PRINCIPAL_PASSWORD: password, ...vars } = await stage.variables();
    const submitted: Record<string, string>[] = [];
    const results = await runJob(stage, await readExample("github-actions", "train-with-secret.yml"), {
      workspace: stage.training,
      vars: { ...vars, COMPUTE_CLUSTER: "cpu" },
      secrets: { HIML_SERVICE_PRINCIPAL_PASSWORD: password! },
      replace: (run, env) => {
        if (run !== "python train.py --azureml") return undefined;
        submitted.push(env);
        return "pretended";
      },
    });
    assert.deepEqual(outcomesOf(results).slice(-2), ["Verify: succeeded", "Submit: pretended"]);
    assert.match(results.at(-2)!.output, /^ok {4}token .* with the password/m);
    assert.equal(submitted[0]!["HIML_SERVICE_PRINCIPAL_PASSWORD"], password);
  });

  it("train with a Key Vault: the job logs in without a password, reads it, and hi-ml has it by its environment", async () => {
    const held = await stage.deliverToVault("kv-train");
    const { HIML_SERVICE_PRINCIPAL_PASSWORD: password, ...vars } = await stage.variables();
    const secret = "training-HIML-SERVICE-PRINCIPAL-PASSWORD";
    const { azure } = stage.stack;
    const reader = await asAdmin(azure, async (connection) => {
      const post = async (path: string, body: Record<string, unknown>) =>
        (await connection.callGraph({ method: "POST", path, body }, [])).json as Record<string, string>;
      const { id, appId } = await post("/applications", { displayName: "reader" });
      await post("/servicePrincipals", { appId });
      const trust = { name: "job", subject: SUBJECT, audiences: ["api://AzureADTokenExchange"] };
      const issuer = "https://token.actions.githubusercontent.com";
      await post(`/applications/${id!}/federatedIdentityCredentials`, { ...trust, issuer });
      return appId!;
    });
    const issueToken = await pretendGitHub(azure);
    const show = ["keyvault", "secret", "show", "--vault-name", "kv-train", "--name", secret];
    const submitted: Record<string, string>[] = [];
    const results = await runJob(stage, await readExample("github-actions", "train-with-key-vault.yml"), {
      workspace: stage.training,
      vars: {
        ...vars,
        KEY_VAULT: "kv-train",
        KEY_VAULT_SECRET: secret,
        KEY_VAULT_READER_CLIENT_ID: reader,
        COMPUTE_CLUSTER: "cpu",
      },
      logIn: async (inputs) => {
        assert.equal(inputs["client-id"], reader);
        await stage.logInAzureCli(reader, await issueToken(SUBJECT), [
          { args: [...show, "--query", "value", "--output", "tsv"], stdout: `${held[secret]}\n` },
          { args: ["logout"] },
        ]);
      },
      replace: (run, env) => {
        if (run !== "python train.py --azureml") return undefined;
        submitted.push(env);
        return "pretended";
      },
    });
    assert.deepEqual(outcomesOf(results).slice(-3), [
      "Read: succeeded",
      "Verify: succeeded",
      "Submit: pretended",
    ]);
    // The runner takes the line that masks it out of the log.
    assert.equal(results.at(-3)!.output, `::add-mask::${password}\n`);
    assert.match(results.at(-2)!.output, /^ok {4}token .* with the password/m);
    assert.equal(submitted[0]!["HIML_SERVICE_PRINCIPAL_PASSWORD"], password);
    assert.deepEqual((await stage.tools.calls("az")).map(({ args }) => args[0]).slice(-2), [
      "keyvault",
      "logout",
    ]);
  });

  it("train with OIDC: the Azure CLI's login is the one that is verified; another environment is refused", async () => {
    await stage.stack.expectPulumi("config", "set", "authentication", "federated", "--stack", "dev");
    const trust = JSON.stringify([{ github: { repository: "octocat/training", environment: "production" } }]);
    await stage.stack.expectPulumi("config", "set", "federatedCredentials", trust, "--stack", "dev");
    const { output } = (await provision("provision.yml", "up")).at(-1)!;
    assert.match(output, /FederatedIdentityCredential .*created/);
    const vars = await stage.variables();
    assert.ok(!("HIML_SERVICE_PRINCIPAL_PASSWORD" in vars));

    const issueToken = await pretendGitHub(stage.stack.azure);
    const train = async (subject: string) =>
      runJob(stage, await readExample("github-actions", "train-with-oidc.yml"), {
        workspace: stage.training,
        vars,
        logIn: async (inputs) => stage.logInAzureCli(inputs["client-id"]!, await issueToken(subject)),
        replace: (run, env) => {
          if (run !== "python train.py --azureml") return undefined;
          return "HIML_SERVICE_PRINCIPAL_PASSWORD" in env ? "failed" : "pretended";
        },
      });
    const results = await train(SUBJECT);
    assert.deepEqual(outcomesOf(results).slice(-2), ["Verify: succeeded", "Submit: pretended"]);
    assert.match(results.at(-2)!.output, /with the login for the subscription of the Azure CLI/);

    const refused = (await train("repo:octocat/training:environment:staging")).slice(-2);
    assert.deepEqual(
      refused.map(({ outcome }) => outcome),
      ["failed", "skipped"],
    );
    assert.match(refused[0]!.output, /AADSTS700213/);
  });
});
