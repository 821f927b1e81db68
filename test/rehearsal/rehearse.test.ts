import assert from "node:assert/strict";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { getVersion as azureadVersion } from "@pulumi/azuread/utilities";
import { getVersion as randomVersion } from "@pulumi/random/utilities";
import { CHAPTERS, MORE_CHAPTERS } from "../../rehearsal/chapters/chapters";
import { PROJECT, processesWith, requireEngine, runRehearse, withFolder } from "./support";

describe("the command rehearse", () => {
  it("prints one JSON document with --json", async function () {
    const engine = await requireEngine(this);
    const { exitCode, stdout } = await runRehearse(["--json", "--chapter", "day", "--engine", engine.path]);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(report), ["ok", "engine", "steps", "azure", "leftovers"]);
    assert.equal(report["ok"], true);
    assert.deepEqual(report["engine"], { version: engine.version, source: "--engine" });
    for (const step of report["steps"] as object[])
      assert.deepEqual(Object.keys(step), ["name", "ok", "ms", "detail"]);
    assert.equal(exitCode, 0);
  });

  it("tells a line for each step, and never the password", async function () {
    const engine = await requireEngine(this);
    const { exitCode, stdout } = await runRehearse(["--chapter", "day", "--engine", engine.path]);
    assert.equal(exitCode, 0, stdout);
    const steps = stdout.split("\n").filter((line) => line.startsWith("  ok "));
    assert.equal(steps.length, 9);
    assert.match(stdout, /HIML_SERVICE_PRINCIPAL_PASSWORD=\(secret\)/);
    // Azure's secrets are 40 characters with a tilde.
    assert.doesNotMatch(stdout, /[\w.-]{3}~/);
  });

  for (const args of [
    ["--chapters"],
    ["--chapter", "night"],
    ["day"],
    ["--real-providers", "aws"],
    ["--engine"],
  ]) {
    it(`ends with 2, and usage on stderr alone, after ${args.join(" ")}`, async () => {
      const { exitCode, stdout, stderr } = await runRehearse(args);
      assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: "" });
      assert.match(stderr, /Usage: npm run rehearse/);
    });
  }

  it("names the known chapters after an unknown one", async () => {
    const { stderr } = await runRehearse(["--chapter", "night"]);
    const known = [...CHAPTERS, ...MORE_CHAPTERS].map(({ name }) => name).join(", ");
    assert.ok(stderr.startsWith(`--chapter must be one of ${known}. Received night.\n`), stderr);
  });

  it("prints usage on stdout with --help", async () => {
    const { exitCode, stdout } = await runRehearse(["--help"]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^Usage: npm run rehearse/);
  });

  it("ends with 1 and one JSON document where there is no engine", async () => {
    const { exitCode, stdout } = await runRehearse([
      "--json",
      "--engine",
      path.join(PROJECT, "package.json"),
    ]);
    const report = JSON.parse(stdout) as { ok: boolean; engine: unknown; error: { code: string } };
    assert.equal(exitCode, 1);
    assert.deepEqual([report.ok, report.engine, report.error.code], [false, null, "ENGINE_NOT_FOUND"]);
  });

  it("ends with 1 and the command to install where a real plugin is missing", () =>
    withFolder(async (folder) => {
      const { exitCode, stderr } = await runRehearse(["--real-providers", "random"], { PULUMI_HOME: folder });
      assert.equal(exitCode, 1);
      assert.ok(
        stderr.endsWith(`Install them: pulumi plugin install resource random ${randomVersion()}\n`),
        stderr,
      );
    }));

  // The markers are the last step before the operation; it runs for 0.2 s at least.
  for (const [signal, operation, marker, delayMs] of [
    ["SIGINT", "an up", "pulumi preview shows", 200],
    ["SIGTERM", "a destroy", "pulumi up again", 100],
  ] as const) {
    it(`leaves no process and no temporary folder after ${signal} during ${operation}`, async function () {
      if (process.platform !== "linux") this.skip();
      const engine = await requireEngine(this);
      await withFolder(async (folder) => {
        let sent = false;
        // ts-node keeps the compiled compiler in the temporary folder, for all who use it; that is not ours.
        const env = { TMPDIR: folder, DISABLE_V8_COMPILE_CACHE: "1" };
        const result = await runRehearse(["--engine", engine.path], env, (stdout, kill) => {
          if (sent || !stdout.includes(marker)) return;
          sent = true;
          setTimeout(() => kill(signal), delayMs);
        });
        assert.equal(result.exitCode, signal === "SIGINT" ? 130 : 143, result.stderr);
        assert.equal(result.stdout.trim().split("\n").at(-1)?.includes(marker), true, result.stdout);
        assert.deepEqual(await readdir(folder), []);
        assert.deepEqual(await processesWith(`TMPDIR=${folder}`), []);
      });
    });
  }
});

describe("rehearse with real plugins", () => {
  // The real plugins are not to be had everywhere. What is proved here is that an engine starts a plugin of that name
  // as a process of its own, and that the environment which it gets there leads it to the local Azure.
  it("leaves a provider to the plugin that is installed", async function () {
    if (process.platform === "win32") this.skip();
    const engine = await requireEngine(this);
    await withFolder(async (folder) => {
      const home = path.join(folder, "home");
      const started = path.join(folder, "started");
      for (const [name, version] of [
        ["azuread", azureadVersion()],
        ["random", randomVersion()],
      ] as const) {
        const plugin = path.join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
        await mkdir(path.dirname(plugin), { recursive: true });
        await writeFile(plugin, pluginScript(name, started));
        await chmod(plugin, 0o755);
      }
      const args = ["--chapter", "day", "--engine", engine.path, "--real-providers", "azuread,random"];
      const { exitCode, stdout, stderr } = await runRehearse(args, { PULUMI_HOME: home });
      assert.equal(exitCode, 0, stdout + stderr);
      assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith("started")).sort(), [
        "started-azuread",
        "started-random",
      ]);
    });
  });
});

/** A plugin: the stand-in as an executable, which names its port on stdout. */
function pluginScript(name: "azuread" | "random", started: string): string {
  const rehearsal = path.join(PROJECT, "rehearsal");
  return `#!${process.execPath}
process.chdir(${JSON.stringify(PROJECT)});
require(${JSON.stringify(require.resolve("ts-node/register/transpile-only"))});
require("node:fs").writeFileSync(${JSON.stringify(`${started}-${name}`)}, "");
const provider = require(${JSON.stringify(path.join(rehearsal, "stand-ins", name, "provider"))});
const { serveProvider } = require(${JSON.stringify(path.join(rehearsal, "stand-ins/resource-provider-server"))});
serveProvider(provider[${JSON.stringify(name)}], process.env).then(({ port }) => console.log(port));
`;
}
