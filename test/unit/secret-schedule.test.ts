import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  dayOf,
  planSecrets,
  type PlannedSecret,
  type RecordedSecret,
  type SecretSchedule,
} from "../../components/plan/secret-schedule";

const DAY_MS = 86_400_000;

const schedules: fc.Arbitrary<SecretSchedule> = fc.record({
  renewSecretsEveryDays: fc.integer({ min: 1, max: 365 }),
  secretGeneration: fc.integer({ min: 1, max: 50 }),
});
const instants = fc.integer({ min: Date.UTC(2018, 0, 1), max: Date.UTC(2030, 0, 1) });

const HOUR_MS = DAY_MS / 24;
/** By how much a clock may differ from Entra's where a period begins: a day, and the life of a token. */
const TOLERANCE_MS = DAY_MS + HOUR_MS;

/** One `pulumi up`: when, by which clock, and with which settings; none with `federated`. */
interface Up {
  at: number;
  skew: number;
  schedule: SecretSchedule | undefined;
}

/** Lives of a stack: often and seldom, at and around the ends of periods, by clocks that are ahead and behind. */
const histories = fc.tuple(schedules, schedules, instants).chain(([first, second, start]) => {
  const length = first.renewSecretsEveryDays * DAY_MS;
  const gap = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: length }) },
    fc.constantFrom(1, 1000, length - 1, length, length + 1, 2 * length, 3 * length),
    fc.integer({ min: length, max: 6 * length }),
  );
  const skew = fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    fc.integer({ min: -5000, max: 5000 }),
    fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }),
    fc.integer({ min: -4000 * DAY_MS, max: 4000 * DAY_MS }),
  );
  const schedule = fc.oneof(
    { weight: 8, arbitrary: fc.constant(first) },
    fc.constant(second),
    fc.constant({ ...first, secretGeneration: first.secretGeneration + 1 }),
    fc.constant(undefined),
  );
  return fc.array(fc.tuple(gap, skew, schedule), { minLength: 1, maxLength: 30 }).map((steps) => {
    let at = start;
    return steps.map(([ms, by, settings]): Up => ({ at: (at += ms), skew: by, schedule: settings }));
  });
});

/** A secret as the directory holds it: what Pulumi would have made, and when. */
interface HeldSecret extends PlannedSecret {
  madeAt: number;
  id: number;
}

/** Applies plans as Pulumi does: the first day is kept, and a slot whose inputs changed gets a new secret. */
function createStack() {
  let nextId = 0;
  let held = new Map<string, HeldSecret>();
  let since: string | undefined;
  const handedOut = new Set<number>();
  return {
    handedOut,
    up({ schedule, at, skew }: Up) {
      const now = new Date(at + skew);
      since ??= dayOf(now);
      const before = [...held.values()];
      const unchanged = { isRefused: true, removed: [], made: [], held: before, begins: false };
      const after = new Map<string, HeldSecret>();
      let begins = false;
      if (schedule) {
        const recorded = before.map(({ rotateWhenChanged }) => rotateWhenChanged);
        const plan = planSecrets(schedule, since, now, recorded);
        begins = plan.begins;
        if (begins && Math.abs(plan.time.getTime() - at) > TOLERANCE_MS) return unchanged;
        for (const planned of [plan.current, plan.previous].filter((one) => one !== undefined)) {
          const there = held.get(planned.slot);
          const inputs = (secret: PlannedSecret) =>
            JSON.stringify([secret.endDate, secret.rotateWhenChanged]);
          const keeps = there !== undefined && inputs(there) === inputs(planned);
          const made = keeps ? { madeAt: there.madeAt, id: there.id } : { madeAt: at, id: nextId++ };
          after.set(planned.slot, { ...planned, ...made });
        }
        handedOut.add(after.get(plan.current.slot)!.id);
      }
      held = after;
      const all = [...held.values()];
      return {
        isRefused: false,
        removed: before.filter(({ id }) => !all.some((one) => one.id === id)),
        made: all.filter(({ id }) => !before.some((one) => one.id === id)),
        held: all,
        begins,
      };
    },
  };
}

const key = (schedule: SecretSchedule | undefined) => JSON.stringify(schedule);

/** Runs a history, and judges each `up` that was not refused. `before` are the settings of the one before. */
function live(
  judge: (
    result: ReturnType<ReturnType<typeof createStack>["up"]>,
    up: Up,
    before: SecretSchedule | undefined,
    stack: ReturnType<typeof createStack>,
  ) => void,
) {
  fc.assert(
    fc.property(histories, (ups) => {
      const stack = createStack();
      let before: SecretSchedule | undefined;
      for (const up of ups) {
        const result = stack.up(up);
        if (result.isRefused) continue;
        judge(result, up, before, stack);
        before = up.schedule;
      }
    }),
    { numRuns: 500 },
  );
}

