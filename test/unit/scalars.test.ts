import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidValuesError } from "../../components/plan/problems";
import { resolveTrusts } from "../../components/plan/trusts";
import { type SettingName, SETTINGS } from "../../stack/settings";
import { parse } from "../support/settings";

const WORKSPACE: Record<string, string> = { resourceGroupName: "rg-ml", workspaceName: "ws-ml" };
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
  /** Taken, as which arguments; or refused, with which message. */
  function read(values: Record<string, string>) {
    try {
      return { args: parse({ ...WORKSPACE, ...values }) as unknown as Record<string, unknown> };
    } catch (error) {
      assert.ok(error instanceof InvalidValuesError, String(error));
      return { message: error.message };
    }
  }

  it("are refused with the way out where YAML made a date of the whole setting", () => {
    for (const name of ["displayName", "description", "serviceManagementReference", "roles"] as const)
      for (const value of ["2024-01-01T00:00:00Z", "2024-01-01 00:00:00 +0000 UTC"])
        assert.match(read({ [name]: value }).message!, QUOTES, name);
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
