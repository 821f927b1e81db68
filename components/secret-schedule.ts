/**
 * When secrets are renewed: a pure function of three settings and the clock.
 *
 * Time since `secretsSince`, in UTC, is cut into periods of `renewSecretsEveryDays` days. Slot `a` belongs to
 * the even periods and slot `b` to the odd ones. In period n the secret of n is handed out, and the other slot
 * still holds the secret of n - 1. A secret of period n ends when period n + 1 ends, so whoever holds the
 * secret of n - 1 has the whole of period n to fetch the new one.
 */

/** The settings that decide which secrets exist; all three are plain values, since they decide how many. */
export interface SecretSchedule {
  /** Length of a period, in days: a whole number from 1 to 365. A secret lives for two periods at most. */
  renewSecretsEveryDays: number;
  /** First day of period 0, as `YYYY-MM-DD`, in UTC. Not in the future. */
  secretsSince: string;
  /** A whole number, raised by one after a leak: every secret is replaced at once. */
  secretGeneration: number;
}

/** One secret that has to exist now. */
export interface PlannedSecret {
  slot: "a" | "b";
  /** Whether this is the secret that is handed out; the other one only stays valid for those who still hold it. */
  current: boolean;
  /** When the secret ends, as Microsoft Graph writes instants: `2027-02-14T00:00:00Z`. */
  endDate: string;
  /** A change of any of these makes a new secret, whatever becomes of `endDate`. */
  rotateWhenChanged: Record<"period" | "generation" | "since" | "everyDays", string>;
}

export interface SecretPlan {
  /** The secrets that have to exist, the current one first: one in period 0, two later. */
  secrets: [current: PlannedSecret, ...previous: PlannedSecret[]];
  /** The first instant at which a run makes a new secret. */
  nextRenewal: Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The secrets that have to exist at `now`.
 *
 * @throws RangeError if `now` lies before `secretsSince`: there is no period to be in.
 */
export function planSecrets(schedule: SecretSchedule, now: Date): SecretPlan {
  const since = Date.parse(`${schedule.secretsSince}T00:00:00Z`);
  const length = schedule.renewSecretsEveryDays * DAY_MS;
  const period = Math.floor((now.getTime() - since) / length);
  if (!(period >= 0)) {
    throw new RangeError(
      `secretsSince must be a date in the past, as YYYY-MM-DD. Received ${schedule.secretsSince} at ${now.toISOString()}.`,
    );
  }

  const secretOf = (n: number): PlannedSecret => ({
    slot: n % 2 === 0 ? "a" : "b",
    current: n === period,
    endDate: formatInstant(since + (n + 2) * length),
    rotateWhenChanged: {
      period: String(n),
      generation: String(schedule.secretGeneration),
      since: schedule.secretsSince,
      everyDays: String(schedule.renewSecretsEveryDays),
    },
  });

  return {
    secrets: period === 0 ? [secretOf(0)] : [secretOf(period), secretOf(period - 1)],
    nextRenewal: new Date(since + (period + 1) * length),
  };
}

// Microsoft Graph answers without milliseconds, and azuread replaces a secret whose end date is spelled differently.
function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
