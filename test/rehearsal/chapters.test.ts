import assert from "node:assert/strict";
import { CHAPTERS } from "../../rehearsal/chapters/chapters";
import { rehearse } from "../../rehearsal/rehearsal";
import { requireEngine } from "./support";

describe("the chapters on the real engine", () => {
  for (const chapter of CHAPTERS) {
    it(chapter.title, async function () {
      const engine = await requireEngine(this);
      const report = await rehearse({
        chapters: [chapter],
        engine: engine.path,
        realProviders: [],
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onChapter: () => undefined,
        onStep: () => undefined,
      });
      assert.deepEqual(
        report.steps.filter(({ ok }) => !ok),
        [],
      );
      assert.ok(report.ok);
      assert.ok(report.steps.length >= 8, `only ${report.steps.length} steps`);
      // Application, principal, two secrets, one role assignment.
      assert.equal(report.azure.writes, 5);
      assert.equal(report.leftovers, 0);
    });
  }
});
