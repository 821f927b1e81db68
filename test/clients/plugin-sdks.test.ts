import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "../../cli/tools/process";
import { ClientUnavailableError, skipUnlessAvailable } from "./availability";
import { pythonEnvironment } from "./environments";
import { PROJECT } from "../rehearsal/support";
import { generateSdks } from "../support/language-tools";
import { linkGoSdk } from "../support/go-module";

/** Each SDK is made as `pulumi package add` makes it, and judged by its language's own compiler. */
describe("The SDKs for other languages", function () {
  let folder: string;

  before(async function () {
    this.timeout(600_000);
    folder = await mkdtemp(path.join(tmpdir(), "himl-sdks-"));
    await skipUnlessAvailable(this, "the SDKs of other languages", () => generateSdks(folder));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  const compile = async (program: string, args: string[], cwd: string, env = process.env) => {
    const { exitCode, stdout, stderr } = await run(program, args, { cwd, env });
    assert.equal(exitCode, 0, stdout + stderr);
  };

  it("TypeScript: the compiler accepts it", async () => {
    const sdk = path.join(folder, "nodejs");
    symlinkSync(path.join(PROJECT, "node_modules"), path.join(sdk, "node_modules"), "junction");
    await compile(process.execPath, [require.resolve("typescript/bin/tsc"), "--noEmit", "-p", sdk], sdk);
  }).timeout(120_000);

  it("Python: mypy accepts it together with the example", async function () {
    const { python, commands } = await skipUnlessAvailable(this, "the SDK for Python", () =>
      pythonEnvironment("pulumi"),
    );
    const example = path.join(PROJECT, "examples/python/__main__.py");
    const mypy = [
      "-m",
      "mypy",
      "--cache-dir",
      path.join(folder, ".mypy"),
      // As for every package that is installed, what is within the SDK is its generator's business.
      "--follow-imports=silent",
      "--ignore-missing-imports",
      example,
    ];
    const MYPYPATH = path.join(folder, "python");
    await compile(python, mypy, folder, { ...process.env, MYPYPATH, PATH: commands });
  }).timeout(900_000);

  it("Go: it compiles together with the example", async function () {
    const example = path.join(folder, "example");
    await cp(path.join(PROJECT, "examples/go"), example, { recursive: true });
    await linkGoSdk(example, path.join(folder, "go"));
    await compile("go", ["vet", "./..."], example, { ...process.env, GOFLAGS: "-mod=mod" });
  }).timeout(600_000);

  it("C#: a name for every argument (no compiler can be had here)", async function () {
    const source = await readFile(path.join(folder, "dotnet/HimlServicePrincipal.cs"), "utf8");
    assert.match(source, /namespace Pulumi\.Himl\b/);
    assert.match(source, /public Input<string> WorkspaceName/);
  });

  it("Java", async function () {
    await skipUnlessAvailable(this, "the SDK for Java", () =>
      Promise.reject(new ClientUnavailableError("no registry has Pulumi's generator for it")),
    );
  });
});
