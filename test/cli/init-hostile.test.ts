import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { findSteering } from "../support/hostile-text";
import { useShared } from "../support/shared";
import { answersOfGh, answersOfGit, InitStage } from "./init-stage";
import type { Terminal } from "./terminal";

/** What a name may hold that somebody else chose: it sets the title, clears the screen, turns the text, commands a runner. */
const HOSTILE = "x\u001b]0;owned\u0007\u009b2J\u202e\r\n::add-path::/evil\r\n##vso[task.prependpath]/evil";

function expectHarmless(text: string): void {
  for (const steering of ["\u001b]0;owned", "\u009b", "\u202e", "##vso["])
    assert.ok(!text.includes(steering), JSON.stringify(text));
  assert.doesNotMatch(text, /^\s*::add-path/m);
}

describe("himl-sp init, where names are somebody else's", function () {
  this.timeout(120_000);
  const stage = useShared(() => InitStage.create());
  let terminal: Terminal | undefined;
  afterEach(() => terminal?.close());

  /** A login that sees a subscription of that name, which cannot be read, and a file that means a workspace. */
  async function reset(): Promise<void> {
    await stage.reset(stage.azure.admin);
    const [accounts, ...tokens] = await stage.answersOfAz(stage.azure.admin);
    const subscriptions = (JSON.parse(accounts!.stdout!) as { name: string; id: string }[]).map((one) => ({
      ...one,
      name: `${one.name} ${HOSTILE}`,
    }));
    const closed = { ...subscriptions[0]!, id: "99999999-9999-4999-8999-999999999999" };
    await stage.tools.install("az", [
      { ...accounts!, stdout: JSON.stringify([...subscriptions, closed]) },
      ...tokens,
    ]);
    await stage.tools.install("git", answersOfGit(stage.folder));
    await stage.tools.install("gh", answersOfGh(404, { environments: [HOSTILE] }));
    await mkdir(path.join(stage.folder, ".azureml"));
    await writeFile(
      path.join(stage.folder, ".azureml", "config.json"),
      JSON.stringify({ subscription_id: HOSTILE, resource_group: HOSTILE, workspace_name: "ws" }),
    );
  }

  it("at a terminal: questions, lists, the plan and what is left steer nothing", async () => {
    await reset();
    terminal = await stage.open();
    for (const question of [/Which workspace\?/, /Where do the jobs run\?/, /Without a password\?/])
      await terminal.accept(question);
    await terminal.accept(/Write these files\?/);
    assert.equal(await terminal.end(), 0, terminal.shown);
    assert.match(terminal.shown, /x\\u\{1b\}\]0;owned/);
    expectHarmless(terminal.raw);
  });

  it("run again: the diff of a file that holds them", async () => {
    await reset();
    await writeFile(
      path.join(stage.folder, "Pulumi.dev.yaml"),
      `# ${HOSTILE.replace(/\r\n[^]*/, "")}\nconfig:\n  azuread:tenantId: ${JSON.stringify(HOSTILE)}\n`,
    );
    const options = ["--workspace", "ws-ml", "--pipeline", "other", "--password", "--yes", "--overwrite"];
    const { exitCode, stdout, stderr } = await stage.run(...options);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /^-.*owned/m);
    assert.equal(findSteering(stderr.replaceAll("\t", " ")), undefined);
    expectHarmless(stdout);
  });

  it("without a terminal: what is wrong is told harmlessly", async () => {
    await reset();
    const cases = [
      ["--workspace", HOSTILE],
      ["--workspace", "nowhere"],
      [`--${HOSTILE}`],
      ["--workspace", "ws-ml", "--pipeline", "github", "--repo", HOSTILE],
      ["--workspace", "ws-ml", "--pipeline", "azure-devops", "--organization", HOSTILE],
      ["--workspace", "ws-ml", "--pipeline", HOSTILE],
      ["--workspace", "ws-ml", "--pipeline", "other", "--password", "--stack", HOSTILE],
    ];
    for (const options of cases) {
      const { exitCode, stderr, stdout } = await stage.run(...options, "--yes", "--password");
      assert.ok(exitCode === 1 || exitCode === 2, `${options.join(" ")}: ${exitCode}\n${stderr}`);
      assert.equal(findSteering(stderr), undefined, options.join(" "));
      assert.equal(stdout, "");
    }
  });

  it("a name of GitHub's or Azure's in a pipeline is that name, and no expression of a runner", async () => {
    await reset();
    const environment = "a${{ github.token }}b $(id)";
    const options = ["--pipeline", "github", "--repo", "octocat/training", "--environment", environment];
    const { exitCode, stderr } = await stage.run("--workspace", "ws-ml", ...options, "--password", "--yes");
    assert.equal(exitCode, 0, stderr);
    const workflow = parse(await stage.read(".github/workflows/renew-himl-secret.yml")) as {
      jobs: { renew: { steps: { run?: string }[] } };
    };
    const push = workflow.jobs.renew.steps.find(({ run }) => run?.includes("push github"))!.run!;
    assert.ok(push.includes("--environment 'a${{ '${{' }} github.token }}b $(id)'"), push);
  });
});
