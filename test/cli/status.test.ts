import assert from "node:assert/strict";
import { runCommandLine } from "../../cli/program";
import { formatLocalTime } from "../../cli/durations";
import type { StackDetails } from "../../stack/contract";
import { bareEnvironment, buildCommand, runCommand } from "./command";
import { answersOfPulumi, DETAILS } from "./outputs";
import { rememberingIo } from "./remembering-io";
import { StandIns } from "./stand-ins";

const NOW = new Date("2026-11-23T12:00:00Z");

describe("himl-sp status", function () {
  this.timeout(30_000);
  let pulumi: StandIns;

  before(async () => (pulumi = await StandIns.create({ pulumi: answersOfPulumi() })));
  beforeEach(() => pulumi.forgetCalls());
  after(() => pulumi.remove());

  const status = async (details: StackDetails, now: Date, ...args: string[]) => {
    await pulumi.install("pulumi", answersOfPulumi(details));
    const io = rememberingIo({ env: { ...bareEnvironment(), PATH: pulumi.folder }, now });
    return { exitCode: await runCommandLine(["status", ...args], io, "0"), ...io.written };
  };

  it("tells a person when secrets end and the next renewal is, in local time, trusts and roles", async () => {
    const trusts = [
      { issuer: "https://token.actions.githubusercontent.com", subject: "repo:o/r:ref:refs/heads/main" },
    ];
    const { exitCode, stdout, stderr } = await status({ ...DETAILS, authentication: "both", trusts }, NOW);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
    assert.equal(
      stdout,
      [
        "Authentication: both",
        "Secrets",
        `  b  ends ${formatLocalTime("2027-04-16T00:00:00Z")} (in 143 days): handed out`,
        `  a  ends ${formatLocalTime("2027-01-16T00:00:00Z")} (in 53 days): the one before, for those who still hold it`,
        `Next renewal: ${formatLocalTime("2027-01-16T00:00:00Z")} (in 53 days), by the first \`pulumi up\` after that`,
        "Trusts",
        "  repo:o/r:ref:refs/heads/main of https://token.actions.githubusercontent.com",
        "Roles",
        `  Contributor on ${DETAILS.roles[0]!.scope}`,
        "",
      ].join("\n"),
    );
  });

  it("has nothing decrypted", async () => {
    await status(DETAILS, NOW);
    assert.deepEqual(
      (await pulumi.calls()).map(({ args }) => args),
      [["stack", "output", "--json", "--non-interactive"]],
    );
  });

  it("local time is that of the machine, with its zone", async () => {
    const inZone = (TZ: string) =>
      runCommand(["status"], { env: { PATH: pulumi.folder, TZ } }).then(({ stdout }) => stdout);
    await buildCommand();
    await pulumi.install("pulumi", answersOfPulumi());
    assert.match(await inZone("Europe/Berlin"), /b {2}ends 2027-04-16 02:00 (CEST|GMT\+2|UTC\+2) /);
    assert.match(await inZone("America/New_York"), /b {2}ends 2027-04-15 20:00 (EDT|GMT[-−]4) /);
  });

  it("a renewal that is due is said so", async () => {
    const late = new Date("2027-01-19T00:00:00Z");
    assert.match(
      (await status(DETAILS, late)).stdout,
      /^Renewal is due since .* \(3 days ago\): run `pulumi up`, then push the variables$/m,
    );
  });

  it("the stack's own date of the next renewal wins: with one secret there is no other", async () => {
    const details = { ...DETAILS, secrets: DETAILS.secrets.slice(0, 1), nextRenewal: "2027-01-16T00:00:00Z" };
    assert.match((await status(details, NOW)).stdout, /^Next renewal: .* \(in 53 days\), /m);
    delete (details as StackDetails).nextRenewal;
    assert.doesNotMatch((await status(details, NOW)).stdout, /renewal/i);
  });

  it("where the stack gives no role: what somebody else has to run", async () => {
    const details = {
      ...DETAILS,
      roles: [],
      administratorCommand: "az role assignment create --role Contributor",
    };
    assert.match(
      (await status(details, NOW)).stdout,
      /^Roles: none\n {2}Somebody who may assign roles has to run: az role assignment create --role Contributor$/m,
    );
  });

  it("--json", async () => {
    assert.deepEqual(JSON.parse((await status(DETAILS, NOW, "--json")).stdout), {
      version: 1,
      authentication: "secret",
      secrets: [
        { ...DETAILS.secrets[0], daysLeft: 143 },
        { ...DETAILS.secrets[1], daysLeft: 53 },
      ],
      nextRenewal: "2027-01-16T00:00:00Z",
      renewalIsDue: false,
      trusts: [],
      roles: DETAILS.roles,
      administratorCommand: null,
    });
  });

  describe("--fail-within", () => {
    const at = (iso: string, within: string) => status(DETAILS, new Date(iso), "--fail-within", within);

    it("0 as long as the password that is handed out lives longer", async () => {
      // The one before ends within that time, as it does in every period.
      assert.deepEqual((await at("2027-01-10T00:00:00Z", "14d")).exitCode, 0);
    });

    it("1 when it ends within that time; the status is shown nevertheless", async () => {
      const { exitCode, stdout, stderr } = await at("2027-04-05T00:00:00Z", "14d");
      assert.equal(exitCode, 1);
      assert.match(stdout, /^Authentication: secret$/m);
      assert.equal(
        stderr,
        `himl-sp: SECRET_ENDS_SOON: The password ends ${formatLocalTime("2027-04-16T00:00:00Z")} (in 11 days).\n` +
          "  Run `pulumi up`, then push the variables; see why the schedule that does so did not.\n",
      );
    });

    it("to the instant", async () => {
      assert.equal((await at("2027-04-02T00:00:00Z", "14d")).exitCode, 1);
      assert.equal((await at("2027-04-01T23:59:59Z", "14d")).exitCode, 0);
    });

    it("1 when it has ended", async () => {
      assert.match(
        (await at("2027-04-20T00:00:00Z", "1s")).stderr,
        /^himl-sp: SECRET_EXPIRED: .* \(4 days ago\)\.\n/,
      );
    });

    it("0 for a federated stack: nothing can end", async () => {
      const details: StackDetails = { ...DETAILS, authentication: "federated", secrets: [] };
      assert.equal((await status(details, NOW, "--fail-within", "14d")).exitCode, 0);
    });

    it("2 for a time that is none", async () => {
      const { exitCode, stderr } = await status(DETAILS, NOW, "--fail-within", "two weeks");
      assert.equal(exitCode, 2);
      assert.match(stderr, /It must be a number with s, m, h or d: 90s, 5m, 36h, 14d\./);
    });
  });
});
