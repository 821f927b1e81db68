import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { ownStack, OwnStackError } from "../../rehearsal/own-stack";
import { rehearse } from "../../rehearsal/rehearsal";
import { PROJECT, requireEngine } from "./support";

const TENANT = "7d3f1f5c-6f5a-4ac1-9c34-0e2f8b7c9d11";
const SUBSCRIPTION = "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36";
const OWNER = "2c4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c33";
const WORKSPACE = { subscriptionId: SUBSCRIPTION, resourceGroupName: "rg-team", workspaceName: "ws-team" };

describe("npm run rehearse -- --stack NAME", function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "himl-own-"));
    await copyFile(path.join(PROJECT, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
  });
  after(() => rm(folder, { recursive: true }));

  const chapterOf = async (settings: object, provider: object = {}) => {
    const own = Object.entries(settings).map(([name, value]) => [
      `himl-service-principal:${name}`,
      value as unknown,
    ]);
    const config = { ...provider, ...Object.fromEntries(own) } as object;
    await writeFile(path.join(folder, "Pulumi.team.yaml"), stringify({ config }));
    return ownStack(folder, "team");
  };
  const told = async (context: Mocha.Context, ...[settings, provider]: Parameters<typeof chapterOf>) => {
    const { path: engine } = await requireEngine(context);
    return rehearse({
      chapters: [await chapterOf(settings, provider)],
      engine,
      realProviders: [],
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onChapter: () => undefined,
      onStep: () => undefined,
    });
  };

  it("the stack's own settings, in an Azure with their workspace, subscription, tenant and owners", async function () {
    const subject = "repository_id:1296269:environment:production";
    const report = await told(
      this,
      {
        ...WORKSPACE,
        authentication: "both",
        renewSecretsEveryDays: 30,
        owners: [OWNER],
        federatedCredentials: [
          {
            github: {
              repository: "octocat/training",
              subjectPrefix: "repository_id:1296269",
              environment: "production",
            },
          },
        ],
      },
      { "azure-native:tenantId": TENANT },
    );
    assert.deepEqual(
      report.steps.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(report.ok);
    assert.equal(report.leftovers, 0);
    const names = report.steps.map(({ name }) => name);
    assert.equal(report.steps[0]!.detail, "workspace ws-team in resource group rg-team");
    for (const name of [
      `a job with the subject ${subject}`,
      "a pipeline with the password",
      "30 days later: pulumi up",
    ])
      assert.ok(names.includes(name), names.join("\n"));
  });

  it("an application of somebody else's, by its client ID: it is there, and stays", async function () {
    const existingClientId = "4c8e3a56-0f5e-4a52-8c9c-25e10ab3b0ad";
    const report = await told(this, { ...WORKSPACE, existingClientId });
    assert.deepEqual(
      report.steps.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(report.ok);
    assert.equal(report.leftovers, 0);
    const names = report.steps.map(({ name }) => name);
    for (const name of ["a pipeline with the password", "90 days later: pulumi up"])
      assert.ok(names.includes(name), `${name} is among ${names.join(", ")}`);
  });

  it("a setting that cannot work says so in the preview, as it would in Azure", async function () {
    const report = await told(this, { ...WORKSPACE, roles: "No Such Role" });
    assert.equal(report.ok, false);
    const failed = report.steps.filter(({ ok }) => !ok);
    assert.deepEqual(
      failed.map(({ name }) => name),
      ["pulumi preview"],
    );
    assert.match(failed[0]!.detail, /No Such Role/);
  });

  it("a stack without a file of settings, and a setting that is encrypted, are told before anything runs", async () => {
    assert.throws(() => ownStack(folder, "nobody"), OwnStackError);
    await assert.rejects(
      chapterOf({ ...WORKSPACE, displayName: { secure: "v1:abc" } }),
      /himl-service-principal:displayName must not be encrypted/,
    );
  });
});
