import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { formatProblems, InvalidValuesError } from "../../components/plan/problems";
import { checkClouds, type Clouds } from "../../components/plan/clouds";
import { SETTINGS } from "../../stack/settings";
import { parse as parseAll } from "../support/settings";

const WORKSPACE = { resourceGroupName: "rg-ml", workspaceName: "ws-ml" };
const RAW = { issuer: "https://issuer.example", subject: "job" };
const TRUSTS = JSON.stringify([RAW]);

const parse = (values: Record<string, string>) => parseAll({ ...WORKSPACE, ...values });

/** The problems without their remedies. */
function problemsOf(values: Record<string, string>): string[] {
  try {
    parse(values);
  } catch (error) {
    assert.ok(error instanceof InvalidValuesError);
    return error.message
      .split("\n")
      .filter((line) => /^ {2}\S/.test(line))
      .map((line) => line.trim());
  }
  assert.fail("No problem was found.");
}

describe("The setting roles", () => {
  it("is a role's name, a list of names, of {role, scope}, or mixed; left out it is the component's default", () => {
    const roles = [{ role: "AzureML Data Scientist", scope: "workspace" }, { role: "Reader" }];
    assert.deepEqual(parse({ roles: JSON.stringify(roles) }).roles, roles);
    assert.deepEqual(parse({ roles: "Reader" }).roles, ["Reader"]);
    assert.deepEqual(parse({ roles: '"Reader"' }).roles, ["Reader"]);
    assert.deepEqual(parse({ roles: JSON.stringify(roles[0]) }).roles, [roles[0]]);
    assert.deepEqual(parse({ roles: JSON.stringify([roles[0], "Reader"]) }).roles, [roles[0], "Reader"]);
    assert.equal(parse({}).roles, undefined);
    assert.deepEqual(parse({ roles: "[]" }).roles, []);
  });

  const scope =
    "must be resourceGroup, workspace, subscription or a resource ID that begins with /subscriptions/.";
  const bad: [string, Record<string, string>, ...string[]][] = [
    [
      "a text that is no role's name",
      { roles: "Contribtor" },
      'roles must be the name of a built-in role of Azure ML or the GUID of any role. Received "Contribtor".',
    ],
    [
      "an empty text, which does not mean none",
      { roles: "" },
      'roles must be the name of a built-in role of Azure ML or the GUID of any role. Received "".',
    ],
    [
      "JSON that lost its quotes in a shell",
      { roles: "[{role: Reader}]" },
      'roles must be a list of roles. Received "[{role: Reader}]".',
    ],
    [
      "a name in a list that is none",
      { roles: '["Reader", "Writer"]' },
      'roles[1] must be the name of a built-in role of Azure ML or the GUID of any role. Received "Writer".',
    ],
    [
      "an entry without role",
      { roles: '[{"scope": "workspace"}]' },
      "roles[0].role must be the name of a built-in role of Azure ML or the GUID of any role.",
    ],
    [
      "an unknown role in the list",
      { roles: '[{"role": "Reader"}, {"role": "Writer"}]' },
      'roles[1].role must be the name of a built-in role of Azure ML or the GUID of any role. Received "Writer".',
    ],
    [
      "an unknown scope",
      { roles: '[{"role": "Reader", "scope": "tenant"}]' },
      `roles[0].scope ${scope} Received "tenant".`,
    ],
    [
      "a scope that is no text",
      { roles: '[{"role": "Reader", "scope": null}]' },
      `roles[0].scope ${scope} Received null.`,
    ],
    [
      "a misspelled field",
      { roles: '[{"role": "Reader", "skope": "workspace"}]' },
      'roles[0].skope must be one of role, scope. Received "skope".',
    ],
    [
      "the same role and scope twice",
      { roles: '[{"role": "Reader"}, {"role": "reader", "scope": "resourceGroup"}]' },
      'roles[1] must be a role and scope that are not in the list yet. Received {"role":"reader","scope":"resourceGroup"}.',
    ],
    [
      "a privileged role in the list",
      { roles: '[{"role": "User Access Administrator", "scope": "workspace"}]' },
      'roles[0].role must not let its holder give itself every other role, unless allowPrivilegedRoles is true. Received "User Access Administrator".',
    ],
  ];
  for (const [what, values, ...expected] of bad) {
    it(`refuse ${what}`, () => assert.deepEqual(problemsOf(values), expected));
  }
});

