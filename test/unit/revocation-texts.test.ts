import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { TOKENS_GIVEN_BEFORE } from "../../cli/verify/refusal";

/** The text of a file, on one line. */
const read = (file: string) =>
  readFileSync(path.join(__dirname, "../..", file), "utf8")
    .replaceAll("\r\n", "\n")
    .replaceAll(/\s*\n[\s>]*/g, " ");

describe("What a revocation takes away, and what not", () => {
  for (const file of ["README.md", "SECURITY.md"]) {
    it(`${file} says it in the words of the command`, () =>
      assert.ok(read(file).includes(TOKENS_GIVEN_BEFORE)));
  }

  for (const file of ["cli/commands/verify.ts", "cli/commands/rotate.ts"]) {
    it(`${file} prints them`, () =>
      assert.match(read(file), /\$\{TOKENS_GIVEN_BEFORE\}|TOKENS_GIVEN_BEFORE,/));
  }

  it("no text promises that a rotation ends everything at once", () => {
    for (const file of [
      "README.md",
      "SECURITY.md",
      "docs/changes.md",
      "docs/passwordless.md",
      "cli/commands/rotate.ts",
      "docs/after-a-broken-run.md",
      "cli/commands/rotate.ts",
    ])
      assert.doesNotMatch(
        read(file),
        /the ones before are refused|revokes (it|everything|all) at once/,
        file,
      );
  });

  it("SECURITY.md names what a rotation does not touch", () => {
    const text = read("SECURITY.md");
    for (const what of ["made by hand", "certificate", "trust", "restore", "30 days"])
      assert.ok(text.includes(what), what);
  });
});
