import assert from "node:assert/strict";
import * as fc from "fast-check";
import { planSecrets, type PlannedSecret, type SecretSchedule } from "../../components/secret-schedule";

const DAY_MS = 86_400_000;

const schedules: fc.Arbitrary<SecretSchedule> = fc.record({
  renewSecretsEveryDays: fc.integer({ min: 1, max: 365 }),
  secretsSince: fc
    .integer({ min: 0, max: 3000 })
    .map((days) => new Date(Date.UTC(2018, 0, 1) + days * DAY_MS).toISOString().slice(0, 10)),
  secretGeneration: fc.integer({ min: 1, max: 50 }),
});

const sinceOf = (schedule: SecretSchedule) => Date.parse(`${schedule.secretsSince}T00:00:00Z`);
const lengthOf = (schedule: SecretSchedule) => schedule.renewSecretsEveryDays * DAY_MS;
const startOfPeriod = (schedule: SecretSchedule, at: number) =>
  sinceOf(schedule) + Math.floor((at - sinceOf(schedule)) / lengthOf(schedule)) * lengthOf(schedule);

/** A schedule and instants at which somebody runs `pulumi up`, in order: often and seldom, at and around boundaries. */
const histories = schedules.chain((schedule) => {
  const length = lengthOf(schedule);
  const gap = fc.oneof(
    fc.integer({ min: 1, max: length }),
    fc.constantFrom(1, 1000, length - 1, length, length + 1, 2 * length, 3 * length),
    fc.integer({ min: length, max: 6 * length }),
  );
  return fc.record({
    schedule: fc.constant(schedule),
    ups: fc.array(gap, { minLength: 1, maxLength: 25 }).map((gaps) => {
      let at = sinceOf(schedule);
      return gaps.map((ms) => (at += ms));
    }),
  });
});

/** A secret as the directory holds it: what Pulumi would have made, and when. */
interface HeldSecret extends PlannedSecret {
  madeAt: number;
  id: number;
}

/** Applies a plan as Pulumi does: a slot whose inputs changed gets a new secret, and one that is gone loses its own. */
function createDirectory() {
  let nextId = 0;
  let held = new Map<string, HeldSecret>();
  return {
    up(schedule: SecretSchedule, at: number) {
      const plan = planSecrets(schedule, new Date(at));
      const removed: HeldSecret[] = [];
      const after = new Map<string, HeldSecret>();
      for (const planned of plan.secrets) {
        const before = held.get(planned.slot);
        const inputs = (secret: PlannedSecret) => JSON.stringify([secret.endDate, secret.rotateWhenChanged]);
        const keeps = before !== undefined && inputs(before) === inputs(planned);
        after.set(planned.slot, {
          ...planned,
          ...(keeps ? { madeAt: before.madeAt, id: before.id } : { madeAt: at, id: nextId++ }),
        });
      }
      for (const [slot, secret] of held) if (after.get(slot)?.id !== secret.id) removed.push(secret);
      held = after;
      return {
        removed,
        held: [...held.values()],
        current: [...held.values()].find(({ current }) => current)!,
      };
    },
  };
}

