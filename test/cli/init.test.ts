import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { answersOfGh, answersOfGit, InitStage, NAMED } from "./init-stage";
import { CTRL_C, DOWN, ENTER, type Terminal } from "./terminal";
import { useShared } from "../support/shared";

const BY_NAME = {
  use_default: true,
  use_immutable_subject: false,
  sub_claim_prefix: "repo:octocat/training",
};
const IMMUTABLE = { ...BY_NAME, sub_claim_prefix: "repo:octocat@583231/training@1296269" };
const CUSTOMISED = {
  use_default: false,
  include_claim_keys: ["repository_owner_id", "repository_id", "context"],
};
const PLUGIN = [".gitignore", "PulumiPlugin.yaml", NAMED, "package.json"].map(
  (name) => `himl-service-principal/${name}`,
);
const TRAIN = ".github/workflows/train-with-himl.yml";

interface YamlProject {
  packages: Record<string, string>;
  resources: { himl: { properties: Record<string, unknown> } };
  outputs: Record<string, string>;
}

describe("himl-sp init, at a terminal", function () {
  this.timeout(120_000);
  const stage = useShared(() => InitStage.create());
  let terminal: Terminal | undefined;
  afterEach(() => terminal?.close());

  const open = async (...args: string[]) => (terminal = await stage.open(...args));
  const readProject = async () => parse(await stage.read("Pulumi.yaml")) as YamlProject;

  const inRepository = async (customization: object | number, environments: string[] = []) => {
    await stage.reset(stage.azure.admin);
    await stage.tools.install("git", answersOfGit(stage.folder));
    await stage.tools.install("gh", answersOfGh(customization, { environments }));
  };
  const acceptAll = async (at: Terminal) => {
    await at.accept(/Which workspace\?/);
    await at.accept(/Where do the jobs run\?/);
    await at.accept(/Without a password\?/);
    await at.accept(/Write these files\?/);
    assert.equal(await at.end(), 0, at.shown);
  };

  const subjects: [string, object, string][] = [
    ["by name", BY_NAME, "repo:octocat/training"],
    ["immutable", IMMUTABLE, "repo:octocat@583231/training@1296269"],
    ["customised", CUSTOMISED, "repository_owner_id:583231:repository_id:1296269"],
  ];
  for (const [name, customization, subjectPrefix] of subjects) {
    it(`three answers, each accepted by one key: GitHub's subject ${name}`, async () => {
      await inRepository(customization, ["staging", "production"]);
      const at = await open();
      await acceptAll(at);
      assert.match(at.shown, new RegExp(`Trust in +${subjectPrefix}:environment:production`));
      const { himl } = (await readProject()).resources;
      assert.deepEqual(himl.properties, {
        subscriptionId: stage.azure.subscriptionId,
        resourceGroupName: stage.azure.resourceGroup,
        workspaceName: stage.azure.workspaceName,
        authentication: "federated",
        federatedCredentials: [
          { github: { repository: "octocat/training", subjectPrefix, environment: "production" } },
        ],
      });
      assert.deepEqual(await stage.files(), [TRAIN, "Pulumi.dev.yaml", "Pulumi.yaml", ...PLUGIN]);
      assert.match(await stage.read(TRAIN), /^ {4}environment: production$/m);
    });
  }

  it("a repository without environments: jobs on its default branch, and a pipeline that names no environment", async () => {
    await inRepository(404);
    const at = await open();
    await acceptAll(at);
    assert.match(at.shown, /GitHub does not say whether the repository was renamed or transferred/);
    assert.deepEqual((await readProject()).resources.himl.properties["federatedCredentials"], [
      { github: { repository: "octocat/training", subjectPrefix: "repo:octocat/training", branch: "main" } },
    ]);
    assert.doesNotMatch(await stage.read(TRAIN), /environment: /);
  });

  it("the organisation's template, which the login may not read: its keys are asked for", async () => {
    await inRepository({ use_default: false });
    const at = await open();
    await at.accept(/Which workspace\?/);
    await at.accept(/Where do the jobs run\?/);
    await at.accept(/Without a password\?/);
    await at.answer(/needs the right read:org to be read\. Its keys/, "repository_id, job_workflow_ref");
    await at.answer(/The subject contains job_workflow_ref/, "octocat/flows/train.yml@refs/heads/main");
    await at.expect(/It lets in every job, on any branch and in pull requests, of octocat\/training/);
    await at.accept(/Write these files\?/);
    assert.equal(await at.end(), 0);
    assert.deepEqual((await readProject()).resources.himl.properties["federatedCredentials"], [
      {
        github: {
          repository: "octocat/training",
          subjectPrefix: "repository_id:1296269:job_workflow_ref:octocat/flows/train.yml@refs/heads/main",
          anyJob: true,
        },
      },
    ]);
  });

  it("with a password: the pipeline that renews and pushes, with the names filled in", async () => {
    await inRepository(BY_NAME, ["gpu jobs"]);
    const at = await open();
    await at.accept(/Which workspace\?/);
    await at.accept(/Where do the jobs run\?/);
    await at.expect(/Without a password\?/);
    at.press(`${DOWN}${ENTER}`);
    await at.accept(/Write these files\?/);
    assert.equal(await at.end(), 0);
    const project = await readProject();
    assert.equal(project.resources.himl.properties["authentication"], "secret");
    assert.equal(project.outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"], "${himl.clientSecret}");
    const renew = await stage.read(".github/workflows/renew-himl-secret.yml");
    assert.match(renew, /PULUMI_STACK: dev$/m);
    assert.match(
      renew,
      /himl-service-principal\/node_modules\/\.bin\/himl-sp push github --repo "\$TRAINING_REPOSITORY" --hostname github\.com --environment 'gpu jobs'/,
    );
    assert.match(renew, /TRAINING_REPOSITORY: octocat\/training$/m);
    assert.match(renew, /run: pulumi install$/m);
    assert.match(
      at.shown,
      /himl-sp push github --stack dev --repo octocat\/training --hostname github\.com --environment "gpu jobs"/,
    );
  });

  it("a workspace among 300 in two subscriptions, by typing parts of its name", async () => {
    const before = stage.azure.control.snapshot();
    const { subscriptionId, otherSubscriptionId, resourceGroup } = stage.azure;
    for (let index = 0; index < 300; index++) {
      const isOther = index % 3 === 0;
      stage.azure.control.createWorkspace({
        subscriptionId: isOther ? otherSubscriptionId : subscriptionId,
        resourceGroup: isOther ? "rg-other" : resourceGroup,
        name: `ws-${index}`,
      });
    }
    await stage.reset(stage.azure.admin);
    const at = await open("--pipeline", "other", "--password");
    await at.expect(/Which workspace\? \(type to search\)/);
    at.press("other 27");
    await at.expect(/❯ ws-27 {2}\(resource group rg-other, Contoso Other\)/);
    at.press(`${DOWN}${ENTER}`);
    await at.expect(/Workspace +ws-270 in rg-other, Contoso Other/);
    await at.accept(/Write these files\?/);
    assert.equal(await at.end(), 0, at.shown);
    assert.equal((await readProject()).resources.himl.properties["workspaceName"], "ws-270");
    stage.azure.control.restore(before);
  });

  it("hi-ml's config.json of a parent goes first, whatever else the login sees", async () => {
    await stage.reset(stage.azure.admin);
    const below = path.join(stage.folder, "code", "train");
    await mkdir(below, { recursive: true });
    const config = {
      subscription_id: stage.azure.subscriptionId,
      resource_group: "rg-other",
      workspace_name: "ws-other",
    };
    await writeFile(path.join(stage.folder, "config.json"), JSON.stringify(config));
    const at = await open("--cwd", below, "--pipeline", "other", "--password");
    await at.accept(/❯ ws-other {2}\(resource group rg-other, Contoso ML, from ..\/..\/config\.json\)/);
    await at.expect(/may not read the workspace ws-other \(Azure refused \(ResourceGroupNotFound\)\)/);
    at.press(ENTER);
    assert.equal(await at.end(), 1);
    assert.match(at.shown, /NOT_ALLOWED/);
  });

  it("hi-ml's config.json of a folder below, anywhere in the repository: the one nearest to its top", async () => {
    await stage.reset(stage.azure.admin);
    const { folder, azure } = stage;
    const config = (workspace_name: string) => ({
      subscription_id: azure.subscriptionId,
      resource_group: azure.resourceGroup,
      workspace_name,
    });
    const files: Record<string, object> = {
      "web/config.json": { port: 8080 },
      "code/deep/config.json": config("ws-deep"),
      "training/config.json": config(azure.workspaceName),
    };
    for (const [file, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), JSON.stringify(content));
    }
    const listed = [...Object.keys(files), "tsconfig.json"].map((file) => `${file}\0`).join("");
    await stage.tools.install("git", answersOfGit(folder, undefined, listed));
    const at = await open("--pipeline", "other", "--password");
    await at.accept(/❯ ws-ml {2}\(resource group rg-ml, Contoso ML, from training\/config\.json\)/);
    await at.accept(/Write these files\?/);
    assert.equal(await at.end(), 0, at.shown);
    assert.equal((await readProject()).resources.himl.properties["workspaceName"], azure.workspaceName);
  });

  it("Ctrl+C at a question: nothing is written", async () => {
    await inRepository(BY_NAME);
    const at = await open();
    await at.accept(/Which workspace\?/);
    await at.expect(/Where do the jobs run\?/);
    at.press(CTRL_C);
    assert.equal(await at.end(), 1);
    assert.match(at.shown, /INTERRUPTED: Interrupted; nothing was written\./);
    assert.deepEqual(await stage.files(), []);
  });

  it("no to the screen: nothing is written", async () => {
    await inRepository(BY_NAME);
    const at = await open();
    await at.accept(/Which workspace\?/);
    await at.accept(/Where do the jobs run\?/);
    await at.accept(/Without a password\?/);
    await at.answer(/Write these files\?/, "n");
    assert.equal(await at.end(), 1);
    assert.deepEqual(await stage.files(), []);
  });

  it("a file that exists is changed only after its diff and a yes", async () => {
    await inRepository(BY_NAME);
    await mkdir(path.dirname(path.join(stage.folder, TRAIN)), { recursive: true });
    await writeFile(path.join(stage.folder, TRAIN), "name: mine\n");
    const at = await open();
    await at.accept(/Which workspace\?/);
    await at.accept(/Where do the jobs run\?/);
    await at.accept(/Without a password\?/);
    await at.accept(/Write these files\?/);
    await at.expect(/^-name: mine\r?$/m);
    await at.accept(/Change \.github\/workflows\/train-with-himl\.yml\?/);
    assert.equal(await at.end(), 1);
    assert.equal(await stage.read(TRAIN), "name: mine\n");
    assert.deepEqual(await stage.files(), [TRAIN]);
  });

  it("run again, it finds its answers, and what others set in its files stays", async () => {
    await inRepository(IMMUTABLE, ["production", "review"]);
    const first = await open("--environment", "review", "--pipeline", "github");
    await first.accept(/Which workspace\?/);
    await first.accept(/Which repository\?/);
    await first.accept(/Without a password\?/);
    await first.accept(/Write these files\?/);
    assert.equal(await first.end(), 0, first.shown);
    const settings = await stage.read("Pulumi.dev.yaml");
    await writeFile(path.join(stage.folder, "Pulumi.dev.yaml"), `${settings}encryptionsalt: v1:abc\n`);
    const written = await Promise.all((await stage.files()).map((file) => stage.read(file)));

    await stage.tools.install("git", answersOfGit(undefined));
    const again = await open();
    await acceptAll(again);
    assert.match(again.shown, /Pulumi\.dev\.yaml {2}unchanged/);
    assert.deepEqual(await Promise.all((await stage.files()).map((file) => stage.read(file))), written);
  });
});
