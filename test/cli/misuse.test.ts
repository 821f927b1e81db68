import assert from "node:assert/strict";
import fc from "fast-check";
import { runCommandLine } from "../../cli/program";
import { checkAzureDevOpsOptions, checkGithubOptions } from "../../cli/push/targets";
import { rememberingIo } from "./remembering-io";

/** Each option of each command that takes a value, and what else the command must be given. */
const COMMANDS: [command: string[], given: string[], options: string[]][] = [
  [["env"], ["--format", "json"], ["--format", "--stack", "--cwd"]],
  [
    ["push", "github"],
    ["--repo", "octocat/training"],
    ["--repo", "--environment", "--hostname", "--stack", "--cwd"],
  ],
  [
    ["push", "azure-devops"],
    ["--organization", "https://dev.azure.com/contoso", "--project", "ml", "--group", "himl"],
    ["--organization", "--project", "--group", "--stack", "--cwd"],
  ],
  [["verify"], [], ["--from", "--expect", "--wait", "--stack", "--cwd"]],
  [["status"], [], ["--fail-within", "--stack", "--cwd"]],
  [["rotate"], ["--yes"], ["--wait", "--stack", "--cwd"]],
];

async function misuse(args: readonly string[]): Promise<string> {
  // No PATH: what is not refused ends with the exit code 1, PULUMI_NOT_FOUND.
  const io = rememberingIo({ env: {} });
  assert.equal(await runCommandLine(args, io, "0.0.0"), 2, `${args.join(" ")}\n${io.written.stderr}`);
  assert.equal(io.written.stdout, "");
  return io.written.stderr;
}

describe("An option that is given without a value is misuse", () => {
  for (const [command, given, options] of COMMANDS) {
    for (const option of options) {
      const others = given.filter((_, i) => given[i - 1] !== option && given[i] !== option);
      for (const value of ["", " ", "\t"]) {
        it(`${command.join(" ")} ${option} ${JSON.stringify(value)}`, async () => {
          const stderr = await misuse([...command, ...others, option, value]);
          assert.match(stderr, new RegExp(`${option}|must be a number with s, m, h or d`));
        });
      }
      it(`${command.join(" ")} ${option}=`, () => misuse([...command, ...others, `${option}=`]));
      it(`${command.join(" ")} ${option}, and then another option`, () =>
        misuse([...command, ...others, option, "--cwd", "."]));
    }
  }

  it("says all of them at once, and what to do", async () => {
    assert.equal(
      await misuse(["push", "github", "--repo", "", "--environment", "", "--stack", "--dry-run"]),
      [
        "himl-sp: OPTION_WITHOUT_VALUE: --repo must have a value. Received an empty one.",
        "  --environment must have a value. Received an empty one.",
        "  --stack must have a value. Received --dry-run, which is another option.",
        "  Leave the option out, or give its value; in a script, make sure that the variable is set.",
        "",
      ].join("\n"),
    );
  });
});

