import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

const ROOT = path.join(__dirname, "..", "..");
const PAGE = path.join(ROOT, "docs", "threat-model.md");
const CELL = /(?<!\\)\|/;

/** The rows of the table below a heading, without its head. */
function rowsBelow(heading: string): string[][] {
  const text = readFileSync(PAGE, "utf8");
  const [, section = ""] = text.split(new RegExp(`^## ${heading}$`, "m"));
  const lines = section.split(/^## /m)[0]!.split("\n");
  return lines
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) =>
      line
        .split(CELL)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("The threat model", () => {
  const doors = rowsBelow("The doors");

  it("names what is protected, and has doors to it", () => {
    assert.ok(rowsBelow("What is protected").length >= 6);
    assert.ok(doors.length >= 20);
    assert.equal(new Set(doors.map(([door]) => door)).size, doors.length);
  });

  for (const [door = "", who = "", holds = ""] of doors) {
    it(`${door}: says who may pass, and the test that holds it is there`, () => {
      assert.notEqual(who, "");
      const links = [...holds.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
      assert.ok(links.length > 0, "no test");
      for (const link of links) {
        assert.match(link, /^\.\.\/test\/.*\.test\.ts$/);
        const file = path.join(path.dirname(PAGE), link);
        assert.ok(existsSync(file), link);
        // One that is skipped holds nothing.
        const test = readFileSync(file, "utf8");
        assert.match(test, /\b(it|testCases)\(/, link);
        assert.doesNotMatch(test, /\b(it|describe)\.(skip|only)\(|\bx(it|describe)\(/, link);
      }
    });
  }
});
