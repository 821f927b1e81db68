import assert from "node:assert/strict";
import fc from "fast-check";
import { CliError } from "../../cli/errors";
import { checkVariables, PASSWORD, type VariableName, VARIABLE_NAMES } from "../../cli/variables";
import { VALUES } from "../cli/outputs";

/** What is wrong, by variable. */
function problemsOf(variables: Partial<Record<VariableName, string>>): {
  problems: string[];
  remedy: string;
} {
  try {
    checkVariables(variables);
    return { problems: [], remedy: "" };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    assert.equal(error.code, "VARIABLES_INVALID");
    return { problems: error.message.split("\n  "), remedy: error.remedy };
  }
}

/** What is left where nobody put a value, as pipelines, shells, templates and people spell it. */
const PLACEHOLDERS = [
  ...["$(HIML_X)", "$( HIML_X )", "$(secrets.HIML_X)", "x-$(HIML_X)", "$[variables.HIML_X]", "${HIML_X}"],
  ...[
    "${{ secrets.HIML_X }}",
    "${{secrets.HIML_X}}",
    "{{ himl_x }}",
    "{{himl_x}}",
    "#{HIML_X}#",
    "__HIML_X__",
  ],
  ...["$HIML_X", "$env:HIML_X", "%HIML_X%", "<your value>", "<HIML_X>", "***", "********", "•••••", "[***]"],
  ...["REPLACE_ME", "replace-me", "ReplaceMe", "CHANGEME", "change_me", "changeit", "<REPLACE_ME>", "TODO"],
  ...[
    "YOUR_VALUE",
    "your-value-here",
    "insert your value",
    "TBD",
    "placeholder",
    "undefined",
    "null",
    "xxxxx",
  ],
  ...[
    "...",
    "…",
    "@Microsoft.KeyVault(SecretUri=https://kv-ml.vault.azure.net/secrets/x/)",
    "op://ml/himl/x",
  ],
  ...["ENC[AES256_GCM,data:x]", "!secret himl_x", '"$(HIML_X)"'],
];

describe("The reader of the variables: a placeholder is no value", () => {
  for (const name of VARIABLE_NAMES) {
    it(`${name}: each of them is told as one, with where to look`, () => {
      for (const text of PLACEHOLDERS) {
        const { problems, remedy } = problemsOf({ ...VALUES, [name]: text });
        assert.equal(problems.length, 1, text);
        assert.match(problems[0]!, new RegExp(`^${name} must have a value\\. It is a placeholder \\(`), text);
        assert.match(remedy, /Is the variable group linked\? Is it under `env:`/);
        if (name === PASSWORD) assert.ok(!problems[0]!.includes(text.slice(3, -3)) || text.length < 12, text);
      }
    });
  }

  it("the name of a secret is no password, and may be a workspace", () => {
    for (const text of ["secret", "[secret]", "password", "hidden", "redacted", "client-secret", "none"]) {
      assert.match(problemsOf({ ...VALUES, [PASSWORD]: text }).problems[0] ?? "", /placeholder/, text);
    }
    for (const text of ["secret", "password", "none"])
      assert.deepEqual(problemsOf({ ...VALUES, HIML_WORKSPACE_NAME: text }).problems, []);
  });

  it("an ID of one digit is an example", () => {
    for (const digit of ["0", "1", "f"]) {
      const id = VALUES.HIML_TENANT_ID.replaceAll(/[0-9a-f]/g, digit);
      assert.match(problemsOf({ ...VALUES, HIML_TENANT_ID: id }).problems[0] ?? "", /placeholder/);
    }
  });

  it("all of them at once", () => {
    const all = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, `$(${name})`]));
    assert.equal(problemsOf(all).problems.length, 6);
  });

  it("no password of Entra, and no name that Azure allows for a workspace or a group, is taken for one", () => {
    const text = (characters: string, minLength: number, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    fc.assert(
      fc.property(
        text(`${letters}~._-`, 32, 44),
        text(letters, 3, 3),
        text(`${letters}-_.()`, 1, 40),
        (...of) => {
          const [password, start, name] = of;
          const variables = {
            ...VALUES,
            [PASSWORD]: password,
            HIML_RESOURCE_GROUP: `rg-${start}${name}`,
            HIML_WORKSPACE_NAME: `ws-${start}${name.replaceAll(/[.()]/g, "")}`,
          };
          assert.deepEqual(problemsOf(variables).problems, []);
        },
      ),
      { numRuns: 2_000 },
    );
    for (const name of [
      "my-rg",
      "rg-your-team",
      "set-1",
      "enterprise-ml",
      "replace-2024",
      "$web".slice(1),
      "todo-ml",
    ])
      assert.deepEqual(problemsOf({ ...VALUES, HIML_RESOURCE_GROUP: name }).problems, [], name);
  });
});
