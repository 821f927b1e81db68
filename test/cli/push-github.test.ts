import assert from "node:assert/strict";
import { answerOfRepository, answersOfPulumi } from "./outputs";
import { argsOf, FEDERATED, PASSWORD, placesOf, PLAIN, push, standIns } from "./push-stage";
import type { Answer } from "./stand-ins";

describe("himl-sp push github", function () {
  this.timeout(30_000);
  afterEach(() => standIns.remove());
  const repository = answerOfRepository;
  const gh = (...before: Answer[]): Answer[] => [
    ...before,
    ...["contoso/training", "o/r"].map((name) => repository(name)),
    { args: ["secret", "list"], stdout: "[]" },
    { args: ["variable", "list"], stdout: "[]" },
    ...["secret", "variable"].map((kind): Answer => ({ args: [kind, "set"] })),
    { args: ["secret", "delete"] },
  ];
  const pushGithub = (answers: Answer[], ...args: string[]) =>
    push(["github", "--repo", "contoso/training", ...args], { gh: answers });

  it("sets one secret and five variables, with gh's own command lines", async () => {
    const { exitCode, stdout, stderr } = await pushGithub(gh());
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: "" });
    assert.deepEqual(argsOf(await standIns.calls("gh")), [
      "api --hostname github.com repos/contoso/training",
      "secret list --repo=github.com/contoso/training --json name",
      "variable list --repo=github.com/contoso/training --json name",
      "secret set HIML_SERVICE_PRINCIPAL_PASSWORD --repo=github.com/contoso/training",
      ...PLAIN.map(
        ([name, value]) => `variable set ${name} --repo=github.com/contoso/training --body=${value}`,
      ),
    ]);
    assert.match(
      stderr,
      /^HIML_SERVICE_PRINCIPAL_PASSWORD: secret created\nHIML_SERVICE_PRINCIPAL_ID: variable created\n/,
    );
  });

  it("the password is on gh's stdin, to the byte, and nowhere else", async () => {
    const { stdout, stderr } = await pushGithub(gh());
    const calls = await standIns.calls();
    assert.deepEqual(
      calls
        .filter((call) => placesOf(call).length > 0)
        .map((call) => [call.args.slice(0, 3).join(" "), placesOf(call)]),
      [["secret set HIML_SERVICE_PRINCIPAL_PASSWORD", ["stdin"]]],
    );
    assert.equal(calls.find(({ args }) => args[1] === "set")?.stdin, PASSWORD);
    assert.ok(!`${stdout}${stderr}`.includes(PASSWORD));
  });

  it("gh is never left to ask", async () => {
    await pushGithub(gh());
    for (const { env } of await standIns.calls("gh")) assert.equal(env["GH_PROMPT_DISABLED"], "1");
  });

  it("--environment", async () => {
    await pushGithub(gh(), "--environment", "production west");
    for (const { args } of (await standIns.calls("gh")).slice(1)) {
      assert.ok(args.includes("--env=production west"), args.join(" "));
    }
  });

  it("a federated stack: no password, and one left from before is deleted", async () => {
    const before = {
      args: ["secret", "list"],
      stdout: '[{"name":"HIML_SERVICE_PRINCIPAL_PASSWORD"},{"name":"OTHER"}]',
    };
    const { exitCode, stderr } = await push(["github", "--repo", "o/r"], {
      pulumi: answersOfPulumi(FEDERATED),
      gh: gh(before),
    });
    assert.equal(exitCode, 0);
    const calls = argsOf(await standIns.calls("gh"));
    assert.ok(!calls.some((call) => call.startsWith("secret set")));
    assert.equal(calls.at(-1), "secret delete HIML_SERVICE_PRINCIPAL_PASSWORD --repo=github.com/o/r");
    assert.match(stderr, /^The stack is federated: there is no password to push\.\n/);
    assert.match(stderr, /HIML_SERVICE_PRINCIPAL_PASSWORD: secret deleted\n$/);
  });

  it("a federated stack, and no password from before: nothing is deleted", async () => {
    await push(["github", "--repo", "o/r"], { pulumi: answersOfPulumi(FEDERATED), gh: gh() });
    assert.ok(!argsOf(await standIns.calls("gh")).some((call) => call.startsWith("secret delete")));
  });

  it("--dry-run lists names and targets, has nothing decrypted and writes nothing", async () => {
    const before = { args: ["variable", "list"], stdout: '[{"name":"HIML_TENANT_ID"}]' };
    const { exitCode, stdout } = await pushGithub(gh(before), "--dry-run");
    assert.equal(exitCode, 0);
    assert.equal(
      stdout,
      [
        "create\tsecret\tHIML_SERVICE_PRINCIPAL_PASSWORD\tgithub.com/contoso/training",
        "create\tvariable\tHIML_SERVICE_PRINCIPAL_ID\tgithub.com/contoso/training",
        "update\tvariable\tHIML_TENANT_ID\tgithub.com/contoso/training",
        "create\tvariable\tHIML_SUBSCRIPTION_ID\tgithub.com/contoso/training",
        "create\tvariable\tHIML_RESOURCE_GROUP\tgithub.com/contoso/training",
        "create\tvariable\tHIML_WORKSPACE_NAME\tgithub.com/contoso/training",
        "",
      ].join("\n"),
    );
    assert.ok(!argsOf(await standIns.calls()).some((call) => /--show-secrets| set /.test(call)));
  });

  it("--json says what was done, or would be", async () => {
    for (const isDryRun of [true, false]) {
      const { exitCode, stdout } = await pushGithub(gh(), "--json", ...(isDryRun ? ["--dry-run"] : []));
      assert.equal(exitCode, 0);
      const { steps, ...rest } = JSON.parse(stdout) as { steps: { name: string }[] };
      assert.deepEqual(rest, { version: 1, ok: true, target: "github.com/contoso/training", isDryRun });
      assert.deepEqual(steps[0], {
        name: "HIML_SERVICE_PRINCIPAL_PASSWORD",
        action: "create",
        isSecret: true,
      });
      assert.equal(steps.length, 6);
      await standIns.remove();
    }
    const { stdout } = await pushGithub(gh({ args: ["secret", "set"], exitCode: 1 }), "--json");
    const { version, ok, code } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual({ version, ok, code }, { version: 1, ok: false, code: "PUSH_INCOMPLETE" });
  });

  describe("a repository that cannot take the values: before anything is decrypted or written, in a dry run too", () => {
    const environments = (...names: string[]): Answer => ({
      args: ["api", "--hostname", "github.com", "repos/contoso/training/environments?per_page=100&page=1"],
      stdout: JSON.stringify({ environments: names.map((name) => ({ name })) }),
    });
    const noSuchPlace = { args: ["secret", "list"], exitCode: 1, stderr: "HTTP 404: Not Found\n" };
    const failures: [what: string, answers: Answer[], args: string[], expected: RegExp][] = [
      ...["archived", "disabled"].map((state): [string, Answer[], string[], RegExp] => [
        state,
        [repository("contoso/training", { [state]: true })],
        [],
        /^himl-sp: TARGET_READ_ONLY: github\.com\/contoso\/training must take new values\. The repository is archived or disabled/,
      ]),
      [
        "renamed",
        [{ ...repository("contoso/models"), args: repository("contoso/training").args }],
        [],
        /^himl-sp: TARGET_RENAMED: .* is called contoso\/models now; .*\n {2}Use --repo contoso\/models\.\n$/,
      ],
      [
        "no such environment",
        [noSuchPlace, environments("staging", "live")],
        ["--environment", "production"],
        /^himl-sp: TARGET_MISSING: .* Received "production"\. The repository has staging, live\.\n/,
      ],
      [
        "an environment that the login may not read",
        [noSuchPlace, environments("production")],
        ["--environment", "production"],
        /^himl-sp: GH_NO_ACCESS: /,
      ],
    ];
    for (const [what, answers, args, expected] of failures) {
      it(what, async () => {
        for (const dryRun of [[], ["--dry-run"]]) {
          const { exitCode, stdout, stderr } = await pushGithub(gh(...answers), ...args, ...dryRun);
          assert.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: "" });
          assert.match(stderr, expected);
          assert.ok(!argsOf(await standIns.calls()).some((call) => /--show-secrets| set /.test(call)));
          await standIns.remove();
        }
      });
    }
  });

  it("a password among the plain variables is told", async () => {
    const before = { args: ["variable", "list"], stdout: '[{"name":"HIML_SERVICE_PRINCIPAL_PASSWORD"}]' };
    assert.match(
      (await pushGithub(gh(before))).stderr,
      /is also a plain variable of github\.com\/contoso\/training, .* `himl-sp rotate`/,
    );
  });

  describe("without --hostname", () => {
    const git = (host: string): Answer[] => {
      const settings = [
        "-c",
        "core.fsmonitor=false",
        "-c",
        "safe.bareRepository=explicit",
        "-C",
        process.cwd(),
      ];
      return [
        { args: [...settings, "rev-parse"], stdout: `${process.cwd()}\n` },
        { args: [...settings, "remote"], stdout: `origin\thttps://${host}/Contoso/Training.git (push)\n` },
      ];
    };
    const pushFrom = (host: string, ...answers: Answer[]) =>
      push(["github", "--repo", "contoso/training"], { gh: gh(...answers), git: git(host) });

    it("the host is that of the repository's git remote, if gh is logged in to it", async () => {
      const loggedIn = { args: ["auth", "token", "--hostname", "github.contoso.com"], stdout: "x" };
      const atHost = { ...repository("contoso/training") };
      atHost.args = ["api", "--hostname", "github.contoso.com", "repos/contoso/training"];
      const { exitCode, stderr } = await pushFrom("github.contoso.com", loggedIn, atHost);
      assert.equal(exitCode, 0, stderr);
      assert.ok(
        argsOf(await standIns.calls("gh")).every((call) => call.includes("github.contoso.com")),
        "every call names the host",
      );
    });

    it("a remote on a host that nobody is logged in to is asked nothing", async () => {
      const { exitCode, stderr } = await pushFrom("codeberg.org", { args: ["auth"], exitCode: 1 });
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        /HOSTNAME_REQUIRED: --hostname must say which contoso\/training is meant\. .* on codeberg\.org\.\n/,
      );
      assert.deepEqual(argsOf(await standIns.calls("gh")), ["auth token --hostname codeberg.org"]);
    });

    it("git that cannot be asked is told, and the host is github.com", async () => {
      const dubious = {
        args: [],
        exitCode: 128,
        stderr: "fatal: detected dubious ownership in repository\n",
      };
      const { exitCode, stderr } = await push(["github", "--repo", "contoso/training"], {
        gh: gh(),
        git: [dubious],
      });
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /^The host is github\.com, since git cannot be asked: .*dubious ownership/);
    });
  });

  describe("fails before the first write", () => {
    const failures: [code: string, answer: Answer, message: RegExp][] = [
      [
        "GH_NOT_LOGGED_IN",
        {
          args: ["secret", "list"],
          exitCode: 4,
          stderr: "To get started with GitHub CLI, please run:  gh auth login\n",
        },
        /The `gh` command must be logged in to github\.com\. It is not\.\n {2}`gh auth login --hostname github\.com`, or set GH_TOKEN\.\n$/,
      ],
      [
        "GH_NO_ACCESS",
        {
          args: ["secret", "list"],
          exitCode: 1,
          stderr: "failed to get secrets: HTTP 404: Not Found (https://api.github.com/x)\n",
        },
        /GitHub refused: failed to get secrets: HTTP 404: Not Found .*\n {2}Repository and environment must exist/,
      ],
      [
        "TOOL_FAILED",
        { args: ["variable", "list"], exitCode: 1, stderr: "unknown flag: --json\n" },
        /`gh variable list --repo=github\.com\/contoso\/training --json` ended with exit code 1: unknown flag: --json\n/,
      ],
    ];
    it("TOOL_TOO_OLD: gh of Debian 12 has no --json", async () => {
      const old = { args: ["--version"], stdout: "gh version 2.23.0 (2023-02-27 Debian 2.23.0+dfsg1-1)\n" };
      const { exitCode, stderr } = await pushGithub(
        gh({ args: ["secret", "list"], exitCode: 1, stderr: "unknown flag: --json\n" }, old),
      );
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^himl-sp: TOOL_TOO_OLD: The `gh` command must be version 2\.45\.0 or newer\. It is 2\.23\.0\. /,
      );
      assert.match(stderr, /unknown flag: --json/);
    });

    for (const [code, answer, message] of failures) {
      it(code, async () => {
        const { exitCode, stderr } = await pushGithub(gh(answer));
        assert.equal(exitCode, 1);
        assert.ok(stderr.startsWith(`himl-sp: ${code}: `), stderr);
        assert.match(stderr, message);
        assert.ok(!argsOf(await standIns.calls()).some((call) => / set /.test(call)));
      });
    }

    it("GH_NOT_FOUND", async () => {
      const { exitCode, stderr } = await push(["github", "--repo", "o/r"], {});
      assert.equal(exitCode, 1);
      assert.match(stderr, /^himl-sp: GH_NOT_FOUND: .*\n {2}Install it: https:\/\/cli\.github\.com\n$/);
    });

    it("INVALID_REPOSITORY is misuse", async () => {
      const { exitCode, stderr } = await push(["github", "--repo", "training"], { gh: gh() });
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        /^himl-sp: INVALID_REPOSITORY: --repo must be OWNER\/NAME\. Received "training"\.\n/,
      );
      assert.deepEqual(await standIns.calls(), []);
    });
  });

  it("a failed write: which values are there, and which are not", async () => {
    const refuse = {
      args: ["variable", "set", "HIML_SUBSCRIPTION_ID"],
      exitCode: 1,
      stderr: `HTTP 500: ${PASSWORD}\n`,
    };
    const { exitCode, stderr } = await pushGithub(gh(refuse));
    assert.equal(exitCode, 1);
    const [report] = /himl-sp: PUSH_INCOMPLETE: .*/s.exec(stderr) ?? [""];
    assert.equal(
      report,
      [
        "himl-sp: PUSH_INCOMPLETE: Only 3 of 6 writes to github.com/contoso/training succeeded. `gh variable set HIML_SUBSCRIPTION_ID --repo=github.com/contoso/training` ended with exit code 1: HTTP 500: ***",
        "  Done: HIML_SERVICE_PRINCIPAL_PASSWORD (create), HIML_SERVICE_PRINCIPAL_ID (create), HIML_TENANT_ID (create).",
        "  Not done: HIML_SUBSCRIPTION_ID (create), HIML_RESOURCE_GROUP (create), HIML_WORKSPACE_NAME (create).",
        "  Fix the cause, then run it again. It writes everything again, which does no harm.",
        "",
      ].join("\n"),
    );
  });
});
