import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { isNotFound, run } from "../../cli/tools/process";
import { REPOSITORY } from "../cli/command";
import { answerOfRepository } from "../cli/outputs";
import { readAsAzurePipelines, readAsGithubEnv, readMasks } from "../cli/readers";
import type { Call } from "../cli/stand-ins";
import { inDays } from "../local-azure/rig";
import { asAdmin, requireEngine } from "../rehearsal/support";
import { InteractiveShell } from "./interactive-shell";
import { listPages, readBlocks, readInlineCommands } from "./pages";
import { PipelineStage } from "./pipeline-stage";

const PASSWORD = "HIML_SERVICE_PRINCIPAL_PASSWORD";
const NEEDS_KEY_VAULT = /^pulumi stack (init|change-secrets-provider) .*azurekeyvault:/;

/**
 * Commands that fetch a package from a git address, for which Pulumi needs the network and its own language hosts: here
 * bash alone reads them. test/clients/plugin-*.test.ts run what they install, and what it is for.
 */
const FETCHES_PACKAGE = /^pulumi (package add|install|new) ?/;
/** test/clients/package.test.ts packs and installs. `init` asks; audit, repair, doctor, a lock and a refusal need a login, a killed run or a destroy: test/cli runs them. What wants a URN is run by test/rehearsal/calendar.test.ts. The blocks of README.md destroy. */
const ELSEWHERE =
  / init\b|npm (pack|install)\b|--expect refused|himl-sp (audit|repair|doctor)|^pulumi (destroy|cancel|state (delete|(un)?taint))|--(target|replace)$/;

