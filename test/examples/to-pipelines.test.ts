import assert from "node:assert/strict";
import { access, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../cli/command";
import { readAsAzurePipelines, readAsGithubEnv, readMasks } from "../cli/readers";
import { requireEngine } from "../rehearsal/support";
import { PASSPHRASE, PipelineStage } from "./pipeline-stage";

const PAGES = path.join(REPOSITORY, "docs", "to-pipelines");
const PASSWORD = "HIML_SERVICE_PRINCIPAL_PASSWORD";

describe("docs/to-pipelines: every command of the pages", function () {
  this.timeout(120_000);
  let stage: PipelineStage;
  let variables: Record<string, string>;

  before(async function () {
    this.timeout(900_000);
    if (process.platform === "win32") {
      process.stderr.write("\n!! The commands of docs/to-pipelines are NOT tested: they are for bash\n\n");
      this.skip();
    }
    stage = await PipelineStage.create(await requireEngine(this));
    await stage.stack.expectPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    variables = await stage.variables();
    await stage.tools.install(
      "gh",
      ["secret", "variable"].flatMap((kind) => [
        { args: [kind, "list"], stdout: "[]" },
        { args: [kind, "set"] },
      ]),
    );
    await stage.tools.install("az", [
      { args: ["pipelines", "variable-group", "list"], stdout: "[]" },
      { args: ["pipelines", "variable-group", "create"], stdout: '{"id":9,"name":"himl"}' },
      { args: ["pipelines", "variable-group", "variable", "create"] },
    ]);
    await stage.tools.install("docker", [{ args: ["run"] }]);
  });
  after(() => stage?.close());
  afterEach(() => stage.tools.forgetCalls());

  /** Runs commands in the folder of the project, as somebody who has its passphrase. */
  async function runCommands(text: string, more: Record<string, string> = {}): Promise<string> {
    const { exitCode, output } = await stage.runBash({
      text,
      shellArgs: ["--norc", "-e", "-o", "pipefail"],
      env: {
        ...stage.machine,
        PULUMI_BACKEND_URL: stage.provisioning["PULUMI_BACKEND_URL"]!,
        PULUMI_STACK: "dev",
        PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
        ...more,
      },
      cwd: stage.stack.project,
    });
    assert.equal(exitCode, 0, `${text}\n${output}`);
    return output;
  }

  /** Runs each block of a page. */
  async function runPage(page: string): Promise<string[]> {
    const text = await readFile(path.join(PAGES, page), "utf8");
    const outputs: string[] = [];
    for (const [, block] of text.matchAll(/^```sh\n([^]*?)^```$/gm)) {
      // An optional part is given; and Node.js 20, which the stand-in is, takes `--env-file` for its own.
      const given = block!.replaceAll(/\[(--\w+ \w+)\]/g, "$1").replaceAll("--env-file -", "-f -");
      outputs.push(await runCommands(given));
    }
    return outputs;
  }
  const readProject = (file: string) => readFile(path.join(stage.stack.project, file), "utf8");

  it("README.md links to pages that exist, and to every page", async () => {
    const text = await readFile(path.join(PAGES, "README.md"), "utf8");
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    for (const link of links) await access(path.join(PAGES, link));
    for (const page of await readdir(PAGES)) assert.ok(page === "README.md" || links.includes(page), page);
  });

  it("github-actions.md", async () => {
    const [, pushed] = await runPage("github-actions.md");
    const set = (await stage.tools.calls("gh")).filter(({ args }) => args[1] === "set");
    assert.equal(set[0]!.args.join(" "), "secret set --repo OWNER/NAME -f -");
    // With no character that any reader of .env files would take for something else.
    assert.deepEqual(
      set[0]!.stdin
        .trim()
        .split("\n")
        .map((line) => line.replaceAll("'", "")),
      Object.entries(variables).map((pair) => pair.join("=")),
    );
    assert.equal(set.length, 1 + 6);
    for (const { args } of set.slice(1)) assert.match(args.join(" "), /--repo OWNER\/NAME --env NAME/);
    assert.deepEqual(await stage.placesOf(variables[PASSWORD]!, "gh"), ["stdin"]);
    assert.ok(!pushed!.includes(variables[PASSWORD]!));
  });

  it("azure-devops.md", async () => {
    await runPage("azure-devops.md");
    assert.deepEqual(await stage.placesOf(variables[PASSWORD]!, "az"), [
      `AZURE_DEVOPS_EXT_PIPELINE_VAR_${PASSWORD}`,
    ]);
  });

  it("for the later steps of one job, in GitHub Actions and Azure Pipelines", async () => {
    const file = await stage.newFile("env");
    const github = await runCommands("npx himl-sp env --format github-actions", { GITHUB_ENV: file });
    assert.deepEqual(readAsGithubEnv(await readFile(file, "utf8"), "\n"), variables);
    assert.deepEqual(readMasks(github), [variables[PASSWORD]]);

    const read = readAsAzurePipelines(await runCommands("npx himl-sp env --format azure-pipelines"));
    assert.deepEqual(
      Object.entries(read).map(([name, { value, isSecret }]) => [name, value, isSecret]),
      Object.entries(variables).map(([name, value]) => [name, value, name === PASSWORD]),
    );
  });

  it("shell.md", async () => {
    const outputs = await runPage("shell.md");
    assert.ok((await readProject(".env")).includes(variables[PASSWORD]!));
    assert.deepEqual(JSON.parse(outputs[1]!), variables);
  });

  it("containers.md", async () => {
    await runPage("containers.md");
    const [first, second] = await stage.tools.calls("docker");
    assert.deepEqual(first!.args, ["run", "--env-file", "himl.env", "IMAGE"]);
    for (const [name, value] of Object.entries(variables)) {
      assert.ok(second!.args.includes(name));
      assert.equal(second!.env[name], value);
    }
    assert.deepEqual(await stage.placesOf(variables[PASSWORD]!, "docker"), [PASSWORD]);
    await assert.rejects(readProject("himl.env"));
    assert.deepEqual(JSON.parse(await readProject("config.json")), {
      subscription_id: variables["HIML_SUBSCRIPTION_ID"],
      resource_group: variables["HIML_RESOURCE_GROUP"],
      workspace_name: variables["HIML_WORKSPACE_NAME"],
    });
  });
});
