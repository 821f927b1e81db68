/**
 * When secrets are renewed: a pure function of two settings, the calendar's first day, the clock, and the secrets that
 * the state holds. What the state proves outranks the clock: a period for which a secret was made has begun.
 *
 * Time since the first day, in UTC, is cut into periods of `renewSecretsEveryDays` days. Slot `a` belongs to the even
 * periods and slot `b` to the odd ones. In period n the secret of n is handed out, and the other slot still holds the
 * secret of n - 1. A secret of period n ends when period n + 1 ends, so whoever holds the secret of n - 1 has the whole
 * of period n to fetch the new one.
 */

/** The settings that decide which secrets exist. Both must be plain values, because they decide how many there are. */
export interface SecretSchedule {
  /** Length of a period, in days: a whole number from 1 to 365. A secret lives for two periods at most. */
  renewSecretsEveryDays: number;
  /** A whole number, raised by one after a leak: every secret is replaced at once. */
  secretGeneration: number;
}

/** A secret that must exist now. */
export interface PlannedSecret {
  slot: "a" | "b";
  /** First instant of its period, and the instant at which it ends, as Microsoft Graph writes instants: `2027-02-14T00:00:00Z`. */
  startDate: string;
  endDate: string;
  /** A change of any of these creates a new secret, independent of `endDate`. */
  rotateWhenChanged: Record<"period" | "generation" | "since" | "everyDays", string>;
}

/** Why a secret that the state holds was made: its `rotateWhenChanged`. */
export type RecordedSecret = Readonly<Partial<PlannedSecret["rotateWhenChanged"]>>;

export interface SecretPlan {
  /** The instant that counts: `now`, or the start of the newest period that a recorded secret was made for. */
  time: Date;
  /** The period that `time` is in, counted from 0 on the calendar's first day. */
  period: number;
  /** Whether no recorded secret was made for this period: then this run makes one. */
  begins: boolean;
  /** The secret that is handed out. */
  current: PlannedSecret;
  /** The secret of the period before, if the state holds exactly it: no other was ever handed out. */
  previous: PlannedSecret | undefined;
  /** The first instant at which a run creates a new secret. */
  nextRenewal: Date;
}

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The day of an instant, as `YYYY-MM-DD`, in UTC. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/**
 * The secrets that must exist at `now`. Periods below 0 are such as others: a clock may have been ahead when the calendar
 * began.
 *
 * @param since the calendar's first day, `YYYY-MM-DD`, in UTC
 * @param recorded the secrets of this principal that the state holds
 */
export function planSecrets(
  schedule: SecretSchedule,
  since: string,
  now: Date,
  recorded: readonly RecordedSecret[],
): SecretPlan {
  const start = Date.parse(`${since}T00:00:00Z`);
  if (Number.isNaN(start)) throw new RangeError(`since must be a day as YYYY-MM-DD. Received ${since}.`);
  const length = schedule.renewSecretsEveryDays * DAY_MS;
  // Times are compared, not numbers: with another length the same instant is in another period.
  const time = Math.max(now.getTime(), ...recorded.map(startOf));
  const period = Math.floor((time - start) / length);

  const secretOf = (n: number): PlannedSecret => ({
    slot: n % 2 === 0 ? "a" : "b",
    startDate: formatInstant(start + n * length),
    endDate: formatInstant(start + (n + 2) * length),
    rotateWhenChanged: {
      period: String(n),
      generation: String(schedule.secretGeneration),
      since,
      everyDays: String(schedule.renewSecretsEveryDays),
    },
  });

  const isRecorded = ({ rotateWhenChanged }: PlannedSecret) =>
    recorded.some((one) =>
      Object.entries(rotateWhenChanged).every(([key, value]) => one[key as keyof RecordedSecret] === value),
    );
  const current = secretOf(period);
  const before = secretOf(period - 1);
  return {
    time: new Date(time),
    period,
    begins: !isRecorded(current),
    current,
    previous: isRecorded(before) ? before : undefined,
    nextRenewal: new Date(start + (period + 1) * length),
  };
}

/** The first instant of the period that a secret was made for. */
function startOf({ since, everyDays, period }: RecordedSecret): number {
  const start = Date.parse(`${since}T00:00:00Z`) + Number(everyDays) * Number(period) * DAY_MS;
  return Number.isNaN(start) ? -Infinity : start;
}

// Microsoft Graph answers without milliseconds, and azuread replaces a secret whose end date is spelled differently.
function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