describe("Where the password goes is a name, and nothing that leads elsewhere", () => {
  const misused = (code: string) => ({ code, exitCode: 2 });

  for (const repo of ["octocat/training", "o/r", "contoso-ml/.github", "user_contoso/a.b_c-d", "o1/1"]) {
    it(`--repo ${repo}`, () => checkGithubOptions({ repo }));
  }
  for (const repo of [
    ...[
      "training",
      "../x",
      "o/..",
      "o/.",
      "../../o",
      "o/r/",
      "/o/r",
      "o//r",
      "evil.example/o/r",
      "github.com/o/r",
    ],
    ...[
      "https://github.com/o/r",
      "git@github.com:o/r",
      "o/r.git",
      "-o/r",
      "o-/r",
      "o/r ",
      "o/r\n",
      "o/r?x",
      "o/r#x",
    ],
    ...["o/r%2e", "o\\r", "@o/r", "o/ä", `${"o".repeat(40)}/r`, `o/${"r".repeat(101)}`, "$(x)/r"],
  ]) {
    it(`not --repo ${JSON.stringify(repo)}`, () =>
      assert.throws(() => checkGithubOptions({ repo }), misused("INVALID_REPOSITORY")));
  }

  for (const hostname of ["github.contoso.com", "contoso.ghe.com"])
    it(`--hostname ${hostname}`, () => checkGithubOptions({ repo: "o/r", hostname }));
  for (const hostname of [
    "https://github.com",
    "github.com/evil",
    "user@evil.example",
    "a b.c",
    "host",
    "1.2.3.4",
    "-a.b",
    "a.b:1",
  ]) {
    it(`not --hostname ${hostname}`, () =>
      assert.throws(() => checkGithubOptions({ repo: "o/r", hostname }), misused("INVALID_HOSTNAME")));
  }

  for (const environment of ["production", "production west", "prod/eu", "Ünïted"])
    it(`--environment ${environment}`, () => checkGithubOptions({ repo: "o/r", environment }));
  for (const environment of ["..", ".", "a\nb", "a\u202eb", "@/etc/passwd", "x".repeat(256)]) {
    it(`not --environment ${JSON.stringify(environment.slice(0, 20))}`, () =>
      assert.throws(() => checkGithubOptions({ repo: "o/r", environment }), misused("INVALID_ENVIRONMENT")));
  }

  const group = { project: "ml", group: "himl" };
  for (const organization of [
    ...[
      "https://dev.azure.com/contoso",
      "https://dev.azure.com/contoso-ml/",
      "https://contoso.visualstudio.com",
    ],
  ]) {
    it(`--organization ${organization}`, () => checkAzureDevOpsOptions({ organization, ...group }));
  }
  for (const organization of [
    ...["https://dev.azure.com.evil/", "https://dev.azure.com.evil/contoso", "http://dev.azure.com/contoso"],
    ...[
      "https://dev.azure.com/",
      "https://dev.azure.com",
      "https://dev.azure.com/contoso/../evil",
      "contoso",
    ],
    ...["https://dev.azure.com@evil.example/contoso", "https://user:password@dev.azure.com/contoso"],
    ...[
      "https://dev.azure.com:8443/contoso",
      "https://dev.azure.com/contoso?x",
      "https://dev.azure.com/contoso#x",
    ],
    ...[
      "https://evil.example/visualstudio.com",
      "https://evil.visualstudio.com.example",
      "https://dev.azure.com/a\n",
    ],
    ...["https://dev.azure.com\\contoso", " https://dev.azure.com/contoso", "https://dev.аzure.com/contoso"],
  ]) {
    it(`not --organization ${JSON.stringify(organization)}`, () =>
      assert.throws(
        () => checkAzureDevOpsOptions({ organization, ...group }),
        misused("INVALID_ORGANIZATION"),
      ));
  }

  it("no name of a project or group is the name of a file to the Azure CLI", () => {
    const organization = "https://dev.azure.com/contoso";
    for (const name of ["@/etc/passwd", "@x", "a\0b"]) {
      const ask = (more: object) => () => checkAzureDevOpsOptions({ organization, ...group, ...more });
      assert.throws(ask({ project: name }), misused("INVALID_PROJECT"));
      assert.throws(ask({ group: name }), misused("INVALID_GROUP"));
    }
  });

  it("whatever is taken for a repository is two names", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab./\\@:-_ ~%?#\n0A".split("")), maxLength: 12 });
    fc.assert(
      fc.property(text, (repo) => {
        try {
          checkGithubOptions({ repo });
        } catch {
          return;
        }
        const url = new URL(`https://api.github.com/repos/${repo}/actions/secrets`);
        assert.equal(url.href, `https://api.github.com/repos/${repo}/actions/secrets`);
        assert.equal(repo.split("/").length, 2);
      }),
      { numRuns: 5_000 },
    );
  });
});
