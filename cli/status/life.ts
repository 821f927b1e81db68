import type { StackDetails } from "../../stack/contract";

/** A secret as the contract of the outputs has it; how it is drawn needs no more. */
type Secret = Pick<StackDetails["secrets"][number], "slot" | "ends" | "current"> & { starts?: string };

/** What of `details` is drawn. */
export type LifeDetails = Pick<StackDetails, "nextRenewal"> & { secrets: readonly Secret[] };

/** A part of a secret's life. */
export interface Stretch {
  /** Handed out by the stack; or only valid still, for whoever fetched it before the next one. */
  kind: "handed-out" | "valid";
  from: Date;
  to: Date;
}

export interface SecretLife {
  slot: string;
  current: boolean;
  ends: Date;
  stretches: Stretch[];
}

/** The secrets of a stack on one axis of time, for whoever draws it. */
export interface Life {
  /** The ends of the axis. */
  from: Date;
  to: Date;
  today: Date;
  /** When the next secret is due, which may be in the past. */
  renewal: Date | undefined;
  /** In the order of time. */
  secrets: SecretLife[];
}

/** When the next secret is due: what the stack says, or when the secret before ends, which is the same instant. */
export function nextRenewalOf({ nextRenewal, secrets }: LifeDetails): string | undefined {
  return nextRenewal ?? secrets.find(({ current }) => !current)?.ends;
}

/** @returns undefined where the stack has no secret. */
export function layOutLife(details: LifeDetails, now: Date): Life | undefined {
  if (details.secrets.length === 0) return undefined;
  const renewalText = nextRenewalOf(details);
  const renewal = renewalText === undefined ? undefined : new Date(renewalText);
  const current = details.secrets.find((secret) => secret.current);
  const currentStarts = current && startOf(current, details);

  const secrets = details.secrets.map((secret): SecretLife => {
    const starts = startOf(secret, details);
    const ends = new Date(secret.ends);
    // Overdue, the same secret is handed out until somebody runs `up`.
    const handedOutUntil = secret.current ? latest(renewal ?? ends, now) : (currentStarts ?? ends);
    const change = earliest(latest(handedOutUntil, starts), ends);
    const stretches: Stretch[] = [
      { kind: "handed-out", from: starts, to: change },
      { kind: "valid", from: change, to: ends },
    ];
    return {
      slot: secret.slot,
      current: secret.current,
      ends,
      stretches: stretches.filter(({ from, to }) => from < to),
    };
  });
  secrets.sort((a, b) => a.ends.getTime() - b.ends.getTime());

  const starts = details.secrets.map((secret) => startOf(secret, details));
  const from = starts.reduce(earliest, now);
  const to = secrets.map(({ ends }) => ends).reduce(latest, latest(now, renewal ?? now));
  return { from, to, today: now, renewal, secrets };
}

/** A secret lives for two periods, and the next renewal is one period before the current one ends. */
function startOf({ starts, ends }: Secret, details: LifeDetails): Date {
  if (starts !== undefined) return new Date(starts);
  const end = new Date(ends).getTime();
  const current = details.secrets.find((secret) => secret.current);
  const renewal = nextRenewalOf(details);
  if (current === undefined || renewal === undefined) return new Date(end);
  return new Date(end - 2 * (new Date(current.ends).getTime() - new Date(renewal).getTime()));
}

function earliest(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b;
}
