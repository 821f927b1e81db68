import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { FleetRow } from "../../cli/status/fleet";
import { runCommandLine } from "../../cli/program";
import type { StackDetails } from "../../stack/contract";
import { requireEngine } from "../rehearsal/support";
import { useShared } from "../support/shared";
import { buildCommand, runNode } from "./command";
import { Fleet, stacksEndingFrom } from "./fleet";
import { answerOfExport, answersOfPulumi, DETAILS, VALUES } from "./outputs";
import { rememberingIo } from "./remembering-io";
import { type Answer, StandIns } from "./stand-ins";

const NOW = new Date("2026-11-25T12:00:00Z");
const LAST = "2026-11-20T10:00:00Z";

function withPassword(ends: string, nextRenewal: string): StackDetails {
  return { ...DETAILS, secrets: [{ ...DETAILS.secrets[0]!, ends }], nextRenewal };
}

const FEDERATED: StackDetails = { ...DETAILS, authentication: "federated", secrets: [] };
const STACKS: Record<string, StackDetails> = {
  calm: withPassword("2027-04-16T00:00:00Z", "2027-01-16T00:00:00Z"),
  federated: FEDERATED,
  soon: withPassword("2026-12-01T00:00:00Z", "2026-09-02T00:00:00Z"),
  ended: withPassword("2026-11-24T00:00:00Z", "2026-08-26T00:00:00Z"),
};

