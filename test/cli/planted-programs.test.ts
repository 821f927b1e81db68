import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildCommand, type Finished, runNode } from "./command";
import { answerOfRepository, answersOfPulumi, VALUES } from "./outputs";
import { StandIns } from "./stand-ins";

const PRELOADED = path.join(__dirname, "simulated-windows.cjs");
const COMSPEC = "C:\\Windows\\System32\\cmd.exe";

/** How a program would have been started. */
interface Started {
  file: string;
  args: string[];
  env: Record<string, string>;
}

describe("On Windows, a program in the current folder is never run", function () {
  this.timeout(120_000);
  let drive: string;
  let tools: StandIns;

  beforeEach(async () => {
    await buildCommand();
    drive = await mkdtemp(path.join(tmpdir(), "himl-sp-drive-"));
    tools = await StandIns.create({
      pulumi: answersOfPulumi(),
      gh: [answerOfRepository("octocat/training"), { args: [], stdout: "[]" }],
      az: [
        { args: ["account"], exitCode: 1, stderr: "Please run 'az login'." },
        { args: [], stdout: '[{"id":7,"name":"himl","variables":{}}]' },
      ],
    });
    for (const tool of ["pulumi", "gh", "az"])
      for (const extension of ["exe", "cmd", "bat", "com"]) await plant("project", `${tool}.${extension}`);
  });

  afterEach(async () => {
    await tools.remove();
    await rm(drive, { recursive: true, force: true });
  });

  async function plant(folder: string, file: string): Promise<void> {
    await mkdir(path.join(drive, folder), { recursive: true });
    await writeFile(path.join(drive, folder, file), "");
  }

  function himlSp(PATH: string, args: readonly string[], env: Record<string, string> = {}) {
    return buildCommand().then((command) => runSimulated(["-r", PRELOADED, command, ...args], PATH, env));
  }

  function runSimulated(args: readonly string[], PATH: string, env: Record<string, string> = {}) {
    return runNode(args, {
      env: {
        SIMULATED_DRIVE: drive,
        SIMULATED_TOOLS: tools.folder,
        Path: PATH,
        comspec: COMSPEC,
        PULUMI_CONFIG_PASSPHRASE: "only for this test",
        ...env,
      },
    });
  }

  async function started(): Promise<Started[]> {
    const log = await readFile(path.join(tools.folder, "started.jsonl"), "utf8").catch(() => "");
    return log
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Started);
  }

  /** The programs behind what was started: for a batch file, the one that cmd.exe was given. */
  async function programs(): Promise<string[]> {
    const all = (await started()).map(({ file, args }) =>
      file === COMSPEC ? /C:\\[^"^]+\.cmd/i.exec(args.join(" "))![0] : file,
    );
    return [...new Set(all)];
  }

  const federated = { ...VALUES, HIML_SERVICE_PRINCIPAL_PASSWORD: "" };
  const commands: [title: string, args: string[], tools: string[], env?: Record<string, string>][] = [
    ["env", ["env", "--format", "json"], ["pulumi"]],
    ["status", ["status"], ["pulumi"]],
    ["push github", ["push", "github", "--repo", "octocat/training"], ["gh", "pulumi"]],
    [
      "push azure-devops",
      [
        "push",
        "azure-devops",
        "--organization",
        "https://dev.azure.com/contoso",
        "--project",
        "p",
        "--group",
        "himl",
      ],
      ["az", "pulumi"],
    ],
    ["verify", ["verify", "--from", "environment"], ["az"], federated],
  ];

  for (const [title, args, names, env] of commands) {
    it(`${title} starts what PATH has, by its absolute path`, async () => {
      for (const name of names) await plant("tools", name === "pulumi" ? "pulumi.exe" : `${name}.cmd`);
      const paths = [
        "",
        ".",
        "C:\\project",
        "c:\\PROJECT\\",
        '"C:\\project"',
        "C:",
        "\\project",
        ".\\",
        "C:\\tools",
      ];
      const { stderr } = await himlSp(paths.join(";"), args, env);
      const expected = names.map((name) => `C:\\tools\\${name}${name === "pulumi" ? ".EXE" : ".CMD"}`);
      assert.deepEqual((await programs()).sort(), expected.sort(), stderr);
      for (const { env } of await started()) assert.equal(env["NoDefaultCurrentDirectoryInExePath"], "1");
    });

    it(`${title} says what is missing where only the current folder has it`, async () => {
      const { exitCode, stdout, stderr } = await himlSp(".;C:\\project;;C:\\empty", args, env);
      assert.deepEqual(await started(), []);
      assert.equal(exitCode, 1);
      assert.match(title === "verify" ? stdout + stderr : stderr, /(PULUMI|GH|AZ)_NOT_FOUND/);
    });
  }

  it("and the simulation is none of a safer system: cross-spawn by itself runs what was planted", async () => {
    await plant("tools", "gh.cmd");
    const script = path.join(drive, "script.cjs");
    await writeFile(
      script,
      `require(${JSON.stringify(require.resolve("cross-spawn"))})("gh", ["--version"], { stdio: "ignore" });`,
    );
    const finished: Finished = await runSimulated(["-r", PRELOADED, script], "C:\\tools");
    assert.equal(finished.exitCode, 0, finished.stderr);
    assert.equal((await started()).length, 1);
    assert.notDeepEqual(await programs(), ["C:\\tools\\gh.cmd"]);
  });
});