describe("The blocks of every page, pasted into an interactive bash", function () {
  this.timeout(120_000);
  let stage: PipelineStage;
  let shell: InteractiveShell;
  let variables: Record<string, string>;
  const calls: Call[] = [];

  before(async function () {
    this.timeout(900_000);
    if (process.platform === "win32") {
      process.stderr.write("\n!! The commands of the pages are NOT tested: they are for bash\n\n");
      this.skip();
    }
    stage = await PipelineStage.create(await requireEngine(this));
    shell = await InteractiveShell.create(stage);
    await stage.tools.install(
      "gh",
      ["secret", "variable"]
        .flatMap((kind) => [
          { args: [kind, "list"], stdout: "[]" },
          { args: [kind, "set"], stdout: "" },
          { args: [kind, "delete"], stdout: "" },
        ])
        .concat(
          ["OWNER/NAME", "octocat/training"].map(
            (name) => answerOfRepository(name) as { args: string[]; stdout: string },
          ),
        )
        .concat({ args: ["api"], stdout: "{}" }),
    );
    await stage.tools.install("az", [
      { args: ["pipelines", "variable-group", "list"], stdout: "[]" },
      { args: ["pipelines", "variable-group", "create"], stdout: '{"id":9,"name":"himl"}' },
      ...["pipelines", "login", "account", "ad", "role", "resource", "extension", "devops", "keyvault"].map(
        (group) => ({
          args: [group],
        }),
      ),
    ]);
    await stage.tools.install("docker", [{ args: ["run"] }]);
    await stage.stack.expectPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    variables = await stage.variables();
  });
  after(() => stage?.close());
  afterEach(async () => {
    calls.push(...(await stage.tools.calls()));
    await stage.tools.forgetCalls();
  });

  const readProject = (file: string) => readFile(path.join(stage.stack.project, file), "utf8");
  const applications = () => stage.stack.azure.control.state().applications.filter(({ initial }) => !initial);

  it("README.md, from login to destroy", async () => {
    const { subscriptionId, resourceGroup, workspaceName } = stage.stack.azure;
    const names = { SUBSCRIPTION: subscriptionId, "rg-ml": resourceGroup, "ws-ml": workspaceName };
    const before = applications().length;
    const output = await shell.pastePage("README.md", { names, env: {} });
    assert.match(output, /himl-application created/);
    assert.match(output, /^ok {4}token .* with the password/m);
    assert.match(output, /himl-application deleted/);
    assert.equal(applications().length, before);
    const pushed = (await stage.tools.calls("gh")).filter(({ args }) => args[1] === "set");
    assert.equal(pushed.length, 6);
  });

  it("CONTRIBUTING.md", async () => {
    await shell.pastePage("CONTRIBUTING.md");
  });

  it("docs/init.md: the package is one word, and has the command", async () => {
    const env = { ...shell.ofTheStack(), HIML_TEST_PACKAGE: "./himl-service-principal-0.1.0.tgz" };
    assert.match(await shell.pastePage("docs/init.md", { env }), /--workspace/);
  });

  it("docs/other-languages.md: the package is that of a clone", async () => {
    const env = { ...shell.ofTheStack(), HIML_TEST_FETCHES: "yes" };
    await shell.pastePage("docs/other-languages.md", {
      env,
      names: { production: "dev", "stack init": "stack select" },
    });
    const fetched = (await shell.commands()).filter((line) => line.startsWith("pulumi package add"));
    assert.deepEqual(new Set(fetched), new Set(["pulumi package add ../himl-service-principal/plugin"]));
  });

  it("docs/to-pipelines/github-actions.md", async () => {
    // Node.js 20, which the stand-in is, takes `--env-file` for its own.
    const output = await shell.pastePage("docs/to-pipelines/github-actions.md", {
      names: { "--env-file -": "-f -" },
    });
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
    assert.equal(set.length, 1 + 6 + 6);
    for (const { args } of set.slice(7))
      assert.match(args.join(" "), /--repo=github\.com\/OWNER\/NAME --env=NAME/);
    assert.deepEqual(await stage.placesOf(variables[PASSWORD]!, "gh"), ["stdin"]);
    assert.ok(!output.includes(variables[PASSWORD]!));
  });

  it("docs/to-pipelines/azure-devops.md", async () => {
    await shell.pastePage("docs/to-pipelines/azure-devops.md");
    assert.deepEqual(await stage.placesOf(variables[PASSWORD]!, "az"), [
      `AZURE_DEVOPS_EXT_PIPELINE_VAR_${PASSWORD}`,
    ]);
  });

  it("for the later steps of one job, in GitHub Actions and Azure Pipelines", async () => {
    const file = await stage.newFile("env");
    const github = await shell.paste("npx --no -- himl-sp env --format github-actions", {
      ...shell.ofTheStack(),
      GITHUB_ENV: file,
    });
    assert.deepEqual(readAsGithubEnv(await readFile(file, "utf8"), "\n"), variables);
    assert.deepEqual(readMasks(github), [variables[PASSWORD]]);

    const read = readAsAzurePipelines(await shell.paste("npx --no -- himl-sp env --format azure-pipelines"));
    assert.deepEqual(
      Object.entries(read).map(([name, { value, isSecret }]) => [name, value, isSecret]),
      Object.entries(variables).map(([name, value]) => [name, value, name === PASSWORD]),
    );
  });

  it("docs/to-pipelines/shell.md", async () => {
    const output = await shell.pastePage("docs/to-pipelines/shell.md");
    assert.ok((await readProject(".env")).includes(variables[PASSWORD]!));
    assert.deepEqual(JSON.parse(/^\{[^]*^\}$/m.exec(output)![0]), variables);
  });

  it("docs/to-pipelines/shell.md, in PowerShell", async function () {
    const blocks = (await readBlocks("docs/to-pipelines/shell.md")).filter(
      ({ language }) => language === "powershell",
    );
    assert.equal(blocks.length, 2);
    const env = { ...stage.machine, ...shell.ofTheStack() };
    const show = `\n$env:${PASSWORD}`;
    for (const { text } of blocks) {
      const args = ["-NoProfile", "-NonInteractive", "-Command", text + show];
      const finished = await run("pwsh", args, { env, cwd: stage.stack.project }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
        process.stderr.write("\n!! There is no pwsh: the blocks for PowerShell are NOT tested\n\n");
        this.skip();
      });
      assert.equal(finished.exitCode, 0, finished.stderr);
      assert.ok(finished.stdout.includes(variables[PASSWORD]!));
    }
  });

  it("docs/to-pipelines/containers.md", async () => {
    await shell.pastePage("docs/to-pipelines/containers.md");
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

  it("docs/key-vault.md: the vault has the variables, and the last block the names that were set", async () => {
    const { control, admin } = stage.stack.azure;
    control.setAccessPolicy("kv-ml", { objectId: admin.objectId, secrets: ["get", "delete"] });
    const output = await shell.pastePage("docs/key-vault.md");
    assert.match(output, /^Key Vault kv-ml\n {2}dev-[0-9a-f]{8}-HIML-SERVICE-PRINCIPAL-PASSWORD$/m);
    const held = control.state().vaults.find(({ name }) => name === "kv-ml")!.secrets;
    const there = held.filter(({ deletedDateTime }) => deletedDateTime === null).map(({ name }) => name);
    assert.equal(there.filter((name) => name.startsWith("training-HIML-")).length, 6);
    assert.equal(there.length, 6);
    await stage.stack.expectPulumi("config", "rm", "keyVault", "--stack", "dev");
    await stage.stack.expectPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  });

  it("docs/renewing-pipeline.md: the condition reaches az whole", async () => {
    await shell.pastePage("docs/renewing-pipeline.md");
    const { args } = (await stage.tools.calls("az")).find((call) => call.args.includes("--condition"))!;
    const file = args[args.indexOf("--condition") + 1]!;
    // az reads an argument that begins with @ from the file.
    assert.match(await readFile(path.join(REPOSITORY, file.replace(/^@/, "")), "utf8"), /!\(ActionMatches/);
  });

  it("and every command within a sentence", async () => {
    const run = [...(await shell.commands()), ...calls.map(({ tool, args }) => [tool, ...args].join(" "))];
    const isRun = (command: string) => {
      const pattern = command
        .replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
        // Names in capitals stand for others.
        .replaceAll(/\b[A-Z]{2,}\b|…/g, ".+");
      return run.some((line) => new RegExp(`^${pattern}( |$)`).test(line));
    };
    const commands = new Set((await Promise.all((await listPages()).map(readInlineCommands))).flat());
    const settings = path.join(stage.stack.project, "Pulumi.dev.yaml");
    const saved = await readFile(settings, "utf8");
    for (const command of commands) {
      const isElsewhere = [ELSEWHERE, FETCHES_PACKAGE, NEEDS_KEY_VAULT].some((one) => one.test(command));
      if (isElsewhere || isRun(command)) continue;
      await shell.paste(command.replaceAll("--env-file -", "-f -").replaceAll("PATH", "config.json"));
      await writeFile(settings, saved);
    }
    assert.ok([...commands].some((command) => NEEDS_KEY_VAULT.test(command)));
  });

  it("docs/messages.md: passphrase must be set", async () => {
    const { PULUMI_CONFIG_PASSPHRASE, ...without } = shell.ofTheStack();
    await assert.rejects(shell.paste("pulumi preview", without), /passphrase must be set/);
    await shell.paste(
      `export PULUMI_CONFIG_PASSPHRASE='${PULUMI_CONFIG_PASSPHRASE}'\npulumi preview`,
      without,
    );
  });

  it("docs/fleet.md", async () => {
    await shell.pastePage("docs/fleet.md", { names: { production: "dev" } });
    assert.match(await readProject("Pulumi.dev.yaml"), /fleet:repository: octocat\/training/);
  });

  it("docs/passwordless.md: trusts in GitHub and in Azure DevOps", async () => {
    const issuer = "https://vstoken.dev.azure.com/11111111-2222-4333-8444-555555555555";
    const subject = "sc://contoso/ml/himl";
    await shell.pastePage("docs/passwordless.md", { names: { ISSUER: issuer, SUBJECT: subject } });
    const [application] = applications();
    assert.deepEqual(
      application!.federatedCredentials.map((credential) => [credential.issuer, credential.subject]),
      [[issuer, subject]],
    );
    assert.deepEqual(application!.passwords, []);
  });

  it("docs/take-over.md: the client ID and the old secret stay", async () => {
    const { azure } = stage.stack;
    const { CLIENT_ID, applicationId, principalId } = await asAdmin(azure, async (connection) => {
      const post = async (at: string, body: Record<string, unknown>) =>
        (await connection.callGraph({ method: "POST", path: at, body }, [])).json as Record<string, string>;
      const { appId, id } = await post("/applications", { displayName: "by hand" });
      const passwordCredential = { displayName: "rbac", endDateTime: inDays(365) };
      await post(`/applications/${id!}/addPassword`, { passwordCredential });
      const principal = await post("/servicePrincipals", { appId });
      return { CLIENT_ID: appId!, applicationId: id!, principalId: principal["id"]! };
    });
    const show = (kind: string, query: string, stdout: string) => ({
      args: ["ad", kind, "show", "--id", CLIENT_ID, "--query", query],
      stdout: `${stdout}\n`,
    });
    await stage.tools.install("az", [
      show("app", "displayName", "by hand"),
      show("app", "id", applicationId),
      show("sp", "id", principalId),
      { args: ["role", "assignment", "delete"] },
      { args: ["ad", "app", "credential"] },
    ]);
    const [file] = (await readBlocks("docs/take-over.md")).filter(({ language }) => language === "json");
    await writeFile(
      path.join(stage.stack.project, "import.json"),
      file!.text.replace("APPLICATION_OBJECT_ID", applicationId).replace("PRINCIPAL_OBJECT_ID", principalId),
    );
    const output = await shell.pastePage("docs/take-over.md", {
      names: { CLIENT_ID },
      env: shell.ofTheStack("by-hand"),
      before: {
        0: `pulumi stack init by-hand
pulumi config set resourceGroupName ${azure.resourceGroup}
pulumi config set workspaceName ${azure.workspaceName}`,
      },
    });
    assert.doesNotMatch(output, /to replace|to delete/);
    const taken = azure.control.state().applications.find(({ appId }) => appId === CLIENT_ID);
    assert.ok(taken!.passwords.some(({ displayName }) => displayName === "rbac"));
    assert.ok(taken!.passwords.length > 1);
  });

  it("local-azure/README.md", async () => {
    const main = path.join(REPOSITORY, "local-azure", "main.ts");
    await writeFile(
      path.join(stage.tools.folder, "npm"),
      `#!/bin/sh
[ "$1 $2 $3 $4" = 'run --silent local-azure --' ] || exit 99
shift 4; cd '${REPOSITORY}'; exec '${process.execPath}' -r ts-node/register/transpile-only '${main}' "$@"\n`,
      { mode: 0o755 },
    );
    await stage.tools.install("az", [{ args: ["login"] }, { args: ["ad"] }]);
    const output = await shell.pastePage("local-azure/README.md", {
      before: { 0: "trap 'kill $!' EXIT", 1: "until [ -s azure.json ]; do sleep 0.1; done" },
    });
    assert.doesNotMatch(output, /error/i);
    const [login] = await stage.tools.calls("az");
    assert.match(login!.env["HTTPS_PROXY"]!, /^http:\/\/127\.0\.0\.1:\d+$/);
  });
});
