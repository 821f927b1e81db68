import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { REPOSITORY, runNode } from "../cli/command";
import { runJobs } from "./azure-agent";
import { runWorkflow } from "./github-runner";
import { answerOfRepository } from "../cli/outputs";
import { readExample, usePipelineStage } from "./pipeline-stage";

const SCRIPT = path.join(REPOSITORY, "examples", "fleet", "due-today.mjs");
/** What the script prints at a time. */
async function due(names: readonly string[], args: readonly string[], at: Date): Promise<unknown> {
  const clock = `Date.now = () => ${at.getTime()};`;
  const { stdout, stderr, exitCode } = await runNode(
    ["--import", `data:text/javascript,${encodeURIComponent(clock)}`, SCRIPT, ...args],
    { input: JSON.stringify(names.map((name) => ({ name, current: false }))) },
  );
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as unknown;
}

describe("examples/fleet/due-today.mjs", () => {
  const names = Array.from({ length: 100 }, (_, i) => `team-${i}`);
  const week = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2026, 10, 23 + day, 4, 17)));

  it("gives each stack one day of every week, by its own name, and spreads a hundred over the week", async () => {
    const days = (await Promise.all(week.map((day) => due(names, ["github"], day)))) as string[][];
    assert.deepEqual(days.flat().sort(), [...names].sort());
    for (const day of days) assert.ok(day.length >= 5 && day.length <= 25, `${day.length} in one night`);
    // The same day a week later, whatever other stacks there are.
    const later = new Date(week[0]!.getTime() + 7 * 86_400_000);
    assert.deepEqual(
      await due(names.slice(50), ["github"], later),
      names.slice(50).filter((name) => days[0]!.includes(name)),
    );
  });

  it("names the parts of a matrix as Azure Pipelines wants them", async () => {
    assert.deepEqual(await due(["a-b", "a.b"], ["azure", "all"], week[0]!), {
      a_b_0: { PULUMI_STACK: "a-b" },
      a_b_1: { PULUMI_STACK: "a.b" },
    });
  });
});

