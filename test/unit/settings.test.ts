import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { InvalidValuesError } from "../../components/plan/problems";
import { SETTINGS } from "../../stack/settings";
import { parse as parseIn } from "../support/settings";

const GUID = "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36";
const OTHER_GUID = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6";
const WORKSPACE = { resourceGroupName: "rg-ml", workspaceName: "ws-ml" };
const CONFIG_JSON = { subscription_id: GUID, resource_group: "rg-ml", workspace_name: "ws-ml" };

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "himl-settings-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const parse = (values: Record<string, string>, secretNames: string[] = []) =>
  parseIn(values, { secretNames: new Set(secretNames), projectFolder: folder });

/** The problems as lines; the first line of the message, which counts them, is checked here. */
function problemsOf(values: Record<string, string>, secretNames: string[] = []): string[] {
  let message: string | undefined;
  assert.throws(
    () => parse(values, secretNames),
    (error) => {
      assert.ok(error instanceof InvalidValuesError);
      assert.equal(error.code, "HIML_INVALID_VALUES");
      message = error.message;
      return true;
    },
  );
  const [first, ...lines] = message!.split("\n");
  const count = lines.length / 2;
  assert.equal(
    first,
    `Settings of stack dev: ${count} problem${count === 1 ? "" : "s"}. Nothing was changed.`,
  );
  return lines.map((line) => line.trim());
}

const writeConfig = (content: string) => writeFileSync(path.join(folder, "config.json"), content);

