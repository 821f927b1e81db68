import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { findSteering, hostileText } from "../support/hostile-text";
import { runCommand } from "./command";
import { answerOfRepository, answersOfPulumi, DETAILS, VALUES } from "./outputs";
import { type Call, StandIns } from "./stand-ins";

const PASSWORD = VALUES.HIML_SERVICE_PRINCIPAL_PASSWORD;
const AZURE_DEVOPS = [
  "push",
  "azure-devops",
  "--organization",
  "https://dev.azure.com/contoso",
  "--project",
  "ml",
];

/** Each command, and the places where the password may be: on the way that was asked for, and nowhere else. */
const COMMANDS: [args: string[], places: string[]][] = [
  [["env", "--format", "dotenv"], ["stdout"]],
  [["env", "--format", "json", "--no-secret"], []],
  [["env", "--format", "hi-ml-config"], []],
  [
    ["env", "--format", "github-actions"],
    ["stdout", "file github-env"],
  ],
  [["status"], []],
  [["status", "--json"], []],
  [["push", "github", "--repo", "o/r", "--dry-run"], []],
  [["push", "github", "--repo", "o/r"], ["stdin of gh"]],
  [[...AZURE_DEVOPS, "--group", "himl"], ["environment of az"]],
  [["verify", "--from", "stack"], []],
  [["verify", "--from", "stack", "--json"], []],
];

