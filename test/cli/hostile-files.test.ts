import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { formatFindings } from "../../cli/audit/report";
import { CliError, formatError } from "../../cli/errors";
import { readExistingProject, readFormerAnswers } from "../../cli/init/project/existing";
import { printableLines } from "../../cli/terminal/printable";
import { runCommandLine } from "../../cli/program";
import { ownStack, OwnStackError } from "../../rehearsal/own-stack";
import { STACK_OUTPUTS } from "../../stack/contract";
import { findSteering, hostileText } from "../support/hostile-text";
import { useShared } from "../support/shared";
import { compare, createComparison, createDeployment } from "./audit-fixture";
import { bareEnvironment } from "./command";
import { answerOfExport, DETAILS, VALUES } from "./outputs";
import { rememberingIo } from "./remembering-io";
import { StandIns } from "./stand-ins";

const NOW = new Date("2026-11-23T12:00:00Z");
/** Every kind of thing that steers, at once. */
const HOSTILE =
  "x\u001b[2J\u009b2J\u202e\u2028\ud800\r\n::add-path::/evil\n##vso[task.setvariable variable=x]y $(id) `id` '\"\\";

/** What a file may hold instead of what is expected. */
const anything = fc.oneof(
  hostileText,
  fc.anything({ values: [hostileText, fc.integer(), fc.constant(null), fc.boolean()], key: hostileText }),
);

/** Every place in a value, with another value there. */
function* variantsOf(value: unknown, other: unknown): Generator<unknown> {
  yield other;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value))
    for (const variant of variantsOf(inner, other)) {
      const copy = structuredClone(value) as Record<string, unknown>;
      copy[key] = variant;
      yield copy;
    }
}

/** The same, with a text added to each text. */
function spoil(value: unknown, text: string): unknown {
  if (typeof value === "string") return `${value}${text}`;
  if (Array.isArray(value)) return value.map((item) => spoil(item, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, spoil(inner, text)]));
}