describe("The secret schedule, over any history of settings and clocks", () => {
  it("makes no secret that was never handed out", () =>
    live(({ held }, _up, _before, { handedOut }) => {
      for (const { id } of held) assert.ok(handedOut.has(id), "nobody ever held it");
    }));

  it("takes no valid password away, but by a change of settings", () =>
    live(({ removed }, up, before) => {
      if (key(before) !== key(up.schedule)) return;
      for (const { endDate } of removed) assert.ok(Date.parse(endDate) <= up.at + TOLERANCE_MS);
    }));

  it("makes one secret where a period begins, which lives for one to two periods, and otherwise none", () =>
    live(({ made, begins }, { at, schedule }) => {
      assert.equal(made.length, begins ? 1 : 0);
      if (!schedule) return;
      const length = schedule.renewSecretsEveryDays * DAY_MS;
      for (const { endDate } of made) {
        const life = Date.parse(endDate) - at;
        assert.ok(life <= 2 * length + TOLERANCE_MS && life >= length - TOLERANCE_MS, String(life));
      }
    }));

  it("never holds more than two secrets, nor two in one slot", () =>
    live(({ held }) => {
      assert.ok(held.length <= 2);
      assert.equal(new Set(held.map(({ slot }) => slot)).size, held.length);
    }));

  it("replaces every secret at once when one of the settings changes", () =>
    live(({ held, made }, { schedule }, before) => {
      if (schedule && before && key(before) !== key(schedule))
        assert.deepEqual(
          held.map(({ id }) => id),
          made.map(({ id }) => id),
        );
    }));
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
          const plan = planSecrets(schedule, since, new Date(day + ms), []);
          process.env["TZ"] = "UTC";
          assert.deepEqual(plan.current, planSecrets(schedule, since, new Date(day), []).current);
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
        const { nextRenewal, current } = planSecrets(schedule, since, new Date(start + ms), []);
        assert.ok(nextRenewal.getTime() > start + ms);
        assert.deepEqual(
          planSecrets(schedule, since, new Date(nextRenewal.getTime() - 1), []).current,
          current,
        );
        assert.notDeepEqual(planSecrets(schedule, since, nextRenewal, []).current, current);
      }),
    );
  });

  const QUARTERS = { renewSecretsEveryDays: 90, secretGeneration: 1 };
  const planAt = (instant: string, recorded: readonly RecordedSecret[] = [], schedule = QUARTERS) =>
    planSecrets(schedule, "2026-11-23", new Date(instant), recorded);
  const shown = ({ current, previous }: ReturnType<typeof planAt>) =>
    [current, previous].map((secret) => secret && [secret.slot, secret.startDate, secret.endDate]);
  const A = ["a", "2026-11-23T00:00:00Z", "2027-05-22T00:00:00Z"];
  const B = ["b", "2027-02-21T00:00:00Z", "2027-08-20T00:00:00Z"];

  it("has the secret of the period before, where the state holds it", () => {
    const first = planAt("2026-11-23T00:00:00Z");
    assert.deepEqual(shown(first), [A, undefined]);
    const recorded = [first.current.rotateWhenChanged];
    assert.deepEqual(shown(planAt("2027-02-20T23:59:59.999Z", recorded)), [A, undefined]);
    assert.deepEqual(shown(planAt("2027-02-21T00:00:00Z", recorded)), [B, A]);
    // A first run that failed before its secret, or `federated` until then.
    assert.deepEqual(shown(planAt("2027-02-21T00:00:00Z")), [B, undefined]);
  });

  it("does not go below a period that a secret proves, whatever its length", () => {
    const begun = [planAt("2027-02-21T00:00:01Z").current.rotateWhenChanged];
    for (const behind of ["2027-02-20T23:59:59Z", "2027-02-19T00:00:00Z", "2020-01-01T00:00:00Z"])
      assert.deepEqual([shown(planAt(behind, begun))[0], planAt(behind, begun).begins], [B, false]);
    const monthly = { ...QUARTERS, renewSecretsEveryDays: 30 };
    const third = [planAt("2027-02-22T00:00:00Z", [], monthly).current.rotateWhenChanged];
    assert.deepEqual(shown(planAt("2027-02-20T00:00:00Z", third)), [B, undefined]);
  });

  it("ends in time although the clock was ahead when the calendar began", () => {
    const { current } = planSecrets(QUARTERS, "2036-11-24", new Date("2026-11-20T12:00:00Z"), []);
    const life = Date.parse(current.endDate) - Date.parse("2026-11-20T12:00:00Z");
    assert.ok(life > 90 * DAY_MS && life <= 180 * DAY_MS);
  });

  it("needs a day to count from", () => {
    const schedule = { renewSecretsEveryDays: 90, secretGeneration: 1 };
    assert.throws(() => planSecrets(schedule, "yesterday", new Date(), []), {
      name: "RangeError",
      message: "since must be a day as YYYY-MM-DD. Received yesterday.",
    });
  });
});
