import assert from "node:assert/strict";
import type { Chapter } from "../../rehearsal/chapters/chapter";
import { CHAPTERS, findChapter } from "../../rehearsal/chapters/chapters";
import { rehearse } from "../../rehearsal/rehearsal";
import { requireEngine } from "./support";

async function tell(context: Mocha.Context, chapters: readonly Chapter[]) {
  const engine = await requireEngine(context);
  return rehearse({
    chapters,
    engine: engine.path,
    realProviders: [],
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onChapter: () => undefined,
    onStep: () => undefined,
  });
}

describe("the chapters on the real engine", () => {
  for (const chapter of CHAPTERS) {
    it(chapter.title, async function () {
      const report = await tell(this, [chapter]);
      assert.deepEqual(
        report.steps.filter(({ ok }) => !ok),
        [],
      );
      assert.ok(report.ok);
      assert.ok(report.steps.length >= 8, `only ${report.steps.length} steps`);
      // Application, principal, one secret, one role assignment.
      assert.equal(report.azure.writes, 4);
      assert.equal(report.leftovers, 0);
    });
  }

  it("fails where a step does not do what it should, says why, and goes on with the next chapter", async function () {
    const wrong: Chapter = {
      name: "wrong",
      title: "A pipeline with a wrong password",
      async run(stage) {
        const variables = await stage.createStack();
        await stage.expectLogin("login", { ...variables, HIML_SERVICE_PRINCIPAL_PASSWORD: "wrong" });
        await stage.destroyStack();
      },
    };
    const empty: Chapter = { name: "empty", title: "Nothing", run: () => Promise.resolve() };
    const report = await tell(this, [wrong, empty]);
    assert.equal(report.ok, false);
    assert.deepEqual(
      report.steps.map(({ name, ok }) => `${ok ? "ok" : "failed"} ${name}`),
      [
        "ok wrong: a local Azure starts on this machine, with an empty stack",
        "ok wrong: pulumi up creates everything",
        "failed wrong: login",
        "ok empty: a local Azure starts on this machine, with an empty stack",
      ],
    );
    assert.match(report.steps[2]?.detail ?? "", /^It was refused: AADSTS7000215: /);
    // Application, principal and role assignment, for want of a destroy.
    assert.equal(report.leftovers, 3);
  });

  it("fails where a secret is renewed that should not be", async function () {
    const impatient: Chapter = {
      name: "impatient",
      title: "An up a period later that should change nothing",
      async run(stage) {
        await stage.createStack();
        stage.passDays(90);
        await stage.expectNoChange("later");
      },
    };
    const report = await tell(this, [impatient]);
    assert.deepEqual([report.ok, report.steps.at(-1)?.ok], [false, false]);
    assert.match(report.steps.at(-1)?.detail ?? "", /^It planned create himl-secret-b\b/);
  });
});

describe("the names of chapters", () => {
  for (const [spelling, name] of [
    ["day", "day"],
    ["the day", "day"],
    ["Another hand", "another-hand"],
    ["a year without an up", "year-without-up"],
    ["year-without-up", "year-without-up"],
    ["night", undefined],
  ] as const) {
    it(`${spelling} is ${name ?? "none"}`, () => assert.equal(findChapter(spelling)?.name, name));
  }
});
