import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { filterChoices } from "../../cli/terminal/asker";
import { parseRemote, type Remote } from "../../cli/tools/git";
import { planFile, writeAll } from "../../cli/init/project/write";

describe("himl-sp init: git remotes", () => {
  const github = (repository: string, host = "github.com"): Remote => ({ place: "github", host, repository });
  const devOps = {
    place: "azure-devops",
    organization: "https://dev.azure.com/contoso",
    project: "ML team",
    repository: "train",
  };
  const cases: [string, Remote | typeof devOps | undefined][] = [
    ["https://github.com/octocat/training.git", github("octocat/training")],
    ["https://x-access-token:secret@github.com/octocat/training", github("octocat/training")],
    ["git@github.com:octocat/training.js.git", github("octocat/training.js")],
    ["ssh://git@ssh.github.com:443/octocat/training.git", github("octocat/training")],
    ["git@github.contoso.com:octocat/training.git", github("octocat/training", "github.contoso.com")],
    ["https://contoso@dev.azure.com/contoso/ML%20team/_git/train", devOps],
    ["git@ssh.dev.azure.com:v3/contoso/ML%20team/train", devOps],
    ["https://contoso.visualstudio.com/ML%20team/_git/train", devOps],
    ["https://gitlab.com/octocat/training.git", undefined],
    ["/srv/git/training.git", undefined],
  ];
  for (const [url, remote] of cases) it(url, () => assert.deepEqual(parseRemote(url), remote));
});

describe("himl-sp init: a list to type into", () => {
  it("takes every word, in any order and case", () => {
    const choices = ["ws-ml (rg-west)", "ws-gpu (rg-west)", "ws-gpu (rg-east)"].map((name) => ({
      value: name,
      name,
    }));
    assert.deepEqual(
      filterChoices(choices, "WEST gpu").map(({ value }) => value),
      ["ws-gpu (rg-west)"],
    );
    assert.equal(filterChoices(choices, "").length, 3);
  });
});

describe("himl-sp init: writing", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), "himl-write-"))));
  afterEach(() => rm(folder, { recursive: true }));

  it("all files or none: a failure in the middle leaves what was there before", async () => {
    await writeFile(path.join(folder, "a"), "old");
    const file = (name: string) => planFile(folder, path.join(folder, name), () => "new");
    const files = [file("a"), file("deep/er/b"), file("c")];
    let renamed = 0;
    const failAtThird = (from: string, to: string) => {
      renamed += 1;
      if (renamed === 3) throw new Error("no space");
      renameSync(from, to);
    };
    assert.throws(() => writeAll(files, failAtThird as typeof renameSync), /no space/);
    assert.deepEqual(await readdir(folder), ["a"]);
    assert.equal(await readFile(path.join(folder, "a"), "utf8"), "old");
    writeAll(files);
    assert.equal(await readFile(path.join(folder, "deep", "er", "b"), "utf8"), "new");
  });
});