describe("The settings authentication and federatedCredentials", () => {
  const USELESS =
    'authentication must be federated or both if there are federatedCredentials. Received "secret".';
  const missing = (way: string) =>
    `federatedCredentials must name whose tokens to trust if authentication is ${way}.`;
  const NO_LIST = (received: string) =>
    `federatedCredentials must be a list of trusts. Received ${JSON.stringify(received)}.`;
  const UNKNOWN = 'authentication must be secret, federated or both. Received "password".';
  const NO_SUBJECT =
    "federatedCredentials[0].subject must be the subject of the tokens, of 1 to 600 characters without a wildcard.";
  const table: [string, string | undefined, string | undefined, ...string[]][] = [
    ["nothing", undefined, undefined],
    ["secret", "secret", undefined],
    ["secret with an empty list", "secret", "[]"],
    ["federated with trusts", "federated", TRUSTS],
    ["both with trusts", "both", TRUSTS],
    ["trusts alone", undefined, TRUSTS],
    ["secret with trusts", "secret", TRUSTS, USELESS],
    ["federated alone", "federated", undefined, missing("federated")],
    ["both alone", "both", undefined, missing("both")],
    ["federated with an empty list", "federated", "[]", missing("federated")],
    ["federated with no list", "federated", "main", NO_LIST("main")],
    ["federated with an object", "federated", "{}", NO_LIST("{}")],
    ["federated with a wrong trust", "federated", '[{"issuer": "https://issuer.example"}]', NO_SUBJECT],
    ["another way", "password", undefined, UNKNOWN],
    ["another way with trusts", "password", TRUSTS, UNKNOWN],
  ];
  for (const [what, authentication, federatedCredentials, ...problems] of table) {
    it(`${problems.length === 0 ? "take" : "refuse"} ${what}`, () => {
      const values = {
        ...(authentication && { authentication }),
        ...(federatedCredentials && { federatedCredentials }),
      };
      if (problems.length > 0) return assert.deepEqual(problemsOf(values), problems);
      assert.equal(parse(values).authentication, authentication);
      assert.deepEqual(
        parse(values).federatedCredentials,
        federatedCredentials && JSON.parse(federatedCredentials),
      );
    });
  }
});

describe("The setting existingClientId", () => {
  const clientId = "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36";

  it("is a client ID", () => {
    assert.equal(parse({ existingClientId: clientId }).existingClientId, clientId);
    assert.deepEqual(problemsOf({ existingClientId: "himl" }), [
      'existingClientId must be a GUID. Received "himl".',
    ]);
  });

  it("leaves no room for what describes an application", () => {
    const values = {
      existingClientId: clientId,
      displayName: "himl-training",
      description: "Nightly training",
      serviceManagementReference: "4711",
      owners: JSON.stringify([clientId]),
    };
    assert.deepEqual(
      problemsOf(values).sort(),
      ["description", "displayName", "owners", "serviceManagementReference"].map(
        (name) => `${name} must be left out if existingClientId is set.`,
      ),
    );
  });
});

describe("The cloud of the providers", () => {
  const problemsIn = (clouds: Clouds) =>
    checkClouds(clouds).map((problem) => formatProblems("x", [problem]).split("\n"));

  it("is the public one, under either of its names, or none", () => {
    for (const clouds of [
      {},
      { ARM_ENVIRONMENT: "" },
      { ARM_ENVIRONMENT: "public" },
      { "azuread:environment": "Global" },
    ])
      assert.deepEqual(checkClouds(clouds), []);
  });

  it("can be no other, wherever it is set: hi-ml knows only the public one", () => {
    const problems = problemsIn({ "azure-native:environment": "usgovernment", ARM_ENVIRONMENT: "china" });
    assert.deepEqual(
      problems.map((lines) => lines.slice(1).map((line) => line.trim())),
      [
        [
          'azure-native:environment must be public, or be left out: hi-ml supports no other cloud. Received "usgovernment".',
          "`pulumi config rm azure-native:environment`; a workspace of Azure Government or Azure in China cannot be used with hi-ml.",
        ],
        [
          'ARM_ENVIRONMENT must be public, or be left out: hi-ml supports no other cloud. Received "china".',
          "Remove ARM_ENVIRONMENT from the environment; a workspace of Azure Government or Azure in China cannot be used with hi-ml.",
        ],
      ],
    );
  });
});

describe("Pulumi.yaml", () => {
  const yaml = readFileSync(path.join(__dirname, "../../Pulumi.yaml"), "utf8");

  it("repeats the defaults of the program, and lists no setting without one", () => {
    const section = /^config:\n((?: .*\n|#.*\n)+)/m.exec(yaml)![1]!;
    const listed = [...section.matchAll(/^ {2}(\w+):\n {4}default: (.+)$/gm)].map(([, name, value]) => [
      name,
      value!.replaceAll('"', ""),
    ]);
    const defaults = Object.entries(SETTINGS).flatMap(([name, setting]) =>
      "default" in setting && setting.default !== undefined ? [[name, setting.default]] : [],
    );
    assert.deepEqual(listed, defaults);
  });
});