describe("Settings", () => {
  it("need a workspace and nothing else", () => {
    assert.deepEqual(parse(WORKSPACE), { workspaceName: "ws-ml", resourceGroupName: "rg-ml" });
  });

  it("are read as what they are", () => {
    assert.deepEqual(
      parse({
        ...WORKSPACE,
        subscriptionId: GUID,
        displayName: "himl-training",
        description: "Nightly training",
        owners: JSON.stringify([GUID, OTHER_GUID]),
        serviceManagementReference: "4711",
        roles: "owner",
        allowPrivilegedRoles: "true",
        authentication: "both",
        federatedCredentials: '[{"github": {"repository": "octocat/training", "branch": "main"}}]',
        renewSecretsEveryDays: "30",
        secretGeneration: "2",
        keyVault: '{"vault": "kv-ml", "allVariables": true, "secretPrefix": "training"}',
      }),
      {
        ...{ workspaceName: "ws-ml", resourceGroupName: "rg-ml", subscriptionId: GUID },
        displayName: "himl-training",
        description: "Nightly training",
        owners: [GUID, OTHER_GUID],
        serviceManagementReference: "4711",
        roles: ["owner"],
        allowPrivilegedRoles: true,
        authentication: "both",
        federatedCredentials: [{ github: { repository: "octocat/training", branch: "main" } }],
        renewSecretsEveryDays: 30,
        secretGeneration: 2,
        keyVault: { vault: "kv-ml", allVariables: true, secretPrefix: "training" },
      },
    );
  });

  it("allow what Azure allows in a resource group: letters of any script, brackets, 90 characters", () => {
    for (const resourceGroupName of ["Größe_(1).x-y", "机器学习", "r".repeat(90)]) {
      assert.equal(parse({ ...WORKSPACE, resourceGroupName }).resourceGroupName, resourceGroupName);
    }
  });

  const bad: [string, Record<string, string>, string][] = [
    [
      "a resource group with a period at its end",
      { resourceGroupName: "rg." },
      'resourceGroupName must have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period. Received "rg.".',
    ],
    [
      "a resource group with a slash",
      { resourceGroupName: "a/b" },
      'resourceGroupName must have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period. Received "a/b".',
    ],
    [
      "a resource group of 91 characters",
      { resourceGroupName: "r".repeat(91) },
      `resourceGroupName must have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period. Received "${"r".repeat(91)}".`,
    ],
    [
      "an empty resource group",
      { resourceGroupName: "" },
      'resourceGroupName must have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period. Received "".',
    ],
    [
      "a workspace of 2 characters",
      { workspaceName: "ws" },
      'workspaceName must have 3 to 33 letters, digits, - or _, the first a letter or a digit. Received "ws".',
    ],
    [
      "a workspace that begins with a hyphen",
      { workspaceName: "-ws-ml" },
      'workspaceName must have 3 to 33 letters, digits, - or _, the first a letter or a digit. Received "-ws-ml".',
    ],
    [
      "a workspace of 34 characters",
      { workspaceName: "w".repeat(34) },
      `workspaceName must have 3 to 33 letters, digits, - or _, the first a letter or a digit. Received "${"w".repeat(34)}".`,
    ],
    [
      "a subscription that is no GUID",
      { subscriptionId: "my-subscription" },
      'subscriptionId must be a GUID. Received "my-subscription".',
    ],
    [
      "an empty display name",
      { displayName: "  " },
      'displayName must have 1 to 120 characters. Received "  ".',
    ],
    [
      "a display name of 121 characters",
      { displayName: "n".repeat(121) },
      `displayName must have 1 to 120 characters. Received "${"n".repeat(60)}… (121 characters)".`,
    ],
    [
      "an unknown role",
      { roles: "Contribtor" },
      'roles must be the name of a built-in role of Azure ML or the GUID of any role. Received "Contribtor".',
    ],
    [
      "a privileged role",
      { roles: "Owner" },
      'roles must not let its holder give itself every other role, unless allowPrivilegedRoles is true. Received "Owner".',
    ],
    [
      "a privileged role by GUID",
      { roles: "18D7D88D-d35e-4fb5-a5c3-7773c20a72d9" },
      'roles must not let its holder give itself every other role, unless allowPrivilegedRoles is true. Received "18D7D88D-d35e-4fb5-a5c3-7773c20a72d9".',
    ],
    [
      "a period of 0",
      { renewSecretsEveryDays: "0" },
      'renewSecretsEveryDays must be a whole number of days from 1 to 365. Received "0".',
    ],
    [
      "a negative period",
      { renewSecretsEveryDays: "-1" },
      'renewSecretsEveryDays must be a whole number of days from 1 to 365. Received "-1".',
    ],
    [
      "a fractional period",
      { renewSecretsEveryDays: "1.5" },
      'renewSecretsEveryDays must be a whole number of days from 1 to 365. Received "1.5".',
    ],
    [
      "a period over 365",
      { renewSecretsEveryDays: "366" },
      'renewSecretsEveryDays must be a whole number of days from 1 to 365. Received "366".',
    ],
    [
      "a period that is no number",
      { renewSecretsEveryDays: "90 days" },
      'renewSecretsEveryDays must be a whole number of days from 1 to 365. Received "90 days".',
    ],
    [
      "an empty period",
      { renewSecretsEveryDays: "" },
      'renewSecretsEveryDays must be a whole number of days from 1 to 365. Received "".',
    ],
    [
      "a generation of 0",
      { secretGeneration: "0" },
      'secretGeneration must be a whole number from 1. Received "0".',
    ],
    [
      "owners that are no list",
      { owners: GUID },
      `owners must be a list of 1 to 100 different object IDs, each a GUID. Received "${GUID}".`,
    ],
    [
      "an owner twice",
      { owners: JSON.stringify([GUID, GUID.toUpperCase()]) },
      `owners must be a list of 1 to 100 different object IDs, each a GUID. Received ${JSON.stringify(JSON.stringify([GUID, GUID.toUpperCase()]))}.`,
    ],
    [
      "allowPrivilegedRoles that is neither true nor false",
      { allowPrivilegedRoles: "yes" },
      'allowPrivilegedRoles must be true or false. Received "yes".',
    ],
    [
      "an empty path of config.json",
      { workspaceConfig: "" },
      'workspaceConfig must be the path of hi-ml\'s config.json. Received "".',
    ],
    [
      "an unknown setting",
      { resourcegroup: "rg-ml" },
      'Setting "resourcegroup" must be one that this program knows.',
    ],
  ];
  for (const [what, values, expected] of bad) {
    it(`refuse ${what}`, () => {
      const lines = problemsOf({ ...WORKSPACE, ...values });
      assert.equal(lines.length, 2, lines.join("\n"));
      assert.equal(lines[0], expected);
    });
  }

  it("say what to do, with a command that works", () => {
    assert.deepEqual(problemsOf({ ...WORKSPACE, renewSecretsEveryDays: "0" }), [
      'renewSecretsEveryDays must be a whole number of days from 1 to 365. Received "0".',
      "A secret lives for twice as long: 90 gives secrets of at most 180 days. For example: `pulumi config set renewSecretsEveryDays 30`",
    ]);
    const known = Object.keys(SETTINGS).join(", ");
    assert.deepEqual(problemsOf({ ...WORKSPACE, resourcegroup: "x", zzz: "y" }), [
      'Setting "resourcegroup" must be one that this program knows.',
      `Did you mean resourceGroupName? \`pulumi config rm resourcegroup\` removes it. Known: ${known}.`,
      'Setting "zzz" must be one that this program knows.',
      `\`pulumi config rm zzz\` removes it. Known: ${known}.`,
    ]);
    assert.match(
      problemsOf({ ...WORKSPACE, roles: "Data Scientist" })[1]!,
      /^Did you mean "AzureML Data Scientist", /,
    );
  });

  it("tell every problem at once", () => {
    const lines = problemsOf({
      resourceGroupName: "rg.",
      subscriptionId: "x",
      displayName: "",
      roles: "Owner",
      colour: "red",
    });
    assert.deepEqual(
      lines.filter((_, i) => i % 2 === 0).map((line) => line.split(" must ")[0]),
      ["subscriptionId", "resourceGroupName", "displayName", "roles", 'Setting "colour"', "workspaceName"],
    );
  });

  it("show neither the value of an unknown setting nor an encrypted one", () => {
    const lines = problemsOf(
      { ...WORKSPACE, password: "Abc8Q~secret", displayName: "Abc8Q~secret".repeat(20) },
      ["displayName"],
    );
    assert.doesNotMatch(lines.join("\n"), /Abc8Q/);
    assert.ok(lines.includes('displayName must have 1 to 120 characters. Received "[secret]".'));
  });

  it("demand a workspace", () => {
    assert.deepEqual(problemsOf({}), [
      "resourceGroupName must be set, here or in the config.json that workspaceConfig names.",
      "`pulumi config set resourceGroupName NAME`, or `pulumi config set workspaceConfig config.json`",
      "workspaceName must be set, here or in the config.json that workspaceConfig names.",
      "`pulumi config set workspaceName NAME`, or `pulumi config set workspaceConfig config.json`",
    ]);
  });
});