describe("The fleet's pipelines, step by step against the local Azure", function () {
  this.timeout(120_000);
  const stage = usePipelineStage();

  before(async function () {
    this.timeout(900_000);
    const { azure } = stage.stack;
    await mkdir(path.join(stage.stack.project, "examples"));
    await cp(path.dirname(SCRIPT), path.join(stage.stack.project, "examples", "fleet"), { recursive: true });
    await stage.stack.expectPulumi("stack", "init", "broken", "--no-select");
    const settings = {
      resourceGroupName: azure.resourceGroup,
      workspaceName: "ws-typo",
      "fleet:repository": "octocat/broken",
      "fleet:group": "broken",
    };
    for (const [name, value] of Object.entries(settings))
      await stage.stack.expectPulumi("config", "set", name, value, "--stack", "broken");
    await stage.stack.expectPulumi("config", "set", "fleet:repository", "octocat/training", "--stack", "dev");
    await stage.stack.expectPulumi("config", "set", "fleet:group", "himl-training", "--stack", "dev");
    await stage.stack.expectPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    await stage.stack.expectPulumi("stack", "unselect");
  });
  it("GitHub Actions: each stack is a job; one that fails stops no other, and an issue is opened", async () => {
    await stage.tools.install("gh", [
      answerOfRepository("octocat/training"),
      { args: ["secret", "list"], stdout: "[]" },
      { args: ["variable", "list"], stdout: "[]" },
      ...["secret", "variable", "issue"].map((kind) => ({ args: [kind] })),
    ]);
    const before = (await stage.variables())["HIML_SERVICE_PRINCIPAL_PASSWORD"];
    const { control } = stage.stack.azure;
    control.advanceClock({ days: 90 });
    control.clearRequests();
    const jobs = await runWorkflow(stage, await readExample("github-actions", "renew-fleet.yml"), {
      workspace: stage.stack.project,
      vars: stage.provisioning,
      inputs: { which: "all" },
      secrets: {
        PULUMI_CONFIG_PASSPHRASE: stage.passphrase,
        TRAINING_REPOSITORIES_TOKEN: "github_pat_of_the_test",
      },
      github: { server_url: "https://github.com", repository: "contoso/himl", run_id: "42", token: "t" },
      logIn: () => Promise.resolve(),
    });
    assert.deepEqual(
      jobs.map(({ job, matrix, result }) => [job, matrix["stack"], result]).sort(),
      [
        ["list", undefined, "success"],
        ["renew", "broken", "failure"],
        ["renew", "dev", "success"],
        ["tell", undefined, "success"],
      ],
      JSON.stringify(jobs, undefined, 1),
    );
    assert.notEqual((await stage.variables())["HIML_SERVICE_PRINCIPAL_PASSWORD"], before);
    const calls = (await stage.tools.calls("gh")).map(({ args }) => args.join(" "));
    assert.ok(
      calls.some((call) => /secret set .*--repo=github\.com\/octocat\/training/.test(call)),
      calls.join("\n"),
    );
    assert.ok(!calls.some((call) => call.includes("octocat/broken")));
    assert.match(calls.at(-1)!, /^issue create --title The renewal of some stacks fails /);
  });

  it("the first renewal writes to Microsoft Graph once, as docs/fleet.md says", () => {
    const writes = stage.stack.azure.control
      .requests()
      .filter(({ method, path: at }) => method !== "GET" && /\/applications\//.test(at));
    assert.equal(writes.length, 1, writes.map(({ method, path: at }) => `${method} ${at}`).join("\n"));
  });

  it("Azure Pipelines: each stack is a part of the matrix; one that fails stops no other, and somebody gets a work item", async () => {
    const { azure } = stage.stack;
    await stage.tools.install("az", [
      { args: ["account", "show"], stdout: `${azure.subscriptionId}\n` },
      { args: ["pipelines", "variable-group", "list"], stdout: "[]" },
      { args: ["pipelines", "variable-group", "create"], stdout: '{"id":9,"name":"himl-training"}' },
      { args: ["pipelines", "variable-group", "variable", "create"], stdout: "{}" },
      { args: ["boards"] },
    ]);
    const jobs = await runJobs(stage, await readExample("azure-devops", "renew-fleet.yml"), {
      workspace: path.dirname(stage.stack.project),
      sources: stage.stack.project,
      parameters: { which: "all" },
      groups: {
        "himl-provisioning": {
          PULUMI_BACKEND_URL: { value: stage.provisioning["PULUMI_BACKEND_URL"]! },
          RENEWAL_OWNER: { value: "somebody@contoso.com" },
          PULUMI_CONFIG_PASSPHRASE: { value: stage.passphrase, isSecret: true },
        },
      },
      systemVariables: {
        "System.CollectionUri": { value: "https://dev.azure.com/contoso/" },
        "System.TeamProject": { value: "ml" },
        "Build.BuildId": { value: "42" },
        "System.AccessToken": { value: "token", isSecret: true },
      },
      logIn: () =>
        Promise.resolve({
          servicePrincipalId: azure.admin.clientId,
          tenantId: azure.tenantId,
          idToken: "the job's token",
        }),
    });
    assert.deepEqual(
      jobs.map(({ job, part, result }) => [job, part?.replace(/_\d$/, ""), result]).sort(),
      [
        ["list", undefined, "Succeeded"],
        ["renew", "broken", "Failed"],
        ["renew", "dev", "Succeeded"],
        ["tell", undefined, "Succeeded"],
      ],
      JSON.stringify(jobs, undefined, 1),
    );
    const calls = (await stage.tools.calls("az")).map(({ args }) => args.join(" "));
    assert.ok(
      calls.some((call) => /variable-group create .*--name=himl-training/.test(call)),
      calls.join("\n"),
    );
    assert.match(calls.at(-1)!, /^boards work-item create .*The renewal of some stacks fails/);
  });

  it("two at once: Pulumi lets one work, refuses the other or lets it wait, and the stack is whole", async () => {
    const up = () => stage.stack.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    stage.stack.azure.control.advanceClock({ days: 90 });
    const results = await Promise.all([up(), up()]);
    assert.ok(results.some(({ exitCode }) => exitCode === 0));
    for (const { exitCode, stderr, stdout } of results)
      if (exitCode !== 0) assert.match(stdout + stderr, /the stack is currently locked by 1 lock\(s\)/);
    assert.match(
      await stage.stack.expectPulumi("up", "--yes", "--skip-preview", "--stack", "dev"),
      /unchanged/,
    );
    const [application] = stage.stack.azure.control.state().applications.filter(({ initial }) => !initial);
    assert.equal(application!.passwords.length, 2);
  });

  it("no stack is due: nothing is renewed, and nobody is told", async () => {
    const empty = await mkdtemp(path.join(stage.stack.folder, "no-stacks-"));
    const jobs = await runWorkflow(stage, await readExample("github-actions", "renew-fleet.yml"), {
      workspace: stage.stack.project,
      vars: { PULUMI_BACKEND_URL: pathToFileURL(empty).href },
      inputs: { which: "all" },
      logIn: () => Promise.resolve(),
    });
    assert.deepEqual(
      jobs.map(({ job, result }) => [job, result]),
      [
        ["list", "success"],
        ["renew", "skipped"],
        ["tell", "skipped"],
      ],
    );
  });
});