describe("himl-sp status --all", function () {
  this.timeout(30_000);
  const pulumi = useShared(() => StandIns.create({}));
  beforeEach(() => pulumi.forgetCalls());

  const list = (stacks: object[], cwd: string): Answer => ({
    args: ["stack", "ls", "--json", "--cwd", cwd],
    stdout: JSON.stringify(stacks),
  });
  const outputs = (stack: string, details: StackDetails, cwd = "."): Answer => {
    const { args, ...answer } = answersOfPulumi(details)[1]!;
    return { args: [...args, "--stack", stack, "--cwd", cwd], ...answer };
  };
  const listed = (name: string) => ({ name, current: false, lastUpdate: LAST, resourceCount: 6 });

  const install = (
    stacks: Record<string, StackDetails>,
    more: { listed?: object[]; answers?: Answer[] } = {},
  ) =>
    pulumi.install("pulumi", [
      list([...Object.keys(stacks).map(listed), ...(more.listed ?? [])], "."),
      ...Object.entries(stacks).map(([name, details]) => outputs(name, details)),
      ...(more.answers ?? []),
    ]);
  const statusAll = async (args: string[], isTerminal = false) => {
    const io = rememberingIo({ env: { PATH: pulumi.folder }, now: NOW, isTerminal });
    return { exitCode: await runCommandLine(["status", "--all", ...args], io, "0"), ...io.written };
  };

  it("one row for each stack, the worst first; what cannot be read is a row with its reason", async () => {
    await install(STACKS, {
      listed: [listed("locked"), { name: "new", current: true, resourceCount: 0 }],
      answers: [
        {
          args: ["stack", "export", "--stack", "locked"],
          exitCode: 255,
          stderr: "error: could not read\u001b[2J the state\n",
        },
      ],
    });
    const { exitCode, stdout, stderr } = await statusAll([]);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
    assert.equal(
      stdout,
      [
        "STACK      LOGIN      PASSWORD          NEXT RENEWAL       LAST UPDATE",
        "ended      secret     ended 1 day ago   due since 91 days  5 days ago",
        "locked     could not be read: `pulumi stack export` must succeed. It ended with exit code 255: error: could not read [2J the state",
        "soon       secret     ends in 5 days    due since 84 days  5 days ago",
        "calm       secret     ends in 141 days  in 51 days         5 days ago",
        "federated  federated  none              -                  5 days ago",
        "new        -          -                 holds nothing      never",
        "",
      ].join("\n"),
    );
    assert.ok(
      !(await pulumi.calls()).some(({ args }) => args.includes("new")),
      "nothing is there to be read",
    );
  });

  it("--json has the same rows", async () => {
    await install({ soon: STACKS["soon"]!, federated: FEDERATED });
    const { stdout } = await statusAll(["--json"]);
    assert.deepEqual(JSON.parse(stdout), {
      version: 1,
      stacks: [
        {
          folder: ".",
          stack: "soon",
          principal: null,
          lastUpdate: LAST,
          authentication: "secret",
          passwordEnds: "2026-12-01T00:00:00Z",
          nextRenewal: "2026-09-02T00:00:00Z",
          isEmpty: false,
          problem: null,
          daysLeft: 5,
          renewalIsDue: true,
        },
        {
          folder: ".",
          stack: "federated",
          principal: null,
          lastUpdate: LAST,
          authentication: "federated",
          passwordEnds: null,
          nextRenewal: null,
          isEmpty: false,
          problem: null,
          daysLeft: null,
          renewalIsDue: null,
        },
      ],
    });
  });

  it("a stack with several principals is a row for each", async () => {
    const [first, second] = ["soon", "calm"].map((name) => ({ ...VALUES, details: STACKS[name] }));
    await pulumi.install("pulumi", [list([listed("dev")], "."), answerOfExport({ first, second, other: 1 })]);
    const { stdout } = await statusAll([]);
    assert.deepEqual(
      stdout.split("\n").map((line) => line.split("  ")[0]),
      ["STACK", "dev (first)", "dev (second)", ""],
    );
  });

  it("several folders; one of them that is no project is a row", async () => {
    await pulumi.install("pulumi", [
      list([listed("dev")], "one"),
      list([listed("dev")], "two"),
      { args: ["stack", "ls"], exitCode: 255, stderr: "error: no Pulumi.yaml project file found\n" },
      outputs("dev", STACKS["calm"]!, "one"),
      outputs("dev", STACKS["soon"]!, "two"),
    ]);
    const { exitCode, stdout } = await statusAll(["--cwd", "one", "-C", "two", "-C", "three"]);
    assert.equal(exitCode, 0);
    assert.deepEqual(
      stdout.split("\n").map((line) => line.split("  ")[0]),
      ["STACK", "three: ?", "two: dev", "one: dev", ""],
    );
    assert.match(stdout, /three: \? {2}could not be read: .*no Pulumi\.yaml/);
  });

  it("--fail-within is about any of them, and names each", async () => {
    await install(STACKS);
    const { exitCode, stderr } = await statusAll(["--fail-within", "14d"]);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^himl-sp: SECRET_ENDS_SOON: The password of ended ended 1 day ago\.\n {2}The password of soon ends in 5 days\.\n/,
    );
    await install({ calm: STACKS["calm"]!, federated: FEDERATED });
    assert.equal((await statusAll(["--fail-within", "14d"])).exitCode, 0);
  });

  it("--fail-within fails for a stack that cannot be read: nobody knows when its password ends", async () => {
    await install({ calm: STACKS["calm"]! }, { listed: [listed("locked")] });
    const { exitCode, stderr } = await statusAll(["--fail-within", "14d"]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /STACKS_UNREADABLE: locked could not be read \(PULUMI_FAILED\)\./);
  });

  it("tells its progress on a terminal, and leaves nothing of it there", async () => {
    await install(STACKS);
    const { stderr } = await statusAll([], true);
    assert.ok(stderr.startsWith("\r0 of 4 stacks read"), stderr);
    assert.ok(stderr.endsWith("\r4 of 4 stacks read\r\u001b[K"), stderr);
  });

  it("a project without stacks", async () => {
    await install({});
    const { exitCode, stdout, stderr } = await statusAll([]);
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: "" });
    assert.match(stderr, /The project has no stack/);
  });

  it("misuse: --all with --stack or --principal, several folders without --all", async () => {
    for (const option of ["--stack", "--principal"])
      assert.match((await statusAll([option, "dev"])).stderr, new RegExp(`ALL_AND_ONE: .* ${option} `));
    const io = rememberingIo({ now: NOW });
    assert.equal(await runCommandLine(["status", "-C", "one", "-C", "two"], io, "0"), 2);
    assert.match(io.written.stderr, /SEVERAL_FOLDERS/);
  });

  describe("on the real engine, with a file backend", () => {
    // The built command has the machine's clock: every password ends after it.
    const stacks = stacksEndingFrom(new Date(Date.now() + 30 * 86_400_000), 24);
    let fleet: Fleet;
    let env: Record<string, string>;

    before(async function () {
      this.timeout(600_000);
      const engine = await requireEngine(this);
      await buildCommand();
      // Outputs of 4 MB a stack, 96 MB together. Read by 8 at once, about 60 MB of heap; kept, 116 MB.
      fleet = await Fleet.create(stacks, 4_000_000);
      env = { ...fleet.env, PATH: path.dirname(engine.path) };
    });
    after(() => fleet?.remove());

    const readAll = async () => {
      const args = ["--max-old-space-size=80", await buildCommand(), "status", "--all", "--json"];
      const { exitCode, stdout, stderr } = await runNode(args, { cwd: fleet.project, env });
      assert.equal(exitCode, 0, stderr);
      return (JSON.parse(stdout) as { stacks: FleetRow[] }).stacks;
    };

    it("every stack is read, in memory that does not grow with their states", async function () {
      this.timeout(120_000);
      assert.deepEqual(
        (await readAll()).map(({ stack, problem }) => ({ stack, problem })),
        Object.keys(stacks).map((stack) => ({ stack, problem: null })),
      );
    });

    it("one state that cannot be parsed: Pulumi lists no stack, and those with settings are still read", async function () {
      this.timeout(120_000);
      await writeFile(fleet.stateOf("broken"), "{");
      for (const name of ["team-003", "broken"])
        await writeFile(path.join(fleet.project, `Pulumi.${name}.yaml`), "config: {}\n");
      const rows = (await readAll()).map(({ stack, problem }) => [stack, problem?.code ?? null]);
      assert.deepEqual(rows, [
        [null, "PULUMI_FAILED"],
        ["broken", "PULUMI_FAILED"],
        ["team-003", null],
      ]);
    });
  });
});
