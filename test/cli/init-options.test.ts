import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { answersOfGh, answersOfGit, InitStage, NAMED } from "./init-stage";
import type { Answer } from "./stand-ins";
import { useShared } from "../support/shared";

const BY_NAME = { use_default: true, sub_claim_prefix: "repo:octocat/training" };
const PLUGIN = [".gitignore", "PulumiPlugin.yaml", NAMED, "package.json"].map(
  (name) => `himl-service-principal/${name}`,
);
const GITHUB = ["--pipeline", "github", "--repo", "octocat/training", "--environment", "production"];
const DEVOPS = [
  "--pipeline",
  "azure-devops",
  "--organization",
  "https://dev.azure.com/contoso",
  "--project",
  "ML",
];
const ISSUER = "https://login.microsoftonline.com/7d3f1f5c-6f5a-4ac1-9c34-0e2f8b7c9d11/v2.0";
const SUBJECT = "/eid1/c/pub/t/X1-Rdw/a/abc/sc/0d9f/1b4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c22";

describe("himl-sp init, without a terminal", function () {
  this.timeout(60_000);
  const stage = useShared(() => InitStage.create());
  beforeEach(async () => {
    await stage.reset(stage.azure.admin, answersOfAzDevOps());
    await stage.tools.install("gh", answersOfGh(BY_NAME, { environments: ["production"] }));
  });

  const properties = async () =>
    (
      parse(await stage.read("Pulumi.yaml")) as {
        resources: { himl: { properties: Record<string, unknown> } };
      }
    ).resources.himl.properties;
  const assertNothingWritten = async () => assert.deepEqual(await stage.files(), []);

  it("without options: exit 2, all that is missing, and nothing was looked up", async () => {
    const { exitCode, stdout, stderr } = await stage.run();
    assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: "" });
    assert.match(
      stderr,
      /OPTIONS_MISSING: Without a terminal, or with --yes, these must be given: --workspace NAME, --pipeline github\|azure-devops\|other, --password or --no-password, --yes\.\n/,
    );
    assert.deepEqual(await stage.tools.calls(), []);
  });

  it("--yes takes the answers that are ready, and names all that are missing", async () => {
    const { exitCode, stderr } = await stage.run("--yes");
    assert.equal(exitCode, 2);
    assert.match(stderr, /must be given: --pipeline github\|azure-devops\|other\.\n/);
    await assertNothingWritten();
  });

  it("every answer as an option: written without a question, and what is left on stdout", async () => {
    const { exitCode, stdout, stderr } = await stage.run(
      "--workspace",
      "ws-ml",
      ...GITHUB,
      "--no-password",
      "--yes",
    );
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(
      stdout.split("\n").filter((line) => !line.startsWith("#")),
      [
        "pulumi login file://~",
        "pulumi install",
        "pulumi stack select --create dev",
        "pulumi up --stack dev",
        "himl-service-principal/node_modules/.bin/himl-sp push github --stack dev --repo octocat/training --hostname github.com --environment production",
        "gh variable set COMPUTE_CLUSTER --repo github.com/octocat/training --body CLUSTER",
        "git status",
        "",
      ],
    );
  });

  it("--language typescript: a project whose program is this repository's own", async () => {
    const args = [
      "--workspace",
      "rg-ml/ws-ml",
      ...GITHUB,
      "--yes",
      "--language",
      "typescript",
      "--stack",
      "prod",
    ];
    const { exitCode, stderr, stdout } = await stage.run(...args);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^npx --no -- himl-sp push github --stack prod /m);
    assert.deepEqual(await stage.files(), [
      ".github/workflows/train-with-himl.yml",
      ".gitignore",
      "Pulumi.prod.yaml",
      "Pulumi.yaml",
      NAMED,
      "index.ts",
      "package.json",
      "tsconfig.json",
    ]);
    const { config } = parse(await stage.read("Pulumi.prod.yaml")) as { config: Record<string, unknown> };
    const { subscriptionId, tenantId } = stage.azure;
    assert.deepEqual(config, {
      "azure-native:subscriptionId": subscriptionId,
      "azure-native:tenantId": tenantId,
      "azuread:tenantId": tenantId,
      "himl-training:subscriptionId": subscriptionId,
      "himl-training:resourceGroupName": "rg-ml",
      "himl-training:workspaceName": "ws-ml",
      "himl-training:authentication": "federated",
      "himl-training:federatedCredentials": [
        {
          github: {
            repository: "octocat/training",
            subjectPrefix: "repo:octocat/training",
            environment: "production",
          },
        },
      ],
    });
  });

  it("GitHub Enterprise Server: its own issuer, and gh is asked with its host", async () => {
    await stage.tools.install("gh", answersOfGh(BY_NAME, { host: "github.contoso.com" }));
    const { exitCode, stderr } = await stage.run(
      "--yes",
      "--pipeline",
      "github",
      "--repo",
      "octocat/training",
      "--hostname",
      "github.contoso.com",
      "--branch",
      "main",
    );
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual((await properties())["federatedCredentials"], [
      {
        issuer: "https://github.contoso.com/_services/token",
        subject: "repo:octocat/training:ref:refs/heads/main",
      },
    ]);
  });

  it("a repository that gh cannot read: nothing is guessed", async () => {
    await stage.tools.install("gh", [{ args: ["api"], exitCode: 1, stderr: "gh: Not Found (HTTP 404)\n" }]);
    const { exitCode, stderr } = await stage.run("--yes", ...GITHUB);
    assert.equal(exitCode, 1);
    assert.match(stderr, /REPOSITORY_UNREADABLE: `gh` must be able to read octocat\/training on github\.com/);
    await assertNothingWritten();
  });

  it("a template that tells nobody's jobs from anybody's is refused", async () => {
    const keys = { use_default: false, include_claim_keys: ["context", "actor"] };
    await stage.tools.install("gh", answersOfGh(keys));
    const { exitCode, stderr } = await stage.run("--yes", ...GITHUB, "--claim", "actor=octocat");
    assert.equal(exitCode, 1);
    assert.match(stderr, /SUBJECT_LETS_ANYBODY_IN/);
    await assertNothingWritten();
  });

  it("Azure DevOps: issuer and subject of the service connection, and its name in the pipeline", async () => {
    const { exitCode, stderr } = await stage.run("--yes", ...DEVOPS);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual((await properties())["federatedCredentials"], [
      { azureDevOps: { issuer: ISSUER, subject: SUBJECT } },
    ]);
    const pipeline = await stage.read("azure-pipelines/train-with-himl.yml");
    assert.match(pipeline, /azureSubscription: himl-workload$/m);
    assert.doesNotMatch(pipeline, /principal\b.*type: git|checkout: principal|himl-sp/);
  });

  it("Azure DevOps: organisation and project from git remote, a draft by issuer and subject", async () => {
    await stage.tools.install(
      "git",
      answersOfGit(stage.folder, "https://contoso@dev.azure.com/contoso/ML/_git/train"),
    );
    const { exitCode, stderr } = await stage.run(
      ...["--yes", "--service-connection", "draft"],
      ...["--issuer", ISSUER, "--subject", SUBJECT],
    );
    assert.equal(exitCode, 0, stderr);
    assert.match(await stage.read("azure-pipelines/train-with-himl.yml"), /azureSubscription: draft$/m);
  });

  it("Azure DevOps with a password: the pipeline that renews", async () => {
    const { exitCode, stderr, stdout } = await stage.run("--yes", ...DEVOPS, "--password");
    assert.equal(exitCode, 0, stderr);
    const pipeline = parse(await stage.read("azure-pipelines/renew-himl-secret.yml")) as {
      variables: object[];
    };
    assert.deepEqual(pipeline.variables.at(-1), { name: "PULUMI_STACK", value: "dev" });
    assert.match(
      stdout,
      /push azure-devops --stack dev --organization https:\/\/dev\.azure\.com\/contoso --project ML --group himl$/m,
    );
  });

  it("somewhere else: a password by default, and no pipeline", async () => {
    const { exitCode, stdout } = await stage.run("--yes", "--pipeline", "other");
    assert.equal(exitCode, 0);
    assert.deepEqual(await stage.files(), ["Pulumi.dev.yaml", "Pulumi.yaml", ...PLUGIN]);
    assert.match(stdout, /himl-sp env --stack dev --format dotenv > \.env$/m);
  });

  it("an existing file that differs: --yes alone does not overwrite it, --overwrite does", async () => {
    const pipeline = path.join(stage.folder, ".github", "workflows", "train-with-himl.yml");
    await mkdir(path.dirname(pipeline), { recursive: true });
    await writeFile(pipeline, "name: mine\n");
    const refused = await stage.run("--yes", ...GITHUB);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /^-name: mine$/m);
    assert.match(refused.stderr, /must be given: --overwrite/);
    assert.deepEqual(await stage.files(), [".github/workflows/train-with-himl.yml"]);
    assert.equal((await stage.run("--yes", ...GITHUB, "--overwrite")).exitCode, 0);
    assert.match(await stage.read(".github/workflows/train-with-himl.yml"), /azure\/login/);
  });

  it("somebody else's project is left alone", async () => {
    await writeFile(path.join(stage.folder, "Pulumi.yaml"), "name: website\nruntime: python\n");
    const { exitCode, stderr } = await stage.run("--yes", ...GITHUB);
    assert.equal(exitCode, 1);
    assert.match(stderr, /OTHER_PROJECT: .* It has the project "website"\./);
  });

  it("az is not logged in, or not there", async () => {
    await stage.tools.install("az", [
      { args: [], exitCode: 1, stderr: "ERROR: Please run 'az login' to setup account.\n" },
    ]);
    assert.match((await stage.run("--yes", ...GITHUB)).stderr, /AZ_NOT_LOGGED_IN/);
  });

  it("a workspace that is not there: those that are", async () => {
    const { exitCode, stderr } = await stage.run("--yes", ...GITHUB, "--workspace", "ws-typo");
    assert.equal(exitCode, 1);
    assert.match(stderr, /WORKSPACE_NOT_FOUND: .*"ws-typo" names none\.\n.*rg-ml\/ws-ml in Contoso ML/);
  });

  describe("what the login may do", () => {
    const as = (options: Parameters<typeof stage.azure.control.createPerson>[0]) => {
      const person = stage.azure.control.createPerson({ scope: stage.verify.group, ...options });
      return stage.reset(person, answersOfAzDevOps()).then(() => person);
    };
    const elsewhere = () => stage.run("--yes", "--pipeline", "other");
    const restrict = (usersCanRegisterApplications: boolean) =>
      stage.azure.control.setPolicy({ usersCanRegisterApplications });
    afterEach(() => restrict(true));

    it("may register, where the tenant lets its users; may assign as Owner", async () => {
      await as({ displayName: "Ada", role: "Owner" });
      const { exitCode, stderr } = await elsewhere();
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /ok {2}may register an application: the tenant lets its users do that/);
      assert.match(stderr, /ok {2}may assign a role on the resource group rg-ml: your roles allow it/);
      assert.match(stderr, /ok {2}may read the workspace ws-ml/);
    });

    it("may not register: who can grant it, and nothing is written", async () => {
      restrict(false);
      await as({ displayName: "Ben", role: "Owner" });
      const { exitCode, stderr } = await elsewhere();
      assert.equal(exitCode, 1);
      assert.match(stderr, /NOT_ALLOWED: Your login must be allowed to register an application\. It is not/);
      assert.match(stderr, /Ask an administrator of the tenant for the directory role Application Developer/);
      await assertNothingWritten();
    });

    it("may register by a directory role, though the tenant lets only some", async () => {
      restrict(false);
      await as({ displayName: "Cleo", role: "Owner", directoryRoles: ["Application Developer"] });
      const { exitCode, stderr } = await elsewhere();
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /ok {2}may register an application: the directory role Application Developer/);
    });

    it("whether it may register could not be checked: it goes on, and says so", async () => {
      const { control } = stage.azure;
      await stage.reset(
        control.createCaller({ displayName: "robot", role: "Owner", scope: stage.verify.group }),
      );
      const { exitCode, stderr } = await elsewhere();
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /\?\? {2}could not be checked: may it register an application/);
    });

    it("may not assign: the role is left to an administrator", async () => {
      await as({ displayName: "Dora", role: "Contributor" });
      const { exitCode, stderr } = await elsewhere();
      assert.equal(exitCode, 0, stderr);
      assert.match(
        stderr,
        /NO {2}may not assign a role on the resource group rg-ml: none of your roles allows Microsoft\.Authorization\/roleAssignments\/write\n +Somebody with the role Owner/,
      );
      assert.match(stderr, /Role +none: an administrator assigns it/);
      assert.deepEqual((await properties())["roles"], []);
    });

    it("may be refused, where the right to assign has a condition", async () => {
      const { objectId } = await as({ displayName: "Emil", role: "Contributor" });
      const administrator = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
      const assignments = `${stage.verify.group}/providers/Microsoft.Authorization`;
      await stage.verify.asAdmin(
        "PUT",
        `https://management.azure.com${assignments}/roleAssignments/6f1c0b62-7a0e-4b6a-9a43-3d1f2a5b7c01?api-version=2022-04-01`,
        {
          properties: {
            principalId: objectId,
            principalType: "User",
            roleDefinitionId: `/subscriptions/${stage.azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${administrator}`,
            condition:
              "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal'))",
            conditionVersion: "2.0",
          },
        },
      );
      const { exitCode, stderr } = await elsewhere();
      assert.equal(exitCode, 0, stderr);
      assert.match(
        stderr,
        /\?\? {2}may be refused to assign a role on the resource group rg-ml: your right to assign roles has a condition/,
      );
      assert.equal((await properties())["roles"], undefined);
    });

    it("sees no workspace", async () => {
      await as({
        displayName: "Fritz",
        role: "Reader",
        scope: stage.verify.group.replace("rg-ml", "rg-private"),
      });
      const { exitCode, stderr } = await elsewhere();
      assert.equal(exitCode, 1);
      assert.match(stderr, /NO_WORKSPACE: .* It sees none in Contoso ML, Contoso Other\./);
      await assertNothingWritten();
    });
  });
});

/** As recorded from `az devops` (extension azure-devops), with made-up IDs. */
function answersOfAzDevOps(): Answer[] {
  const endpoint = (name: string, scheme: string, parameters: object) => ({
    name,
    type: "azurerm",
    authorization: { scheme, parameters: { tenantid: "7d3f1f5c", ...parameters } },
  });
  const endpoints = [
    endpoint("classic", "ServicePrincipal", { authenticationType: "spnKey" }),
    endpoint("himl-workload", "WorkloadIdentityFederation", {
      workloadIdentityFederationIssuer: ISSUER,
      workloadIdentityFederationSubject: SUBJECT,
    }),
  ];
  return [
    {
      args: ["devops", "project", "list"],
      stdout: JSON.stringify({ value: [{ name: "ML" }, { name: "Web" }] }),
    },
    { args: ["devops", "service-endpoint", "list"], stdout: JSON.stringify(endpoints) },
  ];
}
