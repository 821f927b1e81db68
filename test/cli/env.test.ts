import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { exampleOf, pathOf, withSubcommands } from "../../cli/help";
import { createProgram, runCommandLine } from "../../cli/program";
import { buildCommand, REPOSITORY, runCommand, runNode } from "./command";
import { answersOfPulumi, DETAILS, VALUES } from "./outputs";
import { readAsAzurePipelines, readAsGithubEnv } from "./readers";
import { rememberingIo } from "./remembering-io";
import { StandIns } from "./stand-ins";

const PASSWORD = VALUES.HIML_SERVICE_PRINCIPAL_PASSWORD;

describe("himl-sp env", function () {
  this.timeout(30_000);
  let pulumi: StandIns;
  let federated: StandIns;
  let folder: string;

  before(async function () {
    this.timeout(120_000);
    await buildCommand();
    pulumi = await StandIns.create({ pulumi: answersOfPulumi() });
    federated = await StandIns.create({
      pulumi: answersOfPulumi({ ...DETAILS, authentication: "federated", secrets: [] }),
    });
    folder = await mkdtemp(path.join(tmpdir(), "himl-sp-env-"));
  });

  beforeEach(() => pulumi.forgetCalls());

  after(() => Promise.all([pulumi.remove(), federated.remove(), rm(folder, { recursive: true })]));

  const runIn = async (env: Record<string, string>, ...args: string[]) => {
    const io = rememberingIo({ env });
    return { exitCode: await runCommandLine(["env", ...args], io, "0"), ...io.written };
  };
  const run = (...args: string[]) => runIn({ PATH: pulumi.folder }, ...args);

  it("prints the six variables on stdout, and nothing else", async () => {
    const { exitCode, stdout, stderr } = await run("--format", "json");
    assert.deepEqual(
      { exitCode, stderr, values: JSON.parse(stdout) as unknown },
      { exitCode: 0, stderr: "", values: VALUES },
    );
  });

  it("asks Pulumi once, without prompts, and hands --stack and --cwd on", async () => {
    await run("--format", "json", "--stack", "org/dev", "--cwd", "some where");
    const calls = await pulumi.calls();
    assert.deepEqual(
      calls.map(({ args, stdin }) => ({ args, stdin })),
      [
        {
          args: [
            "stack",
            "output",
            "--json",
            "--show-secrets",
            "--stack",
            "org/dev",
            "--cwd",
            "some where",
            "--non-interactive",
          ],
          stdin: "",
        },
      ],
    );
    assert.equal(calls[0]?.env["PULUMI_SKIP_UPDATE_CHECK"], "true");
  });

  it("--no-secret leaves the password out, and has nothing decrypted", async () => {
    const { exitCode, stdout } = await run("--format", "dotenv", "--no-secret");
    assert.equal(exitCode, 0);
    assert.equal(stdout.split("\n").length, 6);
    assert.ok(!stdout.includes("PASSWORD"));
    assert.deepEqual((await pulumi.calls())[0]?.args, ["stack", "export", "--non-interactive"]);
  });

  it("hi-ml-config needs no password and has nothing decrypted", async () => {
    const { stdout } = await run("--format", "hi-ml-config");
    assert.deepEqual(JSON.parse(stdout), {
      subscription_id: VALUES.HIML_SUBSCRIPTION_ID,
      resource_group: VALUES.HIML_RESOURCE_GROUP,
      workspace_name: VALUES.HIML_WORKSPACE_NAME,
    });
    assert.ok(!(await pulumi.calls())[0]?.args.includes("--show-secrets"));
  });

  it("a federated stack: five variables, and stderr says so", async () => {
    const { exitCode, stdout, stderr } = await runIn({ PATH: federated.folder }, "--format", "json");
    assert.equal(exitCode, 0);
    assert.equal(Object.keys(JSON.parse(stdout) as object).length, 5);
    assert.equal(
      stderr,
      "The stack is federated: there is no HIML_SERVICE_PRINCIPAL_PASSWORD, and the pipeline logs in with `az login` instead.\n",
    );
  });

  it("azure-pipelines: the password is a secret variable", async () => {
    const { stdout } = await run("--format", "azure-pipelines");
    const read = readAsAzurePipelines(stdout);
    assert.deepEqual(
      Object.entries(read).filter(([, { isSecret }]) => isSecret),
      [["HIML_SERVICE_PRINCIPAL_PASSWORD", { value: PASSWORD, isSecret: true }]],
    );
  });

  describe("on a terminal", () => {
    const onTerminal = async (...args: string[]) => {
      const io = rememberingIo({ env: { PATH: pulumi.folder }, isTerminal: true });
      return { exitCode: await runCommandLine(["env", ...args], io, "0"), ...io.written };
    };

    it("refuses to print the password, before Pulumi is asked for it", async () => {
      assert.deepEqual(await onTerminal("--format", "bash"), {
        exitCode: 2,
        stdout: "",
        stderr:
          "himl-sp: SECRET_ON_TERMINAL: The password must not be shown on a terminal without --show-secret.\n" +
          "  Redirect the output, leave the password out with --no-secret, or add --show-secret.\n",
      });
      assert.deepEqual(await pulumi.calls(), []);
    });

    it("prints it with --show-secret", async () => {
      assert.match(
        (await onTerminal("--format", "bash", "--show-secret")).stdout,
        /^export HIML_SERVICE_PRINCIPAL_PASSWORD='/m,
      );
    });

    it("prints the rest with --no-secret", async () => {
      assert.equal((await onTerminal("--format", "bash", "--no-secret")).exitCode, 0);
    });
  });

  describe("--format github-actions", () => {
    const inStep = async (before: string) => {
      const file = path.join(folder, "github-env");
      await writeFile(file, before);
      const env = { PATH: pulumi.folder, GITHUB_ENV: file };
      const finished = await runIn(env, "--format", "github-actions");
      return { ...finished, file: await readFile(file, "utf8") };
    };

    it("appends to the runner's file, and prints the mask alone", async () => {
      const { exitCode, stdout, stderr, file } = await inStep("EARLIER=1\n");
      assert.deepEqual(
        { exitCode, stdout, stderr },
        {
          exitCode: 0,
          stdout: `::add-mask::${PASSWORD}\n`,
          stderr: "6 variables set for the later steps of the job.\n",
        },
      );
      assert.deepEqual(readAsGithubEnv(file, "\n"), { EARLIER: "1", ...VALUES });
    });

    it("begins a new line where another step left one without its end", async () => {
      const { file } = await inStep("EARLIER=1");
      assert.deepEqual(readAsGithubEnv(file, "\n"), { EARLIER: "1", ...VALUES });
    });

    it("uses another delimiter each time", async () => {
      const delimiters = [(await inStep("")).file, (await inStep("")).file].map(
        (text) => /<<(.*)/.exec(text)?.[1],
      );
      assert.match(delimiters[0]!, /^ghadelimiter_[0-9a-f-]{36}$/);
      assert.notEqual(delimiters[0], delimiters[1]);
    });

    it("fails where GITHUB_ENV is not set, before Pulumi is asked", async () => {
      const { exitCode, stdout, stderr } = await run("--format", "github-actions");
      assert.deepEqual(
        { exitCode, stdout, stderr },
        {
          exitCode: 1,
          stdout: "",
          stderr:
            "himl-sp: GITHUB_ENV_UNSET: GITHUB_ENV must name a file. It is not set.\n" +
            "  Run it in a step of a GitHub Actions job; elsewhere, choose another --format.\n",
        },
      );
      assert.deepEqual(await pulumi.calls(), []);
    });

    it("fails where the file cannot be written", async () => {
      const { exitCode, stderr } = await runCommand(["env", "--format", "github-actions"], {
        env: { PATH: pulumi.folder, GITHUB_ENV: path.join(folder, "nowhere", "file") },
      });
      assert.equal(exitCode, 1);
      assert.match(stderr, /^himl-sp: GITHUB_ENV_UNWRITABLE: .* \(ENOENT\)\.\n/);
    });
  });
});

