import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PROJECT } from "../rehearsal/support";
import { startPlugin } from "./plugin-process";

describe("The plugin's start by Pulumi's own runner", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), "himl-start-"))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = () => startPlugin(path.join(PROJECT, "plugin"), folder);
  const writeConfig = (name: string) =>
    writeFile(
      path.join(folder, name),
      '{ "ts-node": { "swc": true }, "compilerOptions": { "strict": true } }',
    );

  it("fails in a folder whose tsconfig.json tells ts-node to use swc, as docs/other-languages.md says", async () => {
    await writeConfig("tsconfig.json");
    const message = "Error: Custom transpiler can only be used when transpileOnly is enabled";
    await assert.rejects(start(), (error: Error) => error.message.includes(message));
    assert.ok((await readFile(path.join(PROJECT, "docs/other-languages.md"), "utf8")).includes(message));
  });

  it("succeeds where that file has another name", async () => {
    await writeConfig("tsconfig.pulumi.json");
    const plugin = await start();
    await plugin.close();
  });
});