describe("The secret schedule", () => {
  it("hands out a secret that ends no earlier than the end of the next period", () => {
    fc.assert(
      fc.property(histories, ({ schedule, ups }) => {
        const directory = createDirectory();
        for (const at of ups) {
          const { current } = directory.up(schedule, at);
          const endOfNext = startOfPeriod(schedule, at) + 2 * lengthOf(schedule);
          assert.ok(Date.parse(current.endDate) >= endOfNext);
          assert.ok(
            Date.parse(current.endDate) - at <= 2 * lengthOf(schedule),
            "and lives for two periods at most",
          );
        }
      }),
    );
  });

  it("leaves the secret handed out before untouched until the end of the period after its own", () => {
    fc.assert(
      fc.property(histories, ({ schedule, ups }) => {
        const directory = createDirectory();
        const handedOut = new Map<number, number>(); // id → start of the period in which it was handed out
        for (const at of ups) {
          const { removed, current } = directory.up(schedule, at);
          for (const secret of removed) {
            const handedOutIn = handedOut.get(secret.id);
            if (handedOutIn === undefined) continue;
            assert.ok(
              at >= handedOutIn + 2 * lengthOf(schedule),
              "removed before the end of the period after its own",
            );
            assert.ok(Date.parse(secret.endDate) <= at, "whatever is replaced has expired already");
          }
          handedOut.set(current.id, startOfPeriod(schedule, at));
        }
      }),
    );
  });

  it("changes nothing within a period, one slot at the next, and never holds more than two secrets", () => {
    fc.assert(
      fc.property(histories, ({ schedule, ups }) => {
        const directory = createDirectory();
        let before: { period: number; ids: number[] } | undefined;
        for (const at of ups) {
          const { held } = directory.up(schedule, at);
          const period = startOfPeriod(schedule, at);
          const ids = held.map(({ id }) => id).sort();
          assert.ok(held.length <= 2);
          assert.equal(new Set(held.map(({ slot }) => slot)).size, held.length);
          assert.equal(held.filter(({ current }) => current).length, 1);
          if (before?.period === period) assert.deepEqual(ids, before.ids);
          if (before && period - before.period === lengthOf(schedule)) {
            assert.equal(ids.filter((id) => !before!.ids.includes(id)).length, 1, "one new secret");
          }
          before = { period, ids };
        }
      }),
    );
  });

  it("says when it makes the next secret: not a millisecond earlier", () => {
    fc.assert(
      fc.property(histories, ({ schedule, ups }) => {
        const at = ups[0]!;
        const { nextRenewal, secrets } = planSecrets(schedule, new Date(at));
        assert.ok(nextRenewal.getTime() > at);
        assert.deepEqual(planSecrets(schedule, new Date(nextRenewal.getTime() - 1)).secrets, secrets);
        assert.notDeepEqual(planSecrets(schedule, nextRenewal).secrets, secrets);
      }),
    );
  });

  it("replaces both slots at once when any of the three settings changes", () => {
    fc.assert(
      fc.property(histories, schedules, ({ schedule, ups }, other) => {
        const now = Math.max(ups[0]!, sinceOf(other) + 1);
        for (const setting of ["renewSecretsEveryDays", "secretsSince", "secretGeneration"] as const) {
          fc.pre(schedule[setting] !== other[setting]);
          const directory = createDirectory();
          const before = directory.up(schedule, now);
          const after = directory.up({ ...schedule, [setting]: other[setting] }, now);
          const kept = after.held.filter(({ id }) => before.held.some((secret) => secret.id === id));
          assert.deepEqual(kept, []);
        }
      }),
    );
  });

  it("starts with one secret where the first period has only begun", () => {
    const schedule = { renewSecretsEveryDays: 90, secretsSince: "2026-11-23", secretGeneration: 1 };
    const secretsAt = (instant: string) =>
      planSecrets(schedule, new Date(instant)).secrets.map(({ slot, endDate, current }) => ({
        slot,
        endDate,
        current,
      }));
    assert.deepEqual(secretsAt("2026-11-23T00:00:00Z"), [
      { slot: "a", endDate: "2027-05-22T00:00:00Z", current: true },
    ]);
    assert.deepEqual(secretsAt("2027-02-20T23:59:59.999Z"), [
      { slot: "a", endDate: "2027-05-22T00:00:00Z", current: true },
    ]);
    assert.deepEqual(secretsAt("2027-02-21T00:00:00Z"), [
      { slot: "b", endDate: "2027-08-20T00:00:00Z", current: true },
      { slot: "a", endDate: "2027-05-22T00:00:00Z", current: false },
    ]);
  });

  it("has no plan for a time before it began", () => {
    assert.throws(
      () =>
        planSecrets(
          { renewSecretsEveryDays: 90, secretsSince: "2026-11-24", secretGeneration: 1 },
          new Date("2026-11-23T23:59:59Z"),
        ),
      { name: "RangeError", message: /^secretsSince must be a date in the past.*Received 2026-11-24/ },
    );
  });
});