describe("himl-sp: the stack cannot be read", function () {
  this.timeout(30_000);
  let standIns: StandIns;
  afterEach(() => standIns?.remove());

  const failures: [
    what: string,
    answer: { stdout?: string; stderr?: string; exitCode?: number },
    stderr: RegExp,
  ][] = [
    [
      "no passphrase",
      {
        exitCode: 255,
        stderr: "error: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE\n",
      },
      /^himl-sp: PULUMI_FAILED: .*exit code 255:\n {2}error: .*\n {2}Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, /s,
    ],
    [
      "no stack",
      { exitCode: 255, stderr: "error: no stack selected; please use `pulumi stack select` to choose one\n" },
      /PULUMI_FAILED: .*\n {2}Name the stack with --stack; `pulumi stack ls` lists them\.\n$/s,
    ],
    [
      "no project",
      { exitCode: 255, stderr: "error: no Pulumi.yaml project file found (searching upwards from /x).\n" },
      /PULUMI_FAILED: .*\n {2}Run it in the folder of the project, or name that with --cwd\.\n$/s,
    ],
    [
      "no up yet",
      { stdout: "{}" },
      /^himl-sp: OUTPUTS_MISSING: The stack must have the output `details`\. .*\n {2}Run `pulumi up`/,
    ],
    [
      "a newer version",
      { stdout: JSON.stringify({ ...VALUES, details: { ...DETAILS, version: 2 } }) },
      /^himl-sp: OUTPUTS_NEWER: .*\n {2}Update this package\.\n$/,
    ],
    [
      "an output that is not text",
      { stdout: JSON.stringify({ ...VALUES, HIML_TENANT_ID: 7, HIML_WORKSPACE_NAME: "", details: DETAILS }) },
      /^himl-sp: OUTPUTS_MISSING: The stack must have the outputs HIML_TENANT_ID, HIML_WORKSPACE_NAME, as text\./,
    ],
    [
      "no JSON",
      { stdout: `warning ${VALUES.HIML_SERVICE_PRINCIPAL_PASSWORD}` },
      /^himl-sp: TOOL_ANSWER_UNREADABLE: /,
    ],
  ];
  for (const [what, answer, expected] of failures) {
    it(what, async () => {
      standIns = await StandIns.create({ pulumi: [{ args: ["stack", "output"], ...answer }] });
      const io = rememberingIo({ env: { PATH: standIns.folder } });
      const exitCode = await runCommandLine(["env", "--format", "json"], io, "0");
      const { stdout, stderr } = io.written;
      assert.equal(exitCode, 1);
      assert.equal(stdout, "");
      assert.match(stderr, expected);
      assert.ok(!stderr.includes(VALUES.HIML_SERVICE_PRINCIPAL_PASSWORD));
    });
  }

  it("no pulumi", async () => {
    standIns = await StandIns.create({});
    const { exitCode, stderr } = await runCommand(["env", "--format", "json"], {
      env: { PATH: standIns.folder },
    });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^himl-sp: PULUMI_NOT_FOUND: .*\n {2}Install it: https:/);
  });
});

