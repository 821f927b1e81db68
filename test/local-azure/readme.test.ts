import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(__dirname, "..", "..", "local-azure");

describe("local Azure: README.md", () => {
  const readme = readFileSync(join(FOLDER, "README.md"), "utf8");

  it("shows the example test as it is run", () => {
    const [, shown] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    assert.equal(shown, readFileSync(join(__dirname, "example.test.ts"), "utf8"));
  });

  it("points at files that are there", () => {
    for (const [, target] of readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
      assert.doesNotThrow(() => readFileSync(join(FOLDER, target!)), target);
  });

  it("names calls of the control API that exist", () => {
    const coverage = readFileSync(join(FOLDER, "COVERAGE.md"), "utf8");
    const calls = [...readme.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE)) (\/_local\/[\w-]+)`/g)];
    assert.ok(calls.length >= 6);
    for (const [, method, path] of calls) assert.ok(coverage.includes(`| ${method} | \`${path}\``), path);
  });
});
