import { setTimeout as sleep } from "node:timers/promises";
import type { Audit } from "../audit/audit";
import { formatDuration } from "../terminal/durations";
import type { Io } from "../io";

const PAUSE_MS = 5_000;

// A change reaches all of Azure within seconds, sometimes within two minutes. Until then one answer has it and the next one
// does not: https://learn.microsoft.com/entra/architecture/architecture#data-consistency

/**
 * Looks again while something seems missing or changed that the stack itself changed so recently that Azure may not show it
 * everywhere yet. For anything older the first answer counts.
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

/** When the stack last changed something that seems missing or changed, as the state says. */
function youngestDoubt({ findings, record }: Audit): number {
  const urns = findings.flatMap(({ action }) => (action?.kind === "refresh" ? action.urns : []));
  return Math.max(0, ...urns.map((urn) => record.changed.get(urn) ?? 0));
}

/** Looks again until nothing is left to do: Azure may still show for a while what was removed. */
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