describe("himl-sp: usage", function () {
  this.timeout(30_000);

  it("--help goes to stdout, everywhere", async () => {
    for (const args of [["--help"], ["env", "--help"]]) {
      const { exitCode, stdout, stderr } = await runCommand(args);
      assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
      assert.match(stdout, /^Usage: himl-sp/);
    }
  });

  it("every --help ends with an example that the command takes, and with a page that exists", () => {
    const help = { version: "0", io: rememberingIo() };
    const all = withSubcommands(createProgram(help.io, help.version)).filter(
      ({ commands, parent }) => commands.length === 0 && parent !== null,
    );
    assert.ok(all.length >= 9);
    for (const command of all) {
      const { example, page } = exampleOf(command)!;
      assert.ok(existsSync(path.join(REPOSITORY, page)), page);
      assert.ok(`${example} `.startsWith(`himl-sp ${pathOf(command)} `), example);
      const known = new Set(command.options.flatMap(({ short, long }) => [short, long]));
      for (const option of example.match(/--[a-z-]+/g) ?? []) assert.ok(known.has(option), example);
    }
  });

  for (const args of [
    [],
    ["env"],
    ["env", "--format", "xml"],
    ["env", "--format", "json", "extra"],
    ["nonsense"],
  ]) {
    it(`misuse is exit code 2, told on stderr: himl-sp ${args.join(" ")}`, async () => {
      const { exitCode, stdout, stderr } = await runCommand(args);
      assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: "" });
      assert.notEqual(stderr, "");
    });
  }

  it("starts without loading what only some subcommands need", async () => {
    const main = await buildCommand();
    const script = `process.argv = [process.argv[0], ${JSON.stringify(main)}, "status", "--help"];
      require(${JSON.stringify(main)});
      process.on("exit", () => console.error(Object.keys(require.cache).join("\\n")));`;
    const { stderr } = await runNode(["-e", script]);
    assert.match(stderr, /commander/);
    assert.doesNotMatch(stderr, /@azure|@pulumi|commands/);
  });

  it("an unknown subcommand names the nearest", async () => {
    assert.match((await runCommand(["evn"])).stderr, /Did you mean env\?/);
  });
});