describe("The setting workspaceConfig", () => {
  const expected = { workspaceName: "ws-ml", resourceGroupName: "rg-ml", subscriptionId: GUID };
  const workspaceOf = (values: Record<string, string>) => {
    const { workspaceName, resourceGroupName, subscriptionId } = parse(values);
    return { workspaceName, resourceGroupName, subscriptionId };
  };

  it("reads hi-ml's config.json, relative to the project", () => {
    writeConfig(JSON.stringify(CONFIG_JSON));
    assert.deepEqual(workspaceOf({ workspaceConfig: "config.json" }), expected);
    assert.deepEqual(workspaceOf({ workspaceConfig: path.join(folder, "config.json") }), expected);
  });

  it("reads one with a byte order mark, comments, trailing commas and further fields", () => {
    const text = `\uFEFF// from the portal\n{ /* x */ "subscription_id": "${GUID}", "resource_group": "rg-ml",\n "workspace_name": "ws-ml", "more": {"a": 1}, }`;
    writeConfig(text);
    assert.deepEqual(workspaceOf({ workspaceConfig: "config.json" }), expected);
  });

  it("takes the same values beside it, in any case", () => {
    writeConfig(JSON.stringify(CONFIG_JSON));
    const { resourceGroupName } = parse({
      workspaceConfig: "config.json",
      resourceGroupName: "RG-ML",
      workspaceName: "ws-ml",
    });
    assert.equal(resourceGroupName, "RG-ML");
  });

  it("refuses settings that contradict it, and shows both values", () => {
    writeConfig(JSON.stringify(CONFIG_JSON));
    assert.deepEqual(
      problemsOf({
        workspaceConfig: "config.json",
        subscriptionId: OTHER_GUID,
        resourceGroupName: "rg-a",
        workspaceName: "ws-a",
      }),
      [
        `subscriptionId must be the subscription_id of config.json, or be left out. Received {"subscriptionId":"${OTHER_GUID}","config.json":"${GUID}"}.`,
        "`pulumi config rm subscriptionId`, or correct config.json.",
        'resourceGroupName must be the resource_group of config.json, or be left out. Received {"resourceGroupName":"rg-a","config.json":"rg-ml"}.',
        "`pulumi config rm resourceGroupName`, or correct config.json.",
        'workspaceName must be the workspace_name of config.json, or be left out. Received {"workspaceName":"ws-a","config.json":"ws-ml"}.',
        "`pulumi config rm workspaceName`, or correct config.json.",
      ],
    );
  });

  it("refuses a file that is missing, or a folder", () => {
    const [problem, remedy] = problemsOf({ workspaceConfig: "config.json" });
    assert.equal(
      problem,
      'workspaceConfig must be the path of a file that can be read, from the folder of the project. Received "config.json".',
    );
    assert.ok(
      remedy!.startsWith(
        `Looked for ${path.join(folder, "config.json")} (ENOENT), and in .azureml and the folders above. `,
      ),
      remedy,
    );
    assert.match(problemsOf({ workspaceConfig: "." })[1]!, /\((?:ENOENT|not a regular file)\)/);
  });

  it("refuses a file that is no JSON, with the line", () => {
    writeConfig('{\n  "subscription_id": "x",\n  "resource_group" "rg"\n}');
    assert.deepEqual(problemsOf({ workspaceConfig: "config.json" }), [
      'workspaceConfig must name a JSON file. Received "config.json".',
      `${path.join(folder, "config.json")}, line 3: ColonExpected.`,
    ]);
    for (const text of ["", "[]", '"text"', "null"]) {
      writeConfig(text);
      assert.match(
        problemsOf({ workspaceConfig: "config.json" })[0]!,
        /^workspaceConfig must name a (file with a JSON object|JSON file)\./,
      );
    }
  });

  it("refuses one that lacks a field, or has a wrong one, all at once", () => {
    writeConfig(JSON.stringify({ subscription_id: "x", resource_group: 7 }));
    const lines = problemsOf({ workspaceConfig: "config.json" });
    assert.deepEqual(
      lines.filter((_, i) => i % 2 === 0),
      [
        'subscription_id in config.json must be a GUID. Received "x".',
        "resource_group in config.json must have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period. Received 7.",
        "The config.json of workspaceConfig must have the field workspace_name.",
      ],
    );
  });
});
