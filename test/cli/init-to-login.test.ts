import assert from "node:assert/strict";
import { cp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DeclaredIssuer } from "../../local-azure/control/control";
import { requireEngine } from "../rehearsal/support";
import { REPOSITORY, runCommand } from "./command";
import { answersOfGh, answersOfGit, InitStage } from "./init-stage";
import { RealStack } from "./real-stack";
import type { Answer } from "./stand-ins";
import { DOWN, ENTER } from "./terminal";

const AUDIENCE = "api://AzureADTokenExchange";

/** What `gh` answers to `himl-sp push`. */
const ANSWERS_TO_PUSH: Answer[] = [
  { args: ["secret", "list"], stdout: "[]" },
  { args: ["variable", "list"], stdout: "[]" },
  { args: ["secret", "set"] },
  { args: ["variable", "set"] },
];

describe("himl-sp init --up, in a clone: from three answers to a login", function () {
  this.timeout(300_000);
  let real: RealStack;
  let stage: InitStage;
  let github: DeclaredIssuer;

  before(async function () {
    this.timeout(900_000);
    // `init` makes stacks of its own, with a passphrase.
    real = await RealStack.create(await requireEngine(this), { passphrase: "of this test" });
    stage = await InitStage.create(real.azure);
    github = await real.azure.control.declareIssuer("https://token.actions.githubusercontent.com");
    await cp(path.join(REPOSITORY, "package.json"), path.join(real.project, "package.json"));
  });
  after(async () => {
    await real?.session.close();
    await stage?.close();
  });

  beforeEach(async () => {
    await stage.reset(real.azure.admin);
    await stage.tools.install("git", answersOfGit(real.project));
    await rm(path.join(real.project, ".github"), { recursive: true, force: true });
  });

  const env = () => ({
    ...real.env,
    PATH: [stage.tools.folder, real.session.binFolder].join(path.delimiter),
  });
  // A stack of its own for each: one that the backend has already is somebody else's.
  const open = (stack: string) => stage.openIn(real.project, env(), "--up", "--stack", stack);
  const verify = async (stack: string, more: Record<string, string>) => {
    const { exitCode, stdout, stderr } = await runCommand(["verify", "--from", "stack", "--stack", stack], {
      cwd: real.project,
      env: { ...env(), ...more },
    });
    return { exitCode, said: `${stdout}${stderr}` };
  };

  const subjects: [name: string, customization: object, prefix: string][] = [
    ["by name", { use_default: true, sub_claim_prefix: "repo:octocat/training" }, "repo:octocat/training"],
    [
      "immutable",
      { use_default: true, sub_claim_prefix: "repo:octocat@583231/training@1296269" },
      "repo:octocat@583231/training@1296269",
    ],
    [
      "customised",
      { use_default: false, include_claim_keys: ["repository_owner_id", "repository_id", "context"] },
      "repository_owner_id:583231:repository_id:1296269",
    ],
  ];
  for (const [name, customization, prefix] of subjects) {
    it(`GitHub's subject ${name}: a job of the environment logs in, another one does not`, async () => {
      await stage.tools.install("gh", [
        ...ANSWERS_TO_PUSH,
        ...answersOfGh(customization, { environments: ["production"] }),
      ]);
      const at = await open(name.replace(" ", "-"));
      await at.accept(/Which workspace\?/);
      await at.accept(/Where do the jobs run\?/);
      await at.accept(/Without a password\?/);
      await at.accept(/Write these files\?/);
      await at.expect(/HimlServicePrincipal/);
      await at.accept(/Create what the preview shows/);
      assert.equal(await at.end(), 0, at.shown);
      const pushed = (await stage.tools.calls("gh")).filter(({ args }) => args[1] === "set");
      assert.equal(pushed.length, 5);

      const file = path.join(real.folder, "token");
      const present = async (sub: string) => {
        await writeFile(file, await github.sign({ sub, aud: AUDIENCE }));
        return verify(name.replace(" ", "-"), { AZURE_FEDERATED_TOKEN_FILE: file });
      };
      const good = await present(`${prefix}:environment:production`);
      assert.equal(good.exitCode, 0, good.said);
      assert.match(good.said, /^ok {4}role {11}may submit jobs$/m);
      const bad = await present(`${prefix}:ref:refs/heads/main`);
      assert.match(bad.said, /AADSTS700213/);
    });
  }

  it("with a password: it is verified, and pushed as a secret", async () => {
    await stage.tools.install("gh", [...ANSWERS_TO_PUSH, ...answersOfGh(subjects[0]![1])]);
    const at = await open("password");
    await at.accept(/Which workspace\?/);
    await at.accept(/Where do the jobs run\?/);
    await at.expect(/Without a password\?/);
    at.press(`${DOWN}${ENTER}`);
    await at.accept(/Write these files\?/);
    await at.accept(/Create what the preview shows/);
    await at.accept(/Set AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID, PULUMI_STACK of octocat\/training\?/);
    assert.equal(await at.end(), 0, at.shown);
    assert.match(at.shown, /# \[x\] The workflow reads the variable AZURE_TENANT_ID\./);
    const { exitCode, said } = await verify("password", {});
    assert.equal(exitCode, 0, said);
    const secrets = (await stage.tools.calls("gh")).filter(
      ({ args }) => args[0] === "secret" && args[1] === "set",
    );
    assert.equal(secrets.length, 1);
    assert.ok(!at.shown.includes(secrets[0]!.stdin), "the password is not shown");
  });
});
