import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { findSteering } from "../support/hostile-text";
import { useShared } from "../support/shared";
import { runCommand } from "./command";
import { answersOfGh, answersOfGit, InitStage } from "./init-stage";
import type { Terminal } from "./terminal";

const BY_NAME = { use_default: true, sub_claim_prefix: "repo:octocat/training" };
const GITHUB = ["--pipeline", "github", "--repo", "octocat/training"];
const OTHER = ["--yes", "--pipeline", "other"];

describe("himl-sp init, where the machine or the folder is not as usual", function () {
  this.timeout(60_000);
  const stage = useShared(() => InitStage.create());
  beforeEach(async () => {
    await stage.reset(stage.azure.admin);
    await stage.tools.install("gh", answersOfGh(BY_NAME, { environments: ["staging", "production"] }));
    await stage.tools.uninstall("pulumi");
  });

  describe("with --yes, nothing is chosen among several", () => {
    const refuses = async (option: string, ...args: string[]) => {
      const { exitCode, stderr } = await stage.run("--yes", ...args);
      assert.equal(exitCode, 2, stderr);
      assert.ok(stderr.includes(`must be given: ${option}.`), stderr);
      assert.deepEqual(await stage.files(), []);
    };

    it("environments", () => refuses("--environment NAME or --branch NAME", ...GITHUB));

    it("repositories", async () => {
      const [top, list, remotes] = answersOfGit(stage.folder);
      const other = "upstream\tgit@github.com:octocat/other.git (push)\n";
      const several = { ...remotes!, stdout: remotes!.stdout! + other };
      await stage.tools.install("git", [top!, list!, several]);
      await refuses("--repo OWNER/NAME", "--pipeline", "github");
    });

    it("projects of Azure DevOps", async () => {
      const projects = { value: [{ name: "ML" }, { name: "Web" }] };
      await stage.reset(stage.azure.admin, [
        { args: ["devops", "project", "list"], stdout: JSON.stringify(projects) },
      ]);
      const organization = ["--organization", "https://dev.azure.com/contoso"];
      await refuses("--project NAME", "--pipeline", "azure-devops", ...organization);
    });

    it("workspaces", async () => {
      const before = stage.azure.control.snapshot();
      const { subscriptionId, resourceGroup } = stage.azure;
      stage.azure.control.createWorkspace({ subscriptionId, resourceGroup, name: "ws-second" });
      await stage.reset(stage.azure.admin);
      await refuses("--workspace NAME", "--pipeline", "other");
      stage.azure.control.restore(before);
    });
  });

  it("another repository than that of the folder can always be chosen", async () => {
    await stage.tools.install("git", answersOfGit(stage.folder));
    const { stderr } = await stage.answer(["", "4", "2", "octocat/other"]);
    assert.match(stderr, /4 {2}GitHub Actions, another repository/);
    assert.match(stderr, /2 {2}another repository on github\.com/);
    const asked = (await stage.tools.calls("gh")).map(({ args }) => args.join(" "));
    assert.ok(asked.includes("api --hostname github.com repos/octocat/other"), asked.join("\n"));
  });

  describe("what the operating system refuses is one sentence", () => {
    const says = async (message: RegExp, asksFirst: boolean, ...args: string[]) => {
      const { exitCode, stderr } = await stage.run(...OTHER, ...args);
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^ +at /m);
      if (!asksFirst) assert.deepEqual(await stage.tools.calls("az"), []);
    };

    for (const tool of ["az", "git"])
      it(`${tool} on PATH cannot start`, async function () {
        // Windows starts by the extension, and a file without one is no program there.
        if (process.platform === "win32") this.skip();
        await stage.tools.uninstall(tool);
        const file = path.join(stage.tools.folder, tool);
        await writeFile(file, "#!/no/such/interpreter\n", { mode: 0o755 });
        const code = `${tool.toUpperCase()}_CANNOT_START`;
        await says(
          new RegExp(`^himl-sp: ${code}: .*${tool}.*interpreter that it names \\(ENOENT\\)`, "m"),
          tool === "az",
        );
      });

    it("the folder cannot be one: told before anything is asked", async () => {
      const file = path.join(stage.folder, "file");
      await writeFile(file, "");
      await says(
        /^himl-sp: NO_FOLDER: .*file must be a folder\. It is a file\.\n/,
        false,
        "--cwd",
        path.join(file, "below"),
      );
    });

    it("Pulumi.yaml cannot be read", async () => {
      await mkdir(path.join(stage.folder, "Pulumi.yaml"));
      await says(/^himl-sp: SYSTEM_ERROR: .*illegal operation on a directory.* \(EISDIR\)\n/, false);
    });
  });

  it("HTTPS_PROXY without a scheme is taken as other tools take it", async () => {
    const { HTTPS_PROXY = "", ...rest } = stage.azure.public;
    const env = { ...rest, HTTPS_PROXY: HTTPS_PROXY.replace("http://", ""), PATH: stage.tools.folder };
    assert.match(env.HTTPS_PROXY, /^[\w.]+:\d+$/);
    const { exitCode, stderr } = await runCommand(["init", ...OTHER], { cwd: stage.folder, env });
    assert.equal(exitCode, 0, stderr);
  });

  for (const [name, mark, end] of [
    ["Windows line ends", "", "\r\n"],
    ["a byte order mark", "\ufeff", "\n"],
  ] as const)
    it(`files with ${name} are unchanged for the same answers, and keep them when they change`, async () => {
      const args = ["--yes", ...GITHUB, "--environment", "production", "--no-password"];
      assert.equal((await stage.run(...args)).exitCode, 0);
      const files = (await stage.files()).filter((file) => /\.ya?ml$/.test(file));
      const bytesOf = () => Promise.all(files.map((file) => readFile(path.join(stage.folder, file), "utf8")));
      for (const file of files)
        await writeFile(path.join(stage.folder, file), mark + (await stage.read(file)).replaceAll("\n", end));
      const before = await bytesOf();
      const again = await stage.run(...args);
      assert.equal(again.exitCode, 0, again.stderr);
      assert.doesNotMatch(again.stderr, /\bchanged$/m);
      assert.deepEqual(await bytesOf(), before);
      const other = await stage.run(...args.with(6, "staging"), "--overwrite");
      assert.equal(other.exitCode, 0, other.stderr);
      const after = await bytesOf();
      assert.notDeepEqual(after, before);
      for (const text of after) {
        assert.ok(text.startsWith(mark));
        assert.equal(text.replaceAll(end, "").includes("\n"), false);
      }
    });

  it("a terminal without signs gets plain letters, and nothing that moves a cursor", async () => {
    const env = { ...stage.env, TERM: "dumb", LANG: "C" };
    const terminal: Terminal = await stage.openIn(stage.folder, env, "--pipeline", "other", "--password");
    try {
      await terminal.answer(/Number \[1\]:/, "");
      await terminal.answer(/Write these files\? \[Y\/n\]/, "");
      assert.equal(await terminal.end(), 0, terminal.shown);
      assert.match(terminal.raw, /^[\t\r\n\x20-\x7e]*$/);
    } finally {
      terminal.close();
    }
  });

  it("a stack that the backend has and the folder does not know stops it", async () => {
    await stage.tools.install("pulumi", [
      { args: ["whoami"], stdout: JSON.stringify({ user: "ada", url: "azblob://state" }) },
      { args: ["stack", "ls"], stdout: JSON.stringify([{ name: "dev" }]) },
    ]);
    const { exitCode, stderr } = await stage.run("--yes", ...GITHUB, "--environment", "production");
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /STACK_TAKEN: The backend azblob:\/\/state must have no stack dev of the project himl-training, which this folder does not know\. It has one\./,
    );
    assert.deepEqual(await stage.files(), []);
  });

  it("no process that it starts gets a secret of others, in an argument or in its environment", async () => {
    await stage.tools.install("git", answersOfGit(stage.folder));
    await stage.tools.install("pulumi", [
      { args: ["whoami"], stdout: JSON.stringify({ user: "ada", url: "file://~" }) },
      { args: ["stack", "ls"], stdout: "[]" },
    ]);
    // Each with the tools that may have it.
    const secrets: Record<string, string[]> = {
      ...{ GH_TOKEN: ["gh"], AZURE_DEVOPS_EXT_PAT: ["az"], PULUMI_ACCESS_TOKEN: ["pulumi"] },
      ...{
        HIML_SERVICE_PRINCIPAL_PASSWORD: [],
        NODE_AUTH_TOKEN: ["pulumi"],
        PULUMI_CONFIG_PASSPHRASE: ["pulumi"],
      },
    };
    const valueOf = (name: string) => `the value of ${name}`;
    const env = Object.fromEntries(Object.keys(secrets).map((name) => [name, valueOf(name)]));
    const args = ["--yes", ...GITHUB, "--environment", "production", "--no-password"];
    const { exitCode, stdout, stderr } = await stage.runWith(env, ...args);
    assert.equal(exitCode, 0, stderr);
    const calls = await stage.tools.calls();
    assert.deepEqual([...new Set(calls.map(({ tool }) => tool))].sort(), [
      "az",
      "gh",
      "git",
      "npm",
      "pulumi",
    ]);
    for (const [name, tools] of Object.entries(secrets)) {
      const shown = [stdout, stderr, ...calls.map((call) => call.args.join("\n"))];
      assert.ok(!shown.some((text) => text.includes(valueOf(name))), name);
      for (const call of calls)
        if (Object.values(call.env).includes(valueOf(name)))
          assert.ok(tools.includes(call.tool), `${call.tool} ${call.args.join(" ")} has ${name}`);
    }
  });

  const HOSTILE =
    "x\u001b]0;owned\u0007\u009b2J\u202e\r\n::add-path::/evil\r\n##vso[task.prependpath]/evil\n";
  for (const tool of ["git", "gh", "az"])
    it(`what ${tool} says when it fails steers neither terminal nor runner`, async () => {
      await stage.tools.install(tool, [{ args: [], exitCode: 1, stderr: HOSTILE }]);
      const { exitCode, stderr } = await stage.run("--yes", ...GITHUB, "--environment", "production");
      assert.equal(exitCode, 1);
      assert.match(stderr, /owned/);
      assert.equal(findSteering(stderr), undefined);
    });
});
