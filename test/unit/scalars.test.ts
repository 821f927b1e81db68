import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { InvalidValuesError } from "../../components/plan/problems";
import { resolveTrusts } from "../../components/plan/trusts";
import { type SettingName, SETTINGS } from "../../stack/settings";
import { parse } from "../support/settings";

const WORKSPACE: Record<string, string> = { resourceGroup: "rg-ml", workspaceName: "ws-ml" };
const QUOTES = /put (it )?in quotes/;

/** What the engine makes of a text without quotes in Pulumi.<stack>.yaml (tried with 3.220), as the program gets it. */
const SCALARS: [written: string, top: string, inList: string][] = [
  ["2024", "2024", "2024"],
  ["0012345", "5349", "5349"],
  ["1.10", "1.1", "1.1"],
  ["1.0", "1", "1"],
  ["1e3", "1000", "1000"],
  ["1_000", "1000", "1000"],
  ["0x1F", "31", "31"],
  ["0o17", "15", "15"],
  ["+5", "5", "5"],
  ["2024-01-01", "2024-01-01T00:00:00Z", '"2024-01-01T00:00:00Z"'],
  ["2024-01-01", "2024-01-01 00:00:00 +0000 UTC", '"2024-01-01 00:00:00 +0000 UTC"'],
  ["true", "true", "true"],
  ["True", "true", "true"],
  ["12345678901234567", "12345678901234567", "12345678901234567"],
  ["12345678901234567890123", "1.2345678901234568e+22", "1.2345678901234568e+22"],
  ["4.50", "4.5", "4.5"],
  ["null", "", "null"],
];

