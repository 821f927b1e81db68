import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Session } from "../../rehearsal/engine/session";
import { runCommand } from "../cli/command";
import { answersOfGh, answersOfGit, InitStage } from "../cli/init-stage";
import { startPlugin } from "../plugin/plugin-process";
import { PROJECT, requireEngine } from "../rehearsal/support";
import { obtainLanguageTool } from "../support/language-tools";
import { useShared } from "../support/shared";
import { skipUnlessAvailable } from "./availability";

describe("himl-sp init in an empty folder: the YAML project, up to a login", function () {
  this.timeout(900_000);
  const stage = useShared(() => InitStage.create());

  it("a job with the subject that GitHub says logs in", async function () {
    const engine = await requireEngine(this);
    const yaml = await skipUnlessAvailable(this, "YAML", () => obtainLanguageTool("pulumi-language-yaml"));
    await stage.reset(stage.azure.admin);
    await stage.tools.install("git", answersOfGit(stage.folder));
    const prefix = "repo:octocat@583231/training@1296269";
    await stage.tools.install(
      "gh",
      answersOfGh({ use_default: true, sub_claim_prefix: prefix }, { environments: ["production"] }),
    );
    const { exitCode, stderr } = await stage.run("--yes");
    assert.equal(exitCode, 0, stderr);

    const plugin = await startPlugin(path.join(PROJECT, "plugin"), stage.folder);
    const session = await Session.open({
      engine,
      project: stage.folder,
      stackName: "dev",
      environment: stage.azure.direct,
      attached: { folders: [path.dirname(yaml)], providers: [plugin.attached] },
    });
    const tokens = await mkdtemp(path.join(tmpdir(), "himl-token-"));
    try {
      const { outputs } = await session.up();
      const { authentication } = outputs["details"] as { authentication: string };
      assert.equal(authentication, "federated");
      const github = await stage.azure.control.declareIssuer("https://token.actions.githubusercontent.com");
      const file = path.join(tokens, "token");
      await writeFile(
        file,
        await github.sign({ sub: `${prefix}:environment:production`, aud: "api://AzureADTokenExchange" }),
      );
      const variables = Object.entries(outputs).filter(
        (output): output is [string, string] =>
          output[0].startsWith("HIML_") && typeof output[1] === "string",
      );
      const verified = await runCommand(["verify", "--from", "environment"], {
        env: { ...stage.env, ...Object.fromEntries(variables), AZURE_FEDERATED_TOKEN_FILE: file },
      });
      assert.equal(verified.exitCode, 0, verified.stderr);
      await session.destroy();
    } finally {
      await rm(tokens, { recursive: true });
      await session.close();
      await plugin.close();
    }
  });
});
