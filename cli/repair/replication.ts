import { setTimeout as sleep } from "node:timers/promises";
import type { Audit } from "../audit/audit";
import { formatDuration } from "../durations";
import type { Io } from "../io";

const PAUSE_MS = 5_000;

// What Azure was told spreads within seconds, and now and then within two minutes. Until then one answer has it, and the
// next one says that it is not there: https://learn.microsoft.com/entra/architecture/architecture#data-consistency

/**
 * Looks again while something seems to be missing or changed that the stack itself made or changed so shortly before that
 * Azure may not show it everywhere yet. What is older is believed at once.
 */
export async function lookUntilReplicated(
  io: Io,
  found: Audit,
  wait: number,
  look: () => Promise<Audit>,
): Promise<Audit> {
  let audit = found;
  for (let isTold = false; ; isTold = true) {
    const left = youngestDoubt(audit) + wait - io.now().getTime();
    if (left <= 0) return audit;
    if (!isTold) tell(io, "made or changed", left);
    await sleep(Math.min(PAUSE_MS, left), undefined, { signal: io.signal });
    audit = await look();
  }
}

/** When the last of what seems to be missing or changed was made or changed, as the state says. */
function youngestDoubt({ findings, record }: Audit): number {
  const urns = findings.flatMap(({ action }) => (action?.kind === "refresh" ? action.urns : []));
  return Math.max(0, ...urns.map((urn) => record.changed.get(urn) ?? 0));
}

/** Looks again until nothing is left to do: what was removed may still be shown for a while. */
export async function lookUntilDone(
  io: Io,
  wait: number,
  look: () => Promise<Audit>,
  isDone: (audit: Audit) => boolean,
): Promise<Audit> {
  const deadline = io.now().getTime() + wait;
  for (let isTold = false; ; isTold = true) {
    const audit = await look();
    const left = deadline - io.now().getTime();
    if (isDone(audit) || left <= 0) return audit;
    if (!isTold) tell(io, "removed", left);
    await sleep(Math.min(PAUSE_MS, left), undefined, { signal: io.signal });
  }
}

function tell(io: Io, what: string, left: number): void {
  io.stderr.write(
    `Azure may not yet show everywhere what was ${what} last: looking again for ${formatDuration(left)} at most.\n`,
  );
}
