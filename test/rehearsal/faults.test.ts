import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type FaultCase, idOf, listCases } from "../../rehearsal/faults/cases";
import { readRows } from "../../rehearsal/faults/table";
import { isAsItShouldBe, runTrial } from "../../rehearsal/faults/trial";
import { World } from "../../rehearsal/faults/world";
import { PROJECT, requireEngine } from "./support";

describe("the fault matrix (all of it: npm run test:faults)", function () {
  let world: World;
  let cases: FaultCase[];

  before(async function () {
    world = await World.open(await requireEngine(this));
    cases = listCases(await world.live());
  });

  after(() => world?.close());

  const expectMended = async (one: FaultCase | undefined) => {
    assert.ok(one);
    const outcome = await runTrial(world, one);
    assert.ok(isAsItShouldBe(outcome), JSON.stringify(outcome));
  };

  it("docs/evidence/faults.md has the rows of today's life", async () => {
    const page = await readFile(path.join(PROJECT, "docs", "evidence", "faults.md"), "utf8");
    const today = cases.map(idOf);
    // How often the engine writes the state depends on which calls happen to be under way together.
    const withoutPowerCuts = (rows: string[]) => rows.filter((row) => !row.includes(": power cut"));
    assert.deepEqual(withoutPowerCuts(readRows(page)).sort(), withoutPowerCuts(today).sort());
  });

  // One of each kind, where it does most harm: at the secret, whose text is in one answer alone.
  for (const fault of [
    "dropped before",
    "answer lost",
    "engine killed before",
    "engine killed after",
    "503 three times",
    "429 with Retry-After",
    "404 from replication lag",
    "power cut",
    "power cut, checkpoint cut in half",
    "two runs at once",
  ] as const) {
    it(`${fault}: repaired, and nothing is left`, async () => {
      const all = cases.filter((one) => one.phase === "renew" && one.fault === fault);
      await expectMended(all.find(({ where }) => where.endsWith("/addPassword")) ?? all[0]);
    });
  }

  // A run that is killed leaves no trace of what it was: a repair must not make again what was to go.
  for (const fault of ["engine killed after", "power cut"] as const) {
    it(`destroy, ${fault}: repaired, and nothing is made again`, () => {
      const all = cases.filter((one) => one.phase === "destroy" && one.fault === fault);
      return expectMended(all[Math.floor(all.length / 2)]);
    });
  }
});
