import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  dayOf,
  planSecrets,
  type PlannedSecret,
  type SecretSchedule,
} from "../../components/plan/secret-schedule";

const DAY_MS = 86_400_000;

const schedules: fc.Arbitrary<SecretSchedule> = fc.record({
  renewSecretsEveryDays: fc.integer({ min: 1, max: 365 }),
  secretGeneration: fc.integer({ min: 1, max: 50 }),
});
const instants = fc.integer({ min: Date.UTC(2018, 0, 1), max: Date.UTC(2030, 0, 1) });

/** One `pulumi up`: when, and with which settings; none with `federated`. */
interface Up {
  at: number;
  schedule: SecretSchedule | undefined;
}

/** Lives of a stack: often and seldom, at and around the ends of periods, now and then with other settings. */
const histories = fc.tuple(schedules, schedules, instants).chain(([first, second, start]) => {
  const length = first.renewSecretsEveryDays * DAY_MS;
  const gap = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: length }) },
    fc.constantFrom(1, 1000, length - 1, length, length + 1, 2 * length, 3 * length),
    fc.integer({ min: length, max: 6 * length }),
  );
  const schedule = fc.oneof(
    { weight: 8, arbitrary: fc.constant(first) },
    fc.constant(second),
    fc.constant(undefined),
  );
  return fc.array(fc.tuple(gap, schedule), { minLength: 1, maxLength: 30 }).map((steps) => {
    let at = start;
    return steps.map(([ms, settings]): Up => ({ at: (at += ms), schedule: settings }));
  });
});

/** A secret as the directory holds it: what Pulumi would have made, and when. */
interface HeldSecret extends PlannedSecret {
  madeAt: number;
  id: number;
}

/** Applies plans as Pulumi does: records keep what they were made with, a slot whose inputs changed gets a new secret. */
function createStack() {
  let nextId = 0;
  let held = new Map<string, HeldSecret>();
  let records = new Map<string, string>();
  const handedOut = new Set<number>();
  return {
    handedOut,
    up({ schedule, at }: Up) {
      const now = new Date(at);
      const after = new Map<string, HeldSecret>();
      const kept = new Map<string, string>();
      const remember = (name: string, value: string) => {
        kept.set(name, records.get(name) ?? value);
        return kept.get(name)!;
      };
      const declare = (planned: PlannedSecret) => {
        const before = held.get(planned.slot);
        const inputs = (secret: PlannedSecret) => JSON.stringify([secret.endDate, secret.rotateWhenChanged]);
        const keeps = before !== undefined && inputs(before) === inputs(planned);
        const made = keeps ? { madeAt: before.madeAt, id: before.id } : { madeAt: at, id: nextId++ };
        after.set(planned.slot, { ...planned, ...made });
      };
      let current: HeldSecret | undefined;
      let since: string | undefined;
      if (schedule) {
        const calendar = `${schedule.renewSecretsEveryDays}-${schedule.secretGeneration}`;
        since = remember(calendar, dayOf(now));
        const plan = planSecrets(schedule, since, now);
        declare(plan.current);
        remember(`${calendar}-${plan.period}`, String(plan.period));
        const mark = plan.previous && remember(`${calendar}-${plan.period - 1}`, String(plan.period));
        if (mark === String(plan.period - 1)) declare(plan.previous!);
        current = after.get(plan.current.slot)!;
        handedOut.add(current.id);
      }
      const removed = [...held.values()].filter(({ id, slot }) => after.get(slot)?.id !== id);
      [held, records] = [after, kept];
      return { removed, held: [...held.values()], current, since };
    },
  };
}

const key = (schedule: SecretSchedule | undefined) => JSON.stringify(schedule);

