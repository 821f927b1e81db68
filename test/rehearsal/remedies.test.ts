import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../../cli/tools/process";
import { Session } from "../../rehearsal/engine/session";
import { type SettingName, SETTINGS } from "../../stack/settings";
import { refusalOf as refusal } from "../support/settings";
import { PROJECT, requireEngine } from "./support";

const WORKSPACE = { resourceGroupName: "rg-ml", workspaceName: "ws-ml" };

/** A value that is refused, for each setting: the refusal shows the command. */
const WRONG: Partial<Record<SettingName, string>> = {
  owners: '[null, null, "x"]',
  roles: '[null, "Reader"]',
  federatedCredentials: "[null]",
  authentication: "password",
  allowPrivilegedRoles: "maybe",
  keyVault: "kv_ml",
};

describe("The commands that refused settings show, run by a shell and Pulumi itself", function () {
  this.timeout(120_000);
  let session: Session;

  before(async function () {
    this.timeout(900_000);
    if (process.platform === "win32") this.skip();
    session = await Session.open({
      engine: await requireEngine(this),
      program: () => Promise.resolve({}),
      project: path.join(PROJECT, "Pulumi.yaml"),
      environment: {},
    });
    await writeFile(
      path.join(session.projectFolder, "config.json"),
      JSON.stringify({
        subscription_id: "00000000-0000-0000-0000-000000000000",
        resource_group: "rg-ml",
        workspace_name: "ws-ml",
      }),
    );
  });
  after(() => session?.close());

  const refusalOf = (values: Record<string, string>) =>
    refusal(values, { projectFolder: session.projectFolder });

  for (const name of Object.keys(SETTINGS) as SettingName[])
    it(name, async () => {
      await session.configure({ [name]: WRONG[name] ?? "" });
      const refusal = refusalOf({ ...WORKSPACE, [name]: WRONG[name] ?? "" });
      const commands = [...refusal.matchAll(/`(pulumi config (?:rm|set) [^`]+)`/g)]
        .map(([, line]) => line!)
        .filter((line) => line.includes(name));
      assert.notEqual(commands.length, 0, refusal);
      const { exitCode, stderr } = await run("bash", ["-ec", [...new Set(commands)].join("\n")], {
        cwd: session.projectFolder,
        env: {
          ...process.env,
          ...session.variables,
          PATH: `${session.binFolder}${path.delimiter}${process.env["PATH"]}`,
        },
      });
      assert.equal(exitCode, 0, stderr);
      const shown = JSON.parse(await session.expectPulumi("config", "--json")) as Record<
        string,
        { value: string }
      >;
      const { value } = shown[`himl-service-principal:${name}`]!;
      const after = refusalOf({ ...(name === "workspaceConfig" ? {} : WORKSPACE), [name]: value });
      // Others may be missing beside it: a federated login needs trusts, a vault secrets.
      assert.doesNotMatch(after, new RegExp(`^  ${name}\\b(?! must be left out)`, "m"), value);
      await session.configure({ [name]: undefined });
    });
});
