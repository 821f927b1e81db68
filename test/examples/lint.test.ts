import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { REPOSITORY } from "../cli/command";
import { ClientUnavailableError, skipUnlessAvailable } from "../clients/availability";
import { pythonEnvironment } from "../clients/environments";
import { lastLines, run } from "../clients/processes";
import { readExample } from "./pipeline-stage";

const ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "himl-sp-lint-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const filesOf = async (example: string) =>
  (await readdir(path.join(REPOSITORY, "examples", example))).filter((name) => name.endsWith(".yml"));

/** Calls the linter with the file; gives what it finds. */
type Lint = (name: string, text: string) => Promise<string>;

describe("actionlint, on examples/github-actions", function () {
  this.timeout(300_000);
  let lint: Lint;

  before(async function () {
    await skipUnlessAvailable(this, "the syntax of examples/github-actions", async () => {
      const { exitCode, stderr } = await run("go", ["run", ACTIONLINT, "-version"], {
        env: process.env,
        timeoutSeconds: 280,
      }).catch((error: Error) => ({ exitCode: 1, stderr: error.message }));
      if (exitCode !== 0)
        throw new ClientUnavailableError(`Go cannot run actionlint: ${lastLines(stderr, 1)}`);
    });
    lint = async (name, text) => {
      const file = path.join(folder, name);
      // It knows the inputs of actions by their tags, not by their commits.
      await writeFile(file, text.replace(/@[0-9a-f]{40} # v(\d+)\.[\d.]+/g, "@v$1"));
      const { exitCode, stdout, stderr } = await run("go", ["run", ACTIONLINT, "-no-color", file], {
        env: process.env,
      });
      assert.ok(exitCode === 0 || stdout !== "", stderr);
      return stdout;
    };
  });

  it("finds nothing", async () => {
    for (const name of await filesOf("github-actions"))
      assert.equal(await lint(name, await readExample("github-actions", name)), "", name);
  });

  it("would find a context, a key and an input that do not exist", async () => {
    const text = await readExample("github-actions", "renew.yml");
    assert.match(
      await lint("context.yml", text.replace("secrets.", "secret.")),
      /undefined variable "secret"/,
    );
    assert.match(
      await lint("key.yml", text.replace("timeout-minutes", "timeout")),
      /unexpected key "timeout"/,
    );
    assert.match(
      await lint("input.yml", text.replace("node-version", "nodeversion")),
      /input "nodeversion" is not defined/,
    );
  });
});

describe("the schema that Microsoft publishes, on examples/azure-devops", function () {
  this.timeout(60_000);
  let lint: Lint;

  before(async function () {
    this.timeout(300_000);
    const { commands } = await skipUnlessAvailable(this, "the syntax of examples/azure-devops", () =>
      pythonEnvironment("check-jsonschema"),
    );
    lint = async (name, text) => {
      const file = path.join(folder, `${name}.json`);
      await writeFile(file, JSON.stringify(asSchemaHasIt(parse(text))));
      const { exitCode, stdout, stderr } = await run(
        path.join(commands, "check-jsonschema"),
        // Its regular expressions have escapes that are none in Unicode mode.
        ["--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines", file],
        { env: process.env },
      );
      assert.doesNotMatch(stderr, /Traceback/);
      return exitCode === 0 ? "" : stdout;
    };
  });

  it("finds nothing", async () => {
    for (const name of await filesOf("azure-devops"))
      assert.equal(await lint(name, await readExample("azure-devops", name)), "", name);
  });

  it("would find a key, a task and an input that do not exist", async () => {
    const text = await readExample("azure-devops", "renew.yml");
    for (const [from, to] of [
      ["timeoutInMinutes", "timeout-minutes"],
      ["AzureCLI@2", "AzureCLI@22"],
      ["inlineScript: npx", "inline: npx"],
    ])
      assert.match(await lint("broken", text.replace(from!, to!)), /is not valid under any/, to);
  });
});

/** Every scalar is text for Azure Pipelines, and so for its schema; but not what is an input of a task. */
function asSchemaHasIt(value: unknown, isInput = false): unknown {
  if (Array.isArray(value)) return value.map((item) => asSchemaHasIt(item, isInput));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, asSchemaHasIt(item, isInput || key === "inputs")]),
    );
  return isInput && typeof value === "boolean" ? value : String(value);
}
