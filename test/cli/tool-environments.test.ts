import assert from "node:assert/strict";
import { environmentFor } from "../../cli/tools/environments";
import { runCommand } from "./command";
import { answersOfPulumi, VALUES } from "./outputs";
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

describe("Each tool gets what it needs of the environment", () => {
  for (const tool of ["gh", "az", "git", "pulumi"] as const) {
    it(tool, () => {
      const env = environmentFor(tool, { ...NEEDED, ...SECRETS_AS_ENVIRONMENT });
      const secrets = Object.keys(SECRETS).filter((name) => name in env);
      assert.deepEqual(
        secrets,
        Object.keys(SECRETS).filter((name) => SECRETS[name]!.includes(tool)),
      );
      for (const name of Object.keys(NEEDED)) assert.ok(name in env, name);
    });
  }

  it("the settings of az and gh pass", () => {
    const az = { AZURE_CONFIG_DIR: "x", AZURE_CORE_OUTPUT: "x", AZURE_DEVOPS_EXT_GITHUB_PAT: "x" };
    const gh = { GH_CONFIG_DIR: "x", GH_HOST: "github.contoso.com" };
    assert.deepEqual(environmentFor("az", { ...az, ...gh }), az);
    assert.deepEqual(environmentFor("gh", { ...az, ...gh }), gh);
  });

  it("himl-sp: no tool sees the secret of another one, and the password is in no argument", async function () {
    this.timeout(120_000);
    const standIns = await StandIns.create({
      pulumi: answersOfPulumi(),
      gh: [{ args: [], stdout: "[]" }],
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