describe("What somebody else wrote", function () {
  this.timeout(120_000);
  const pulumi = useShared(() => StandIns.create({}));
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "himl-hostile-files-"));
  });
  after(() => rm(folder, { recursive: true }));

  describe("each output of a stack", () => {
    async function himlSp(args: readonly string[], outputs: unknown) {
      await pulumi.install("pulumi", [
        { args: ["stack", "output"], stdout: JSON.stringify(outputs) },
        { args: ["stack", "--show-name"], stdout: "dev\n" },
        answerOfExport(outputs as object),
      ]);
      const io = rememberingIo({ env: { ...bareEnvironment(), PATH: pulumi.folder }, now: NOW });
      return { exitCode: await runCommandLine([...args], io, "0"), ...io.written };
    }
    const complete = { ...VALUES, details: DETAILS };
    const commands = [["status"], ["status", "--json"], ["push", "github", "--repo", "o/r", "--dry-run"]];

    for (const { name } of STACK_OUTPUTS) {
      it(name, async () => {
        const given = complete[name];
        // A text where a text belongs goes on to be shown; anything else is refused.
        const values =
          name === "details"
            ? [spoil(given, HOSTILE), HOSTILE, [HOSTILE], null]
            : [HOSTILE, [HOSTILE], null, 1];
        for (const value of values)
          for (const args of commands) {
            const { exitCode, stdout, stderr } = await himlSp(args, { ...complete, [name]: value });
            assert.ok(exitCode === 0 || exitCode === 1, stderr);
            assert.equal(findSteering(stderr), undefined, `${args.join(" ")}: ${JSON.stringify(value)}`);
            assert.equal(findSteering(stdout.replaceAll("\t", " ")), undefined, args.join(" "));
          }
      });
    }

    it("each field of `details`", async () => {
      for (const details of variantsOf(DETAILS, HOSTILE)) {
        const { exitCode, stdout, stderr } = await himlSp(["status"], { ...complete, details });
        assert.ok(exitCode === 0 || exitCode === 1, stderr);
        assert.equal(findSteering(stdout + stderr), undefined, JSON.stringify(details));
      }
    });
  });

  it("the state of a stack: audit tells it, and obeys nothing in it", () => {
    fc.assert(
      fc.property(hostileText, (given) => {
        const text = `x${given}`;
        const { resources = [] } = createDeployment();
        const spoiled = resources.map((one) => ({
          ...one,
          ...(one.id !== undefined && { id: `${one.id}${text}` }),
          outputs: spoil(one.outputs, text) as Record<string, unknown>,
        }));
        const findings = compare(createComparison({ deployment: { resources: spoiled } }));
        assert.ok(findings.length > 0);
        assert.equal(findSteering(formatFindings(findings, rememberingIo().stdout)), undefined);
      }),
    );
  });

  describe("the project in which `init` runs", () => {
    const check = (read: () => unknown) => {
      try {
        return read();
      } catch (error) {
        assert.ok(error instanceof CliError, String((error as Error).stack));
        assert.equal(findSteering(formatError(error)), undefined);
        return undefined;
      }
    };

    it("Pulumi.yaml: ours, or a refusal that steers nothing", async () => {
      const file = path.join(folder, "Pulumi.yaml");
      const content = fc.oneof(
        hostileText,
        anything.map((value) => `name: ${JSON.stringify(value)}\nresources: ${JSON.stringify(value)}\n`),
        anything.map(
          (value) =>
            `name: x\nresources: {a: ${JSON.stringify(value)}, b: {type: ${JSON.stringify(value)}}}\n`,
        ),
      );
      await fc.assert(
        fc.asyncProperty(content, async (text) => {
          await writeFile(file, text);
          check(() => readExistingProject(folder));
        }),
        { numRuns: 200 },
      );
      await rm(file);
    });

    it("the answers of an earlier run: those that can be, and no others", async () => {
      const head = "# Answers of `himl-sp init`, which finds them when it runs again:";
      const whole = {
        workspace: {
          name: "ws",
          resourceGroup: "rg",
          subscriptionId: "1b4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c22",
          tenantId: "t",
        },
        place: { name: "github", host: "github.com", repository: "o/r", environment: "production" },
        password: true,
      };
      const read = async (answers: unknown) => {
        await writeFile(
          path.join(folder, "Pulumi.dev.yaml"),
          `${head} ${JSON.stringify(answers)}\nconfig: {}\n`,
        );
        return readFormerAnswers(folder, "dev");
      };
      assert.deepEqual(await read(whole), whole);
      for (const variant of [
        ...variantsOf(whole, HOSTILE),
        ...variantsOf(whole, null),
        ...variantsOf(whole, [1]),
      ]) {
        const { workspace, place, password } = await read(variant);
        const texts: object = { ...workspace, ...place };
        for (const value of Object.values(texts) as unknown[])
          assert.ok(typeof value === "string" && !value.includes(HOSTILE), JSON.stringify(variant));
        assert.ok(password === undefined || typeof password === "boolean");
      }
    });

    it("package.json and a settings file that are anything", async () => {
      await writeFile(path.join(folder, "Pulumi.yaml"), "name: other\nruntime: nodejs\n");
      await fc.assert(
        fc.asyncProperty(hostileText, async (text) => {
          await writeFile(path.join(folder, "package.json"), text);
          await writeFile(path.join(folder, "Pulumi.dev.yaml"), text);
          check(() => readExistingProject(folder));
          assert.deepEqual(readFormerAnswers(folder, "dev"), {});
        }),
        { numRuns: 50 },
      );
    });
  });

  it("Pulumi.NAME.yaml that is rehearsed: taken, or refused by name", async () => {
    const project = path.join(folder, "rehearsed");
    await mkdir(project);
    await writeFile(path.join(project, "Pulumi.yaml"), "name: himl-service-principal\nruntime: nodejs\n");
    const content = fc.oneof(
      hostileText,
      anything.map((value) => stringify(toPlain({ config: value }))),
      fc.tuple(hostileText, anything).map(([key, value]) => stringify(toPlain({ config: { [key]: value } }))),
      anything.map((value) =>
        stringify(
          toPlain({
            config: { "himl-service-principal:owners": value, workspaceConfig: value, x: { secure: value } },
          }),
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(content, async (text) => {
        await writeFile(path.join(project, "Pulumi.dev.yaml"), text);
        try {
          ownStack(project, "dev");
        } catch (error) {
          assert.ok(
            error instanceof OwnStackError,
            `${String((error as Error).stack)}\n${JSON.stringify(text)}`,
          );
          assert.equal(findSteering(printableLines(error.message)), undefined);
        }
      }),
      { numRuns: 150 },
    );
    assert.ok((await readFile(path.join(project, "Pulumi.yaml"), "utf8")).startsWith("name:"));
  });
});

/** What YAML can say: no symbols, no functions, no holes. */
function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? "null") as unknown;
}
