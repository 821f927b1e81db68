import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../cli/command";

const FOLDERS = [".github/workflows", "examples/github-actions", "examples/fleet"];

describe("The workflows of this repository and of its examples", () => {
  let workflows: [name: string, text: string][];

  before(async () => {
    const names = await Promise.all(
      FOLDERS.map(async (folder) => {
        const files = await readdir(path.join(REPOSITORY, folder), { recursive: true });
        return files.filter((file) => /\.ya?ml$/.test(file)).map((file) => path.join(folder, file));
      }),
    );
    workflows = await Promise.all(
      names
        .flat()
        .map(async (name) => [name, await readFile(path.join(REPOSITORY, name), "utf8")] as [string, string]),
    );
    assert.ok(workflows.some(([name]) => name.includes("ci.yml")));
  });

  it("use one commit of each action, and say which version that is", () => {
    for (const [name, text] of workflows)
      for (const [, action] of text.matchAll(/^\s*(?:- )?uses: (.*)$/gm))
        assert.match(
          action!,
          /^(\.\/.*|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*)$/,
          `${name}: ${action}`,
        );
  });

  it("run nothing that they have just fetched", () => {
    for (const [name, text] of workflows)
      assert.doesNotMatch(text, /(curl|wget)[^\n]*\|\s*(sudo )?(ba|z)?sh\b/, name);
  });

  it("leave no token in the clone of CI", async () => {
    const ci = await readFile(path.join(REPOSITORY, ".github/workflows/ci.yml"), "utf8");
    const checkouts = ci.match(/uses: actions\/checkout@/g)?.length ?? 0;
    assert.equal(ci.match(/persist-credentials: false/g)?.length, checkouts);
  });
});
