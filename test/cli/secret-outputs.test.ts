import assert from "node:assert/strict";
import { runCommandLine } from "../../cli/program";
import { parsePrincipal } from "../../cli/stack/outputs";
import { useShared } from "../support/shared";
import { answerOfExport, DETAILS, VALUES } from "./outputs";
import { rememberingIo } from "./remembering-io";
import { type Answer, StandIns } from "./stand-ins";

const NOW = new Date("2026-11-23T12:00:00Z");
const HIDDEN = "[secret]";
const { HIML_SERVICE_PRINCIPAL_PASSWORD, ...FIVE } = VALUES;

describe("himl-sp, where a setting is secret and outputs are so too", function () {
  this.timeout(30_000);
  const pulumi = useShared(() => StandIns.create({}));

  /** Runs the command on a stack whose outputs are `shown` as they are, or as `decrypted`. */
  async function himlSp(args: readonly string[], shown: object, decrypted: object) {
    const answers: Answer[] = [
      { args: ["stack", "output", "--json", "--show-secrets"], stdout: JSON.stringify(decrypted) },
      answerOfExport(shown),
      { args: ["stack", "--show-name"], stdout: "dev\n" },
    ];
    await pulumi.forgetCalls();
    await pulumi.install("pulumi", answers);
    const io = rememberingIo({ env: { PATH: pulumi.folder }, now: NOW });
    const exitCode = await runCommandLine([...args], io, "0");
    const calls = (await pulumi.calls()).map(({ args }) => args[1]!).filter((verb) => !verb.startsWith("-"));
    return { exitCode, ...io.written, calls };
  }

  const hidden = { ...VALUES, HIML_SERVICE_PRINCIPAL_PASSWORD: HIDDEN };
  const hiddenGroup = { ...hidden, HIML_RESOURCE_GROUP: HIDDEN };
  const decrypted = { ...VALUES, details: DETAILS };

  it("status decrypts where more than the password is secret", async () => {
    for (const shown of [
      hiddenGroup,
      { ...hidden, details: { ...DETAILS, roles: HIDDEN } },
      { details: HIDDEN },
    ]) {
      const { exitCode, stdout, stderr, calls } = await himlSp(["status"], shown, decrypted);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(calls, ["export", "output"]);
      assert.match(stdout, /next renewal 2027-01-16/);
    }
  });

  it("another secret of the program is none of its business", async () => {
    const { calls } = await himlSp(
      ["status"],
      { ...hidden, details: DETAILS, databasePassword: HIDDEN },
      decrypted,
    );
    assert.deepEqual(calls, ["export"]);
  });

  it("env --no-secret decrypts a variable that is secret, and leaves the password out", async () => {
    const { stdout, calls } = await himlSp(
      ["env", "--format", "json", "--no-secret"],
      { ...hiddenGroup, details: DETAILS },
      decrypted,
    );
    assert.deepEqual(JSON.parse(stdout), FIVE);
    assert.ok(!stdout.includes(HIML_SERVICE_PRINCIPAL_PASSWORD));
    assert.deepEqual(calls, ["export", "output"]);
  });

  it("env decrypts all of them in one call", async () => {
    const { stdout, calls } = await himlSp(["env", "--format", "json"], hiddenGroup, decrypted);
    assert.deepEqual(JSON.parse(stdout), VALUES);
    assert.deepEqual(calls, ["output"]);
  });

  describe("several principals in one stack", () => {
    const second = { ...VALUES, HIML_WORKSPACE_NAME: "ws-eval" };
    const both = (password: string | undefined) => {
      const withPassword = (values: typeof VALUES) => ({
        ...values,
        HIML_SERVICE_PRINCIPAL_PASSWORD: password ?? values.HIML_SERVICE_PRINCIPAL_PASSWORD,
        details: DETAILS,
      });
      return { training: withPassword(VALUES), evaluation: withPassword(second), region: "westeurope" };
    };
    const run = (...args: string[]) => himlSp(args, both(HIDDEN), both(undefined));

    it("--principal names one", async () => {
      const { stdout } = await run("env", "--format", "json", "--principal", "evaluation");
      assert.deepEqual(JSON.parse(stdout), second);
      const { stdout: status, calls } = await run("status", "--json", "--principal", "evaluation");
      assert.equal((JSON.parse(status) as { workspace: { name: string } }).workspace.name, "ws-eval");
      assert.deepEqual(calls, ["export"]);
    });

    it("without it, they are named", async () => {
      const { exitCode, stderr } = await run("status");
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^himl-sp: SEVERAL_PRINCIPALS: --principal must name one .*: training, evaluation\.\n/,
      );
    });

    it("one that is not there", async () => {
      for (const name of ["region", "nobody"]) {
        const { stderr } = await run("status", "--principal", name);
        assert.match(
          stderr,
          new RegExp(
            `^himl-sp: NO_SUCH_PRINCIPAL: .* Received "${name}"\\. The stack has training, evaluation\\.`,
          ),
        );
      }
      const { stderr } = await himlSp(
        ["status", "--principal", "x"],
        { ...hidden, details: DETAILS },
        decrypted,
      );
      assert.match(
        stderr,
        /NO_SUCH_PRINCIPAL: .* The stack has one, without a name\.\n {2}Leave out --principal\.\n/,
      );
    });

    it("the only one needs no name", async () => {
      const { training } = both(HIDDEN);
      assert.equal(
        (await himlSp(["status"], { training }, { training: both(undefined).training })).exitCode,
        0,
      );
    });

    it("one that a program made secret as a whole is decrypted", async () => {
      const args = ["status", "--principal", "training"];
      const { exitCode, calls } = await himlSp(args, { ...both(HIDDEN), training: HIDDEN }, both(undefined));
      assert.deepEqual({ exitCode, calls }, { exitCode: 0, calls: ["export", "output"] });
    });
  });

  describe("what is no output of a HimlServicePrincipal is told as what it is", () => {
    const parse = (details: unknown) => () => parsePrincipal({ ...VALUES, details }, true);

    it("another version", () => {
      for (const version of [0, 2, 17])
        assert.throws(parse({ ...DETAILS, version }), {
          code: "OUTPUTS_NEWER",
          message: new RegExp(`version ${version},`),
        });
    });

    const wrong: [field: string, value: unknown][] = [
      ["version", "1"],
      ["version", undefined],
      ["authentication", "password"],
      ["secrets", "none"],
      ["secrets", [{ slot: "a", ends: "soon", current: true }]],
      ["secrets", [{ slot: "::error::", ends: "2027-01-16T00:00:00Z", current: true }]],
      ["secrets", [null]],
      ["trusts", {}],
      ["trusts", ["repo:o/r:ref:refs/heads/main"]],
      ["trusts", [{ issuer: "https://gitlab.com" }]],
      ["roles", [{ role: "Contributor" }]],
      ["nextRenewal", 0],
      ["administratorCommand", []],
    ];
    for (const [field, value] of wrong) {
      it(`${field}: ${JSON.stringify(value)}`, () =>
        assert.throws(parse({ ...DETAILS, [field]: value }), {
          code: "OUTPUTS_INVALID",
          message: `The stack's output \`details\` must be that of a HimlServicePrincipal. Its ${field} is not.`,
        }));
    }

    for (const details of [undefined, [], "text", 1]) {
      it(`none: ${JSON.stringify(details)}`, () =>
        assert.throws(parse(details), { code: "OUTPUTS_MISSING" }));
    }
  });
});