describe("himl-sp, on a machine that keeps everything", function () {
  this.timeout(120_000);
  let standIns: StandIns;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "himl-sp-traces-"));
    await Promise.all(["home", "tmp"].map((name) => mkdir(path.join(folder, name))));
    standIns = await StandIns.create({
      gh: [answerOfRepository("o/r"), { args: [], stdout: "[]" }],
      az: [{ args: [], stdout: '[{"id":7,"name":"himl","variables":{}}]' }],
    });
  });

  afterEach(async () => {
    await standIns.remove();
    await rm(folder, { recursive: true, force: true });
  });

  function himlSp(args: readonly string[]) {
    const [home, tmp] = [path.join(folder, "home"), path.join(folder, "tmp")];
    return runCommand(args, {
      cwd: home,
      env: {
        ...{ PATH: standIns.folder, HOME: home, USERPROFILE: home, APPDATA: home, XDG_CACHE_HOME: home },
        ...{ TMPDIR: tmp, TEMP: tmp, TMP: tmp, GITHUB_ENV: path.join(folder, "github-env") },
        // Nothing answers there, so that `verify` fails, with the password in its hands.
        ...{ HTTPS_PROXY: "http://127.0.0.1:9", PULUMI_CONFIG_PASSPHRASE: "only for this test" },
      },
    });
  }

  /** Where a text was written, but for what the stand-in of `pulumi` printed itself. */
  async function placesOf(text: string, printed: { stdout: string; stderr: string }): Promise<string[]> {
    const streams = (["stdout", "stderr"] as const).filter((name) => printed[name].includes(text));
    const inCall = ({ tool, args, stdin, env }: Call) => [
      ...(args.some((arg) => arg.includes(text)) ? [`arguments of ${tool}`] : []),
      ...(stdin.includes(text) ? [`stdin of ${tool}`] : []),
      ...(Object.values(env).some((value) => value.includes(text)) ? [`environment of ${tool}`] : []),
    ];
    const names = await readdir(folder, { recursive: true, withFileTypes: true });
    const files: string[] = [];
    for (const entry of names.filter((each) => each.isFile())) {
      const file = path.join(entry.parentPath, entry.name);
      if ((await readFile(file, "latin1")).includes(text)) files.push(`file ${path.relative(folder, file)}`);
    }
    return [...new Set([...streams, ...(await standIns.calls()).flatMap(inCall), ...files])];
  }

  for (const [args, places] of COMMANDS) {
    it(`${args.slice(0, 4).join(" ")}: the password is ${places.join(" and ") || "nowhere"}`, async () => {
      await standIns.install("pulumi", answersOfPulumi());
      assert.deepEqual(await placesOf(PASSWORD, await himlSp(args)), places);
    });
  }

  it("whatever the other outputs hold, and wherever the password has strayed to, notes and errors are harmless", async () => {
    const samples = fc.sample(fc.tuple(hostileText, hostileText, hostileText), { numRuns: 2, seed: 15 });
    for (const [group, workspace, scope] of samples) {
      const values = { ...VALUES, HIML_RESOURCE_GROUP: `g${group}`, HIML_WORKSPACE_NAME: `w${workspace}` };
      const trusts = [{ issuer: `https://${group}`, subject: scope }];
      const details = { ...DETAILS, trusts, roles: [{ role: workspace, scope }] };
      await standIns.install("pulumi", answersOfPulumi(details, values));
      // Without an answer `verify` tries again for seconds; what it prints goes the same way.
      for (const [args, places] of COMMANDS.filter(([[command]]) => command !== "verify")) {
        const printed = await himlSp(args);
        const title = `${args.join(" ")}: ${JSON.stringify([group, workspace, scope])}\n${printed.stderr}`;
        assert.ok(printed.exitCode === 0 || printed.exitCode === 1, title);
        assert.equal(findSteering(printed.stderr), undefined, title);
        if (args[0] !== "env")
          assert.equal(findSteering(printed.stdout.replaceAll("\t", " ")), undefined, title);
        const stray = (await placesOf(PASSWORD, printed)).filter((place) => !places.includes(place));
        assert.deepEqual(stray, [], title);
        await standIns.forgetCalls();
        await rm(path.join(folder, "github-env"), { force: true });
      }
    }
  });

  it("a tool that repeats the password in its error is not repeated", async () => {
    await standIns.install("pulumi", answersOfPulumi());
    await standIns.install("gh", [
      { args: ["secret", "set"], exitCode: 1, stderr: `could not set ${PASSWORD}\n::add-path::/evil\n` },
      answerOfRepository("o/r"),
      { args: [], stdout: "[]" },
    ]);
    const { exitCode, stdout, stderr } = await himlSp(["push", "github", "--repo", "o/r"]);
    assert.equal(exitCode, 1);
    assert.ok(!`${stdout}${stderr}`.includes(PASSWORD));
    assert.equal(findSteering(stderr), undefined);
  });

  describe("in the list of processes, as it is while each tool runs", () => {
    const PROCESSES: [args: string[], seen: string[]][] = [
      [["env", "--format", "dotenv"], []],
      [["status"], []],
      [["verify", "--from", "stack"], []],
      [["push", "github", "--repo", "o/r"], []],
      [[...AZURE_DEVOPS, "--group", "himl"], ["environment of az"]],
      [["rotate", "--yes", "--wait", "1s"], []],
    ];
    for (const [args, expected] of PROCESSES) {
      it(`${args.slice(0, 2).join(" ")}: ${expected.join() || "the password is nowhere"}`, async function () {
        if (process.platform !== "linux") {
          process.stderr.write("!! The list of processes is NOT looked at: only Linux shows environments\n");
          return this.skip();
        }
        await standIns.install("pulumi", [
          ...answersOfPulumi(),
          ...["get", "set"].map((verb) => ({ args: ["config", verb], stdout: "1\n" })),
          { args: ["up"] },
        ]);
        await writeFile(path.join(standIns.folder, "watched"), PASSWORD);
        await himlSp(args);
        const read = (file: string) =>
          readFile(path.join(standIns.folder, file), "utf8").then(
            (text) => text.split("\n").filter(Boolean),
            () => [],
          );
        assert.ok((await read("looks")).length > 0, "nobody has looked");
        assert.deepEqual([...new Set(await read("seen"))], expected);
      });
    }

    it("a password in the environment of the command goes to no tool that it starts", async function () {
      if (process.platform !== "linux") return this.skip();
      await standIns.install("pulumi", answersOfPulumi());
      await writeFile(path.join(standIns.folder, "watched"), PASSWORD);
      const env = { PATH: standIns.folder, HIML_SERVICE_PRINCIPAL_PASSWORD: PASSWORD };
      await runCommand(["status"], { env });
      const seen = await readFile(path.join(standIns.folder, "seen"), "utf8");
      assert.match(seen, /^(environment of \S*node\S* \S*main\.js status \n)+$/);
    });
  });
});
