import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { startLocalAzure, type LocalAzure } from "../../rehearsal/azure/local-azure";
import { startStandIns, type StandIns } from "../../rehearsal/providers/stand-ins";
import { requireEngine } from "../rehearsal/support";
import { startLanguageHost, type LanguageHost } from "./language-host";

const ROOT = path.resolve(__dirname, "../..");

describe("The pulumi command, as the README uses it", function () {
  this.timeout(300_000);

  let folder: string;
  let azure: LocalAzure;
  let standIns: StandIns;
  let host: LanguageHost;
  let engine: string;
  /** All that was printed by commands which nobody asked for a secret. */
  let printed = "";

  before(async function () {
    ({ path: engine } = await requireEngine(this));
    // A clone, as far as the program is concerned.
    folder = mkdtempSync(path.join(tmpdir(), "himl-cli-"));
    for (const entry of [
      "index.ts",
      "components",
      "settings",
      "Pulumi.yaml",
      "package.json",
      "tsconfig.json",
    ]) {
      cpSync(path.join(ROOT, entry), path.join(folder, entry), { recursive: true });
    }
    symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"), "junction");
    azure = await startLocalAzure();
    standIns = await startStandIns(azure.direct);
    host = await startLanguageHost();
  });

  after(async () => {
    host?.close();
    await standIns?.close();
    await azure?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  /** Runs `pulumi`, and gives what it printed. */
  async function pulumi(...args: string[]) {
    const child = spawn(engine, args, {
      cwd: folder,
      env: {
        ...process.env,
        ...azure.direct,
        ...standIns.environment,
        ...host.environment,
        PULUMI_HOME: path.join(folder, ".pulumi-home"),
        PULUMI_CONFIG_PASSPHRASE: "only for this test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        NO_COLOR: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
    if (!args.includes("--show-secrets")) printed += stdout + stderr;
    return { exitCode, stdout, stderr };
  }

  /** The same, for a command that must succeed. */
  async function succeed(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await pulumi(...args);
    assert.equal(exitCode, 0, `pulumi ${args.join(" ")}\n${stdout}\n${stderr}`);
    return stdout;
  }

  it("makes a stack, and tells every wrong setting at once, without a stack trace", async () => {
    mkdirSync(path.join(folder, "pulumi-state"));
    await succeed("login", pathToFileURL(path.join(folder, "pulumi-state")).href);
    await succeed("stack", "init", "dev");
    await succeed("config", "set", "resourcegroup", azure.resourceGroup);
    await succeed("config", "set", "renewSecretsEveryDays", "0");
    await succeed("config", "set", "--secret", "displayName", "x".repeat(130));
    const { exitCode, stdout, stderr } = await pulumi("preview");
    assert.notEqual(exitCode, 0);
    const printed = stdout + stderr;
    const problems = [...printed.matchAll(/^\s+(\S.*?) must /gm)].map(([, what]) => what);
    assert.deepEqual(
      problems,
      [
        'Setting "resourcegroup"',
        "displayName",
        "renewSecretsEveryDays",
        "resourceGroup",
        "workspaceName",
      ].sort((a, b) => problems.indexOf(a) - problems.indexOf(b)),
      printed,
    );
    assert.doesNotMatch(printed, /^\s+at .*:\d+/m, "a stack trace");
    assert.doesNotMatch(printed, /xxxx/, "an encrypted value");
    for (const name of ["resourcegroup", "renewSecretsEveryDays", "displayName"])
      await succeed("config", "rm", name);
  });

  it("refuses a workspace that does not exist, in preview", async () => {
    await succeed("config", "set", "resourceGroup", azure.resourceGroup);
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
    await succeed("config", "rm", "resourceGroup");
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
      path.join(folder, "pulumi-state/.pulumi/stacks/himl-service-principal/dev.json"),
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
    assert.ok(!printed.includes(password), "the password, though nobody asked for it");
  });

  async function readOutputs() {
    return JSON.parse(await succeed("stack", "output", "--json", "--show-secrets")) as Record<string, string>;
  }

  /** What a shell has in its environment after `set -a; eval "$(pulumi stack output --shell --show-secrets)"; set +a`. */
  async function readInShell(text: string): Promise<Record<string, string>> {
    const script = `set -a; eval "$(cat)"; set +a; exec ${JSON.stringify(process.execPath)} -p 'JSON.stringify(process.env)'`;
    const child = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end(text);
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (printed += chunk));
    await new Promise((resolve) => child.on("close", resolve));
    return JSON.parse(printed) as Record<string, string>;
  }
});