describe("Texts without quotes, which YAML takes for numbers, truth values, dates or nothing", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), "himl-scalars-"))));
  after(() => rmSync(folder, { recursive: true }));

  /** Taken, as which arguments; or refused, with which message. */
  function read(values: Record<string, string>, file = "config: {}") {
    writeFileSync(path.join(folder, "Pulumi.dev.yaml"), file);
    try {
      const args = parse({ ...WORKSPACE, ...values }, { project: "himl", projectFolder: folder });
      return { args: args as unknown as Record<string, unknown> };
    } catch (error) {
      assert.ok(error instanceof InvalidValuesError, String(error));
      return { message: error.message };
    }
  }

  const TEXTS: SettingName[] = ["displayName", "description", "serviceManagementReference"];
  it("are read as they were written, or refused with the way out: every setting that is a text", () => {
    for (const name of TEXTS)
      for (const [written, top] of SCALARS) {
        const { args, message } = read({ [name]: top }, `config:\n  himl:${name}: ${written}\n`);
        if (args) assert.equal(args[name], written, `${name}: ${written}`);
        // Of nothing, YAML makes an empty text.
        else if (top !== "") assert.match(message, QUOTES, `${name}: ${written}`);
      }
  });

  it("are taken with quotes, and where another file has the settings", () => {
    for (const name of TEXTS)
      for (const [written, top] of SCALARS.filter(([text]) => text !== "null")) {
        assert.equal(
          read({ [name]: written }, `config:\n  himl:${name}: "${written}"\n`).args![name],
          written,
        );
        // --config-file: what stands in the file of the stack is not what is used.
        const { args, message } = read({ [name]: top }, `config:\n  himl:${name}: 77\n`);
        if (args) assert.equal(args[name], top);
        else assert.match(message, QUOTES);
      }
  });

  it("numbers that are meant as such are read as people read them, or refused", () => {
    for (const [written, top, meant] of [
      ["30", "30", 30],
      ["0100", "64", undefined],
      ["1_0", "10", 10],
      ["9.0", "9", 9],
      ["1e2", "100", 100],
    ] as const) {
      const name = "renewSecretsEveryDays";
      const { args, message } = read({ [name]: top }, `config:\n  himl:${name}: ${written}\n`);
      if (meant === undefined) assert.match(message!, QUOTES);
      else assert.equal(args![name], meant, written);
    }
    const yes = read({ allowPrivilegedRoles: "true" }, "config:\n  himl:allowPrivilegedRoles: True\n");
    assert.equal(yes.args!["allowPrivilegedRoles"], true);
  });

  /** Each field of each list, with a right value beside it. */
  const FIELDS: [setting: SettingName, place: (value: string) => string][] = [
    ["owners", (value) => `[${value}]`],
    ["roles", (value) => `[${value}]`],
    ["roles", (value) => `[{"role": ${value}}]`],
    ["roles", (value) => `[{"role": "Reader", "scope": ${value}}]`],
    ...["repository", "ownerId", "repositoryId", "subjectPrefix"].map(
      (field): [SettingName, (value: string) => string] => [
        "federatedCredentials",
        (value) =>
          `[{"github": {"repository": "o/r", ${/Id$/.test(field) ? '"ownerId": 5, "repositoryId": 7, ' : ""}"branch": "main", "${field}": ${value}}}]`,
      ],
    ),
    ...["branch", "tag", "environment"].map((field): [SettingName, (value: string) => string] => [
      "federatedCredentials",
      (value) => `[{"github": {"repository": "o/r", "${field}": ${value}}}]`,
    ]),
    ...["issuer", "subject"].map((field): [SettingName, (value: string) => string] => [
      "federatedCredentials",
      (value) =>
        `[{"azureDevOps": {"issuer": "https://vstoken.dev.azure.com/x", "subject": "sc://x", "${field}": ${value}}}]`,
    ]),
    ...["name", "issuer", "subject", "audience"].map((field): [SettingName, (value: string) => string] => [
      "federatedCredentials",
      (value) => `[{"issuer": "https://gitlab.com", "subject": "job", "${field}": ${value}}]`,
    ]),
    [
      "federatedCredentials",
      (value) => `[{"issuer": "https://gitlab.com", "claimsMatchingExpression": ${value}}]`,
    ],
    ["federatedCredentials", (value) => `[${value}]`],
  ];

  it("are refused with the way out in each field of each list; an ID of GitHub may be a number", () => {
    for (const [name, place] of FIELDS)
      for (const [written, , value] of SCALARS) {
        const text = place(value);
        const { args, message } = read({
          authentication: "federated",
          federatedCredentials: "[]",
          [name]: text,
        });
        if (message === undefined) {
          const list = args[name] as unknown[];
          const { trusts } = resolveTrusts(name, list);
          assert.ok(trusts[0]!.subject!.includes(`@${value}`), `${written} in ${text}`);
          assert.ok(/^\d{1,15}$/.test(value));
        } else assert.match(message, QUOTES, `${written} in ${text}`);
      }
  });

  it("any number in any field: never a text that nobody wrote", () => {
    const literal = fc.oneof(
      fc.integer().map(String),
      fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...FIELDS), literal, ([name, place], value) => {
        const { args, message } = read({
          authentication: "federated",
          federatedCredentials: "[]",
          [name]: place(value),
        });
        if (message !== undefined) return assert.match(message, QUOTES, place(value));
        const { trusts } = resolveTrusts(name, args[name] as unknown[]);
        assert.ok(new RegExp(`@${value}[/:]`).test(trusts[0]!.subject!), place(value));
      }),
      { numRuns: 300 },
    );
  });

  it("a zero before an ID, which YAML takes for an octal number, is found in the file", () => {
    const file =
      "config:\n  himl:federatedCredentials:\n    - github:\n        repository: o/r\n        ownerId: 0123\n        repositoryId: 7\n        branch: main\n";
    const value = '[{"github": {"repository": "o/r", "ownerId": 83, "repositoryId": 7, "branch": "main"}}]';
    const { message } = read({ authentication: "federated", federatedCredentials: value }, file);
    assert.match(
      message!,
      /federatedCredentials\[0\]\.github\.ownerId must be put in quotes in Pulumi\.dev\.yaml: without them YAML makes "83" of it\. Received "0123"\./,
    );
  });

  it("what the project's file sets is found there, and what an anchor names", () => {
    const at = path.join(folder, "Pulumi.yaml");
    const declared: [written: string, made: string, file: string][] = [
      ["0123", "83", "config:\n  displayName: 0123\n"],
      ["0123", "83", "config:\n  himl:displayName: 0123\n"],
      ["1.10", "1.1", "config:\n  himl:displayName:\n    value: 1.10\n"],
      ["1_000", "1000", "config:\n  displayName:\n    default: 1_000\n    description: x\n"],
    ];
    try {
      for (const [written, made, file] of declared) {
        writeFileSync(at, file);
        assert.match(
          read({ displayName: made }).message!,
          new RegExp(`displayName must be put in quotes in Pulumi\\.yaml: .*Received "${written}"`),
        );
        // The stack's own file goes first.
        const own = read({ displayName: made }, `config:\n  himl:displayName: "${made}"\n`);
        assert.equal(own.args!["displayName"], made);
      }
    } finally {
      rmSync(at);
    }
    const { message } = read({ displayName: "83" }, "x: &a 0123\nconfig:\n  himl:displayName: *a\n");
    assert.match(message!, /displayName must be put in quotes/);
  });

  it("a null, as --path leaves it in a list that was set as text: the list has to be removed, or set as a whole", () => {
    for (const name of ["owners", "roles", "federatedCredentials"] as const) {
      const { message } = read({
        authentication: "federated",
        federatedCredentials: "[]",
        [name]: '[null, null, "x"]',
      });
      assert.match(message!, QUOTES);
      assert.match(
        message!,
        new RegExp(`pulumi config rm ${name}\`, then|pulumi config set ${name} `),
        message,
      );
    }
  });

  it("a remedy shows --path only for a list that is empty or removed first", () => {
    for (const name of Object.keys(SETTINGS) as SettingName[])
      for (const value of ["[null]", "[", "{}", '["x"]', "7", "[]"]) {
        const { message = "" } = read({ [name]: value });
        for (const [, before, at] of message.matchAll(/(.*)`pulumi config set --path "(\w+)\[/g))
          assert.ok(at !== name || before!.includes(`\`pulumi config rm ${name}\`, then`), message);
      }
  });
});
