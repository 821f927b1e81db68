import assert from "node:assert/strict";
import { createFinding, type Finding, type RepairAction } from "../../cli/audit/findings";
import type { Audit } from "../../cli/audit/audit";
import { requireConsent } from "../../cli/repair/consent";
import { formatPlan, isEmpty, type Plan, planRepair, type PlanOptions } from "../../cli/repair/plan";
import { lookUntilDone } from "../../cli/repair/replication";
import { rememberingIo } from "./remembering-io";

const OPTIONS: PlanOptions = { hasPrincipal: true, isDestroyUnfinished: false, up: true, purge: false };
const leftover = (action: RepairAction, what = "thing"): Finding =>
  createFinding("ORPHAN_SECRET", what, "detail", "remedy", action);
const plan = (findings: Finding[], options: Partial<PlanOptions> = {}): Plan =>
  planRepair(findings, { ...OPTIONS, ...options });
const refresh: RepairAction = { kind: "refresh", urns: ["a::b::c::one", "a::b::c::two"] };

describe("repair: the plan", () => {
  it("first the stack, then what grants something, then what holds it; a refresh of each once; up; purges", () => {
    const findings = [
      leftover({ kind: "purge", ids: ["p"] }, "app in the bin"),
      leftover({ kind: "removeApplication", id: "1" }, "app"),
      leftover({ kind: "removeSecret", applicationId: "1", keyId: "2" }, "secret"),
      leftover(refresh),
      leftover({ kind: "removeRole", id: "3" }, "role"),
      leftover({ kind: "clearPending" }, "state"),
      leftover(refresh),
      leftover({ kind: "untaint", urn: "u" }, "one in the state"),
    ];
    assert.equal(
      formatPlan(plan(findings, { purge: true })),
      [
        "  1. Remove the pending operations from state",
        "  2. Take the mark of a taint from one in the state",
        "  3. Remove the role",
        "  4. Remove the secret",
        "  5. Remove the app, permanently, which cannot be undone",
        "  6. `pulumi refresh` of one, two, and of nothing else",
        "  7. `pulumi up`",
        "  8. Delete permanently, which cannot be undone: app in the bin",
        "",
      ].join("\n"),
    );
    const without = plan(findings);
    assert.deepEqual([without.purges, without.purgedAfterRemoval], [[], []]);
    assert.match(formatPlan(without), /^ {2}5\. Remove the app$/m);
  });

  const ENDINGS: [what: string, options: Partial<PlanOptions>, ending: Plan["ending"]][] = [
    ["a stack with a principal ends with up", {}, "up"],
    ["--no-up", { up: false }, "nothing"],
    ["nothing is there: an up would make all of it", { hasPrincipal: false }, "nothing"],
    ["a destroy that did not finish", { isDestroyUnfinished: true }, "destroy"],
  ];
  for (const [what, options, ending] of ENDINGS) {
    it(what, () => assert.equal(plan([leftover(refresh)], options).ending, ending));
  }

  it("where nothing is to be done there is no up either", () => {
    for (const findings of [[], [createFinding("UNMANAGED_SECRET", "s", "d", "r")]]) {
      assert.ok(isEmpty(plan(findings)));
      assert.equal(plan(findings).ending, "nothing");
    }
    assert.equal(plan([leftover({ kind: "up" })]).ending, "up");
  });

  it("what a person made is left to them", () => {
    const secret = createFinding("UNMANAGED_SECRET", "s", "d", "r");
    const notice = createFinding("OTHER_INSTANCE", "s", "d", "r");
    assert.deepEqual(plan([secret, notice]).left, [secret]);
  });
});

describe("repair: consent", () => {
  const purge = plan([leftover({ kind: "purge", ids: ["p"] })], { purge: true });

  it("yes", async () => {
    const io = rememberingIo({ isTerminal: true, answers: ["yes"] });
    await requireConsent(io, plan([leftover(refresh)]));
    assert.equal(io.written.stderr, "Do it? [yes/no] ");
  });

  it("before something goes for good it says that it cannot come back", async () => {
    const removal = plan([leftover({ kind: "removeApplication", id: "1" })], { purge: true });
    for (const one of [purge, removal]) {
      const io = rememberingIo({ isTerminal: true, answers: ["y"] });
      await requireConsent(io, one);
      assert.equal(io.written.stderr, "Do it? What is deleted permanently cannot be restored. [yes/no] ");
    }
  });

  it("anything else is a no, and nobody to ask is misuse", async () => {
    await assert.rejects(requireConsent(rememberingIo({ isTerminal: true, answers: ["n"] }), purge), {
      code: "DECLINED",
      exitCode: 1,
    });
    await assert.rejects(requireConsent(rememberingIo(), purge), { code: "NOBODY_TO_ASK", exitCode: 2 });
  });
});

describe("repair: what was removed may be shown for a while", () => {
  const look = (answers: Finding[][]) => () =>
    Promise.resolve({ findings: answers.shift() ?? [] } as unknown as Audit);
  const isDone = ({ findings }: Audit) => findings.length === 0;
  const one = leftover(refresh);

  it("is looked for again until it is gone, which is told once", async () => {
    const io = rememberingIo();
    const found = await lookUntilDone(io, 300, look([[one], []]), isDone);
    assert.deepEqual(found.findings, []);
    assert.match(
      io.written.stderr,
      /^Azure may not yet show everywhere what was removed last: .* at most\.\n$/,
    );
  });

  it("is told in the end where it stays", async () => {
    const found = await lookUntilDone(rememberingIo(), 20, look([[one], [one], [one]]), isDone);
    assert.deepEqual(found.findings, [one]);
  });

  it("is not waited for with --wait 0s, nor where all is done", async () => {
    const io = rememberingIo();
    assert.deepEqual((await lookUntilDone(io, 0, look([[one], []]), isDone)).findings, [one]);
    assert.deepEqual((await lookUntilDone(io, 60_000, look([[]]), isDone)).findings, []);
    assert.equal(io.written.stderr, "");
  });
});
