import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { spellArguments } from "../../plugin/spelling";

const MESSAGE = [
  'HimlServicePrincipal "himl": 2 problems. Nothing was changed.',
  '  roles[0].scope must be resourceGroup or workspace, unless allowPrivilegedRoles is true. Received "no".',
  "    Leave the scope out.",
  "  federatedCredentials[0].github.pullRequest must be true, or be left out.",
  '    For example: [{"github": {"repository": "owner/name"}}]',
].join("\n");

describe("A message of the plugin", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "himl-spelling-"));
    await mkdir(path.join(folder, "below"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const spellFor = async (runtime: string) => {
    await writeFile(path.join(folder, "Pulumi.yaml"), `name: some\n${runtime}\n`);
    return spellArguments(MESSAGE, path.join(folder, "below")).split("\n");
  };

  it("spells arguments as Python does, and leaves values and sentences alone", async () => {
    const [, scope, , pullRequest] = await spellFor("runtime: python");
    assert.equal(
      scope,
      '  roles[0].scope must be resourceGroup or workspace, unless allow_privileged_roles is true. Received "no".',
    );
    assert.equal(pullRequest, "  federated_credentials[0].github.pull_request must be true, or be left out.");
  });

  it("spells arguments as Go and C# do", async () => {
    for (const runtime of ["runtime: go", "runtime: {name: dotnet}"]) {
      const lines = await spellFor(runtime);
      assert.match(lines[1]!, /^ {2}Roles\[0\]\.Scope must .* unless AllowPrivilegedRoles is true/);
      assert.match(lines[3]!, /^ {2}FederatedCredentials\[0\]\.Github\.PullRequest must /);
      assert.equal(lines[2], "    Leave the scope out.");
    }
  });

  const forms = [
    'runtime: "python"',
    "runtime:\n  name: python\n  options:\n    toolchain: pip",
    "runtime: { name: python }",
  ];
  for (const runtime of forms) {
    it(`finds the language in ${JSON.stringify(runtime)}`, async () => {
      assert.match((await spellFor(runtime)).join(), /federated_credentials/);
    });
  }

  for (const runtime of ["runtime: yaml", "runtime:\n  name: nodejs", "runtime: java"]) {
    it(`spells as the schema does for ${JSON.stringify(runtime)}`, async () => {
      assert.equal((await spellFor(runtime)).join("\n"), MESSAGE);
    });
  }
});
