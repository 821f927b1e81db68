import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { checkClouds } from "../../components/plan/clouds";
import { readWorkspaceConfig } from "../../stack/workspace-config";

const SUBSCRIPTION = "00000000-0000-4000-8000-000000000000";
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/ws-ml`;
const FIELDS = { subscription_id: SUBSCRIPTION, resource_group: "rg-ml", workspace_name: "ws-ml" };
const VALUES = { subscriptionId: SUBSCRIPTION, resourceGroupName: "rg-ml", workspaceName: "ws-ml" };

describe("config.json, as azureml-core and azure-ai-ml read it", () => {
  let root: string;
  let project: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "himl-config-"));
    project = path.join(root, "a", "b");
    mkdirSync(project, { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (at: string, content: string | Buffer) => {
    mkdirSync(path.dirname(path.join(root, at)), { recursive: true });
    writeFileSync(path.join(root, at), content);
  };
  const read = (file = "config.json") => {
    const { values, problems } = readWorkspaceConfig(file, project);
    return problems.length > 0 ? problems.map(({ must }) => must) : values;
  };

  const shapes: Record<string, unknown> = {
    "three fields": FIELDS,
    "Scope, and no Id": { Id: null, Scope: ID },
    "Scope alone": { Scope: ID },
    "Id alone": { Id: ID },
    "Scope with a slash at the end": { Id: null, Scope: `${ID}/` },
    "Scope without the slash at the beginning": { Scope: ID.slice(1) },
    "Scope before fields of another workspace": { ...FIELDS, workspace_name: "other", Scope: ID },
    "an empty Scope, and fields": { ...FIELDS, Scope: "", Id: null },
    "further fields": { ...FIELDS, location: "westeurope", tags: { a: [1] } },
  };
  for (const [shape, content] of Object.entries(shapes))
    it(shape, () => {
      write("a/b/config.json", JSON.stringify(content));
      assert.deepEqual(read(), VALUES);
    });

  it("Scope in another letter case: the names as they stand there", () => {
    write("a/b/config.json", JSON.stringify({ Id: null, Scope: ID.toUpperCase() }));
    assert.deepEqual(read(), {
      subscriptionId: SUBSCRIPTION,
      resourceGroupName: "RG-ML",
      workspaceName: "WS-ML",
    });
  });

  it("refuses what is no regular file, at once, and what is longer than any config.json", function () {
    const refused = ["be the path of a file that can be read, from the folder of the project"];
    if (process.platform !== "win32") {
      for (const device of ["/dev/zero", "/dev/null", "/dev/stdin"]) {
        assert.deepEqual(read(device), refused);
        symlinkSync(device, path.join(project, "config.json"));
        assert.deepEqual(read(), refused, device);
        rmSync(path.join(project, "config.json"));
      }
      execFileSync("mkfifo", [path.join(project, "config.json")]);
      assert.deepEqual(read(), refused, "a pipe into which nobody writes");
      rmSync(path.join(project, "config.json"));
    }
    write("a/b/config.json", `${JSON.stringify(FIELDS)}${" ".repeat(100_000)}`);
    assert.deepEqual(read(), refused);
  });

  it("a Scope that is no workspace's is refused, with what is missing", () => {
    write(
      "a/b/config.json",
      JSON.stringify({ Scope: `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml` }),
    );
    assert.deepEqual(read(), ["have the ID of a workspace as Scope, with its workspace_name"]);
  });

  const text = JSON.stringify({ ...FIELDS, resource_group: "rg-bücher" }, null, 2).replaceAll("\n", "\r\n");
  const encodings: Record<string, Buffer> = {
    "UTF-8": Buffer.from(text, "utf8"),
    "UTF-8 with a byte order mark": Buffer.from(`\ufeff${text}`, "utf8"),
    "UTF-16, as PowerShell's > writes it": Buffer.from(`\ufeff${text}`, "utf16le"),
    "UTF-16, the high byte first": Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
  };
  for (const [encoding, bytes] of Object.entries(encodings))
    it(encoding, () => {
      write("a/b/config.json", bytes);
      assert.deepEqual(read(), { ...VALUES, resourceGroupName: "rg-bücher" });
    });

  for (const at of [
    "a/b/config.json",
    "a/b/.azureml/config.json",
    "a/b/aml_config/config.json",
    "a/config.json",
    "a/.azureml/config.json",
    ".azureml/config.json",
  ])
    it(`in ${at}, from a/b`, () => {
      write(at, JSON.stringify(FIELDS));
      for (const file of ["config.json", ".", "./config.json"]) assert.deepEqual(read(file), VALUES, file);
    });

  it("the nearest goes first", () => {
    write("a/config.json", JSON.stringify({ ...FIELDS, workspace_name: "far" }));
    write("a/b/.azureml/config.json", JSON.stringify({ ...FIELDS, workspace_name: "near" }));
    assert.deepEqual(read(), { ...VALUES, workspaceName: "near" });
  });
});

describe("The cloud of the providers", () => {
  const settings = ["azuread:environment", "azure-native:environment", "ARM_ENVIRONMENT"] as const;
  it("is public in each spelling that both providers read", () => {
    for (const name of [
      "public",
      "Public",
      "global",
      "AzureCloud",
      "azurecloud",
      "AzurePublicCloud",
      "AZUREPUBLICCLOUD",
      "AzurePublic",
      "publiccloud",
      "AzureGlobalCloud",
      "azure",
      "",
    ])
      for (const setting of settings) assert.deepEqual(checkClouds({ [setting]: name }), [], name);
  });

  it("is refused in each spelling of another", () => {
    for (const name of [
      "usgovernment",
      "AzureUSGovernment",
      "AzureUSGovernmentCloud",
      "china",
      "AzureChinaCloud",
      "german",
      "AzureGermanCloud",
      "dod",
      "publics",
      "azurestack",
    ])
      for (const setting of settings) assert.equal(checkClouds({ [setting]: name }).length, 1, name);
  });
});