describe("The secret schedule, over any history of settings and clocks", () => {
  it("makes no secret that was never handed out", () => {
    fc.assert(
      fc.property(histories, (ups) => {
        const stack = createStack();
        for (const up of ups)
          for (const { id } of stack.up(up).held) assert.ok(stack.handedOut.has(id), "nobody ever held it");
      }),
      { numRuns: 500 },
    );
  });

  it("starts a calendar with one secret, on the day of its first run", () => {
    fc.assert(
      fc.property(histories, (ups) => {
        const stack = createStack();
        let before: SecretSchedule | undefined;
        for (const up of ups) {
          const { held, since } = stack.up(up);
          if (up.schedule && key(before) !== key(up.schedule)) {
            assert.equal(since, dayOf(new Date(up.at)));
            assert.deepEqual(
              held.map(({ slot, madeAt }) => [slot, madeAt]),
              [["a", up.at]],
            );
          }
          before = up.schedule;
        }
      }),
    );
  });

  it("leaves what was handed out valid for one more period, unless the settings changed", () => {
    fc.assert(
      fc.property(histories, (ups) => {
        const stack = createStack();
        const untilAtLeast = new Map<number, number>(); // id → end of the period after the one in which it was handed out
        let before: SecretSchedule | undefined;
        for (const up of ups) {
          const { removed, current, since } = stack.up(up);
          if (key(before) === key(up.schedule)) {
            for (const { id, endDate } of removed) {
              assert.ok(up.at >= untilAtLeast.get(id)!, "removed before the end of the period after its own");
              assert.ok(Date.parse(endDate) <= up.at, "whatever is replaced has expired already");
            }
          }
          if (up.schedule && current) {
            const length = up.schedule.renewSecretsEveryDays * DAY_MS;
            const start = Date.parse(`${since!}T00:00:00Z`);
            const period = Math.floor((up.at - start) / length);
            untilAtLeast.set(current.id, start + (period + 2) * length);
            assert.equal(Date.parse(current.endDate), start + (period + 2) * length);
            assert.ok(Date.parse(current.endDate) - up.at <= 2 * length, "lives for two periods at most");
          }
          before = up.schedule;
        }
      }),
    );
  });

  it("changes nothing within a period, one slot at the next, and never holds more than two secrets", () => {
    fc.assert(
      fc.property(histories, (ups) => {
        const stack = createStack();
        let before: { settings: string; period: number; ids: number[] } | undefined;
        for (const up of ups) {
          const { held, since } = stack.up(up);
          if (!up.schedule) {
            before = undefined;
            continue;
          }
          const { period } = planSecrets(up.schedule, since!, new Date(up.at));
          const ids = held.map(({ id }) => id).sort();
          assert.ok(held.length <= 2);
          assert.equal(new Set(held.map(({ slot }) => slot)).size, held.length);
          if (before?.settings === `${key(up.schedule)} ${since}`) {
            const made = ids.filter((id) => !before!.ids.includes(id));
            assert.equal(made.length, before.period === period ? 0 : 1);
          }
          before = { settings: `${key(up.schedule)} ${since}`, period, ids };
        }
      }),
    );
  });

  it("replaces every secret at once when one of the settings changes", () => {
    fc.assert(
      fc.property(schedules, schedules, instants, fc.nat(4 * 365), (schedule, other, start, days) => {
        for (const setting of ["renewSecretsEveryDays", "secretGeneration"] as const) {
          if (schedule[setting] === other[setting]) continue;
          const stack = createStack();
          stack.up({ schedule, at: start });
          const at = start + days * DAY_MS;
          const before = stack.up({ schedule, at }).held.map(({ id }) => id);
          const { held } = stack.up({ schedule: { ...schedule, [setting]: other[setting] }, at });
          assert.deepEqual(
            held.filter(({ id }) => before.includes(id)),
            [],
          );
        }
      }),
    );
  });
});

describe("The plan of the secrets", () => {
  it("is the same at every time of a day, in UTC, and whatever the time zone of the machine", () => {
    const zone = process.env["TZ"];
    try {
      fc.assert(
        fc.property(schedules, instants, fc.nat(2000), fc.nat(DAY_MS - 1), (schedule, start, days, ms) => {
          const since = dayOf(new Date(start));
          const day = Date.parse(`${since}T00:00:00Z`) + days * DAY_MS;
          process.env["TZ"] = ms % 2 === 0 ? "Pacific/Kiritimati" : "America/Los_Angeles";
          const plan = planSecrets(schedule, since, new Date(day + ms));
          process.env["TZ"] = "UTC";
          assert.deepEqual(plan, planSecrets(schedule, since, new Date(day)));
        }),
      );
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  it("says when it makes the next secret: not a millisecond earlier", () => {
    fc.assert(
      fc.property(schedules, instants, fc.nat(2000 * DAY_MS), (schedule, start, ms) => {
        const since = dayOf(new Date(start));
        const { nextRenewal, current } = planSecrets(schedule, since, new Date(start + ms));
        assert.ok(nextRenewal.getTime() > start + ms);
        assert.deepEqual(planSecrets(schedule, since, new Date(nextRenewal.getTime() - 1)).current, current);
        assert.notDeepEqual(planSecrets(schedule, since, nextRenewal).current, current);
      }),
    );
  });

  it("has no period below 0: a clock that was ahead when the calendar began", () => {
    const schedule = { renewSecretsEveryDays: 90, secretGeneration: 1 };
    const { period, previous } = planSecrets(schedule, "2026-11-24", new Date("2026-11-20T12:00:00Z"));
    assert.deepEqual([period, previous], [0, undefined]);
  });

  it("starts with one secret, and has a second one from the second period on", () => {
    const schedule = { renewSecretsEveryDays: 90, secretGeneration: 1 };
    const plannedAt = (instant: string) => {
      const { current, previous } = planSecrets(schedule, "2026-11-23", new Date(instant));
      return [current, previous].map((secret) => secret && [secret.slot, secret.startDate, secret.endDate]);
    };
    const a = ["a", "2026-11-23T00:00:00Z", "2027-05-22T00:00:00Z"];
    assert.deepEqual(plannedAt("2026-11-23T00:00:00Z"), [a, undefined]);
    assert.deepEqual(plannedAt("2027-02-20T23:59:59.999Z"), [a, undefined]);
    assert.deepEqual(plannedAt("2027-02-21T00:00:00Z"), [
      ["b", "2027-02-21T00:00:00Z", "2027-08-20T00:00:00Z"],
      a,
    ]);
  });

  it("needs a day to count from", () => {
    const schedule = { renewSecretsEveryDays: 90, secretGeneration: 1 };
    assert.throws(() => planSecrets(schedule, "yesterday", new Date()), {
      name: "RangeError",
      message: "since must be a day as YYYY-MM-DD. Received yesterday.",
    });
  });
});
