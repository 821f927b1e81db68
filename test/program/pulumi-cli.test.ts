import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { run } from "../../cli/tools/process";
import type { LocalAzure } from "../../local-azure/local-azure";
import { openPulumiCommand, type PulumiCommand } from "./pulumi-command";

describe("The pulumi command, as the README uses it", function () {
  this.timeout(300_000);

  let command: PulumiCommand;
  let azure: LocalAzure;
  let folder: string;
  const succeed = (...args: string[]) => command.succeed(...args);
  const pulumi = (...args: string[]) => command.run(...args);

  before(async function () {
    command = await openPulumiCommand(this);
    ({ azure, folder } = command);
  });

  after(() => command?.close());

  it("makes a stack, and tells every wrong setting at once, without a stack trace", async () => {
    await succeed("config", "set", "resourcegroupname", azure.resourceGroup);
    await succeed("config", "set", "renewSecretsEveryDays", "0");
    await succeed("config", "set", "--secret", "displayName", "x".repeat(130));
    const { exitCode, stdout, stderr } = await pulumi("preview");
    assert.notEqual(exitCode, 0);
    const printed = stdout + stderr;
    const problems = [...printed.matchAll(/^\s+(\S.*?) must /gm)].map(([, what]) => what);
    assert.deepEqual(
      problems,
      [
        'Setting "resourcegroupname"',
        "displayName",
        "renewSecretsEveryDays",
        "resourceGroupName",
        "workspaceName",
      ].sort((a, b) => problems.indexOf(a) - problems.indexOf(b)),
      printed,
    );
    assert.doesNotMatch(printed, /^\s+at .*:\d+/m, "a stack trace");
    assert.doesNotMatch(printed, /xxxx/, "an encrypted value");
    for (const name of ["resourcegroupname", "renewSecretsEveryDays", "displayName"])
      await succeed("config", "rm", name);
  });

  it("refuses a workspace that does not exist, in preview", async () => {
    await succeed("config", "set", "resourceGroupName", azure.resourceGroup);
    await succeed("config", "set", "workspaceName", "ws-typo");
    const { exitCode, stdout, stderr } = await pulumi("preview");
    const printed = stdout + stderr;
    assert.notEqual(exitCode, 0);
    assert.match(printed, /The workspace \(Azure: ResourceNotFound\) must exist in its resource group\./);
    assert.match(printed, /"workspaceName":"ws-typo"/);
    assert.doesNotMatch(printed, /^\s+at .*:\d+/m, "a stack trace");
    assert.equal(
      azure.control.requests().filter(({ method }) => method !== "GET" && method !== "POST").length,
      0,
    );
    await succeed("config", "set", "workspaceName", azure.workspaceName);
  });

  it("takes owners by path, and a config.json in place of the workspace's settings", async () => {
    await succeed("config", "set", "--path", "owners[0]", azure.admin.objectId);
    await succeed("config", "rm", "resourceGroupName");
    await succeed("config", "rm", "workspaceName");
    writeFileSync(
      path.join(folder, "config.json"),
      JSON.stringify({
        subscription_id: azure.subscriptionId,
        resource_group: azure.resourceGroup,
        workspace_name: azure.workspaceName,
      }),
    );
    await succeed("config", "set", "workspaceConfig", "config.json");
    assert.match(await succeed("preview"), /himl-application create/);
    await succeed("config", "rm", "owners");
  });

  it("provisions, hands the variables over, changes nothing the second time, and revokes", async () => {
    await succeed("up", "--yes");
    const outputs = await readOutputs();
    assert.deepEqual(
      Object.keys(outputs).sort(),
      [
        ...["HIML_RESOURCE_GROUP", "HIML_SERVICE_PRINCIPAL_ID", "HIML_SERVICE_PRINCIPAL_PASSWORD"],
        ...["HIML_SUBSCRIPTION_ID", "HIML_TENANT_ID", "HIML_WORKSPACE_NAME", "details"],
      ].sort(),
    );
    const { applications } = azure.control.state();
    assert.ok(applications.some(({ appId }) => appId === outputs["HIML_SERVICE_PRINCIPAL_ID"]));

    await succeed("stack", "output", "--json");
    const password = outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"]!;
    const state = readFileSync(
      path.join(command.session.folder, "state/.pulumi/stacks/himl-service-principal/dev.json"),
      "utf8",
    );
    assert.ok(state.includes(outputs["HIML_SERVICE_PRINCIPAL_ID"]!), "this is the state");
    assert.ok(!state.includes(password), "the password in the state, in plain text");

    if (process.platform !== "win32") {
      const shell = await succeed("stack", "output", "--shell", "--show-secrets");
      const variables = await readInShell(shell);
      for (const name of Object.keys(outputs).filter((key) => key.startsWith("HIML_"))) {
        assert.equal(variables[name], outputs[name], name);
      }
    }

    await succeed("config", "set", "azure-native:subscriptionId", azure.subscriptionId);
    assert.match(await succeed("up", "--yes"), /unchanged/);
    assert.doesNotMatch(await succeed("preview", "--diff"), /[+~-] (azuread|azure-native|random):/);

    await succeed("config", "set", "secretGeneration", "2");
    await succeed("up", "--yes");
    const renewed = await readOutputs();
    assert.notEqual(renewed["HIML_SERVICE_PRINCIPAL_PASSWORD"], password);
    assert.equal(renewed["HIML_SERVICE_PRINCIPAL_ID"], outputs["HIML_SERVICE_PRINCIPAL_ID"]);

    await succeed("config", "set", "authentication", "federated");
    await succeed(
      ...["config", "set", "federatedCredentials"],
      '[{"github": {"repository": "octocat/training", "environment": "production"}}]',
    );
    await succeed("up", "--yes");
    assert.ok(!("HIML_SERVICE_PRINCIPAL_PASSWORD" in (await readOutputs())));

    await succeed("destroy", "--yes");
    assert.ok(
      !azure.control.state().applications.some(({ appId }) => appId === outputs["HIML_SERVICE_PRINCIPAL_ID"]),
    );
    await succeed("stack", "rm", "--yes", "dev");
    assert.ok(!command.printed().includes(password), "the password, though nobody asked for it");
  });

  async function readOutputs() {
    return JSON.parse(await succeed("stack", "output", "--json", "--show-secrets")) as Record<string, string>;
  }

  /** What a shell has in its environment after `set -a; eval "$(pulumi stack output --shell --show-secrets)"; set +a`. */
  async function readInShell(text: string): Promise<Record<string, string>> {
    const script = `set -a; eval "$(cat)"; set +a; exec ${JSON.stringify(process.execPath)} -p 'JSON.stringify(process.env)'`;
    const { stdout } = await run("sh", ["-c", script], { env: process.env, input: text });
    return JSON.parse(stdout) as Record<string, string>;
  }
});
