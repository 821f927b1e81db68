import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { REPOSITORY, runNode } from "./command";

describe("tools/build.mjs", function () {
  this.timeout(60_000);
  let root: string;
  const at = (...names: string[]) => path.join(root, ...names);
  const build = async () => {
    const { exitCode, stdout, stderr } = await runNode([at("tools", "build.mjs")], { cwd: root });
    assert.equal(exitCode, 0, stdout + stderr);
  };

  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), "himl-built-"));
    for (const folder of ["tools", "components", "stack", "cli", "plugin", "node_modules"])
      await mkdir(at(folder));
    for (const file of ["tools/build.mjs", "tsconfig.json", "tsconfig.build.json"])
      await copyFile(path.join(REPOSITORY, file), at(file));
    for (const needed of ["typescript", "@types"].map((name) => path.join("node_modules", name)))
      await symlink(path.join(REPOSITORY, needed), at(needed), "junction");
    await writeFile(at("package.ts"), 'export * from "./stack/one";\n');
    await writeFile(at("stack", "one.ts"), "export const one = 1;\n");
    for (const main of ["cli", "plugin"]) await writeFile(at(main, "main.ts"), "export {};\n");
    await build();
  });
  after(() => rm(root, { recursive: true, force: true }));

  it("leaves a dist that is up to date as it is", async () => {
    const { mtimeMs } = statSync(at("dist", "package.js"));
    await build();
    assert.equal(statSync(at("dist", "package.js")).mtimeMs, mtimeMs);
  });

  it("replaces each file in its place: there is no moment without dist, and nothing stays of sources that are gone", async () => {
    const { ino } = statSync(at("dist"));
    await writeFile(at("stack", "one.ts"), "export const one = 11;\n");
    await writeFile(at("dist", "stack", "gone.js"), "");
    await build();
    assert.equal(statSync(at("dist")).ino, ino);
    assert.match(await readFile(at("dist", "stack", "one.js"), "utf8"), /one = 11/);
    assert.ok(!existsSync(at("dist", "stack", "gone.js")));
  });
});
