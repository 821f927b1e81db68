import assert from "node:assert/strict";
import { AZ } from "../../cli/tools/az";
import { ghOf } from "../../cli/tools/gh";
import { GIT } from "../../cli/tools/git";
import { PULUMI } from "../../cli/tools/pulumi";
import { environmentFor } from "../../cli/tools/tool";
import { runCommand } from "./command";
import { answerOfRepository, answersOfPulumi, VALUES } from "./outputs";
import { StandIns } from "./stand-ins";

/** What a job of a pipeline has in its environment, and which tool may have it. */
const SECRETS: Record<string, readonly ("gh" | "az" | "git" | "pulumi")[]> = {
  PULUMI_CONFIG_PASSPHRASE: ["pulumi"],
  PULUMI_ACCESS_TOKEN: ["pulumi"],
  ARM_CLIENT_SECRET: ["pulumi"],
  AZURE_CLIENT_SECRET: ["pulumi"],
  AZURE_STORAGE_KEY: ["pulumi"],
  AWS_SECRET_ACCESS_KEY: ["pulumi"],
  HIML_SERVICE_PRINCIPAL_PASSWORD: [],
  GH_TOKEN: ["gh"],
  GITHUB_TOKEN: ["gh", "pulumi"],
  AZURE_DEVOPS_EXT_PAT: ["az"],
  IDENTITY_HEADER: ["az", "pulumi"],
  NPM_TOKEN: ["pulumi"],
  SYSTEM_ACCESSTOKEN: ["pulumi"],
};

/** What they need, whoever they are. */
const NEEDED = {
  PATH: "/bin",
  HOME: "/home/u",
  HTTPS_PROXY: "http://proxy",
  https_proxy: "http://proxy",
  REQUESTS_CA_BUNDLE: "/ca.pem",
  LC_ALL: "C.UTF-8",
  XDG_CONFIG_HOME: "/home/u/.config",
  SystemRoot: "C:\\Windows",
  "ProgramFiles(x86)": "C:\\Program Files (x86)",
};

const TOOLS = { gh: ghOf("github.com"), az: AZ, git: GIT, pulumi: PULUMI };

describe("Each tool gets all of the environment but the secrets of others", () => {
  for (const [its, tool] of Object.entries(TOOLS)) {
    it(its, () => {
      const env = environmentFor(tool, { ...NEEDED, ...SECRETS_AS_ENVIRONMENT });
      const secrets = Object.keys(SECRETS).filter((name) => name in env);
      assert.deepEqual(
        secrets,
        Object.keys(SECRETS).filter((name) => (SECRETS[name] as readonly string[]).includes(its)),
      );
      for (const needed of Object.keys(NEEDED)) assert.ok(needed in env, needed);
    });
  }

  it("what changes a tool's output, or whom it asks by default, reaches none; its other settings do", () => {
    const manners = {
      ...{
        GH_HOST: "github.contoso.com",
        GH_REPO: "o/r",
        GH_FORCE_TTY: "80",
        CLICOLOR_FORCE: "1",
        PAGER: "less",
      },
      ...{
        AZURE_CORE_OUTPUT: "table",
        AZURE_DEFAULTS_GROUP: "rg",
        GIT_TRACE: "1",
        PULUMI_OPTION_COLOR: "always",
      },
    };
    const settings = {
      ...{
        AZURE_CONFIG_DIR: "x",
        GH_CONFIG_DIR: "x",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
      },
      ...{ SSH_AUTH_SOCK: "x", DOTNET_ROOT: "x", PULUMI_BACKEND_URL: "x" },
    };
    for (const tool of Object.values(TOOLS))
      assert.deepEqual(environmentFor(tool, { ...manners, ...settings }), { ...settings, ...tool.set });
  });

  it("himl-sp: no tool sees the secret of another one, and the password is in no argument", async function () {
    this.timeout(120_000);
    const standIns = await StandIns.create({
      pulumi: answersOfPulumi(),
      gh: [answerOfRepository("o/r"), { args: [], stdout: "[]" }],
      az: [{ args: [], stdout: '[{"id":7,"name":"himl","variables":{}}]' }],
    });
    try {
      const env = { ...SECRETS_AS_ENVIRONMENT, PATH: standIns.folder };
      const organization = ["--organization", "https://dev.azure.com/contoso", "--project", "ml"];
      const github = await runCommand(["push", "github", "--repo", "o/r"], { env });
      assert.equal(github.exitCode, 0, github.stderr);
      const azure = await runCommand(["push", "azure-devops", ...organization, "--group", "himl"], { env });
      assert.equal(azure.exitCode, 0, azure.stderr);
      const calls = await standIns.calls();
      assert.deepEqual([...new Set(calls.map(({ tool }) => tool))].sort(), ["az", "gh", "pulumi"]);
      for (const { tool, args, env: seen } of calls) {
        for (const [name, tools] of Object.entries(SECRETS)) {
          if ((tools as readonly string[]).includes(tool)) continue;
          const places = Object.keys(seen).filter((each) => seen[each]!.includes(`secret of ${name}`));
          assert.deepEqual(places, [], `${tool} ${args.join(" ")} sees ${name}`);
        }
        assert.ok(!args.join("\n").includes(VALUES.HIML_SERVICE_PRINCIPAL_PASSWORD), tool);
      }
    } finally {
      await standIns.remove();
    }
  });
});

const SECRETS_AS_ENVIRONMENT = Object.fromEntries(
  Object.keys(SECRETS).map((name) => [name, `secret of ${name}`]),
);
