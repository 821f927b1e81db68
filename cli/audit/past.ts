import type { Io } from "../io";
import type { StackSelection } from "../tools/pulumi";
import { type Backend, type PastRun, readHistory } from "./backend";
import type { Deployment } from "./deployment";
import { readRecord, type StackRecord } from "./record";

// What the history of a stack tells: which instance it was, and whether it is meant to be.

/** The newest record of the history that has a service principal: its instance ID remains after `destroy`. */
export async function findPast(
  io: Io,
  selection: StackSelection,
  backend: Backend,
): Promise<StackRecord | undefined> {
  for (const run of await readHistory(io, selection, backend)) {
    const deployment = await run.deployment();
    const record = deployment && readRecord(deployment);
    if (record && idsOf(record).length > 0) return record;
  }
  return undefined;
}

/**
 * First the state decides, then the history, which lists runs that failed but none that were killed. Runs that only read
 * or edited the state do not count: a repair refreshes, too. After a `destroy` that finished, anything in the state comes
 * from an `up` that was killed.
 */
export async function isDestroyUnfinished(
  io: Io,
  selection: StackSelection,
  backend: Backend,
  { isHalfDestroyed }: StackRecord,
): Promise<boolean> {
  if (isHalfDestroyed === "yes") return true;
  if (isHalfDestroyed === "no" && backend.kind !== "files") return false;
  const runs = await readHistory(io, selection, backend);
  if (isHalfDestroyed === "perhaps" && (await hasLostUnseen(runs))) return true;
  const last = runs.find(({ kind }) => kind === "update" || kind === "destroy");
  if (last?.kind !== "destroy") return false;
  const left = await last.deployment();
  return left === undefined || readRecord(left).instances.length > 0;
}

/**
 * Whether a run without an entry, one that was killed, has removed resources: since the newest entry, or before a refresh,
 * which tells how many it found missing itself.
 */
async function hasLostUnseen(runs: readonly PastRun[]): Promise<boolean> {
  const newest = await runs[0]?.deployment();
  if (newest === undefined || readRecord(newest).isHalfDestroyed === "no") return true;
  for (let i = 0; runs[i]?.kind === "refresh"; i++) {
    const [after, before] = await Promise.all([runs[i]!.deployment(), runs[i + 1]?.deployment()]);
    if (after === undefined || before === undefined) return false;
    if (countLost(before, after) > runs[i]!.deleted) return true;
  }
  return false;
}

function countLost(before: Deployment, after: Deployment): number {
  const there = new Set((after.resources ?? []).map(({ urn }) => urn));
  return (before.resources ?? []).filter(({ urn }) => !there.has(urn)).length;
}

/** Of a service, each is a start of Pulumi. */
const MOST_DESTROYS = { files: 20, service: 5, bucket: 0 };

/**
 * The instances that a `destroy` that finished has ended: what is left of them is left over. Only these: resources that
 * were moved to another stack may live on there.
 */
export async function findFormerIds(
  io: Io,
  selection: StackSelection,
  backend: Backend,
  how: "where it is cheap" | "wherever it is",
): Promise<string[]> {
  if (backend.kind !== "files" && how === "where it is cheap") return [];
  const runs = await readHistory(io, selection, backend);
  const destroys = runs.flatMap(({ kind }, i) => (kind === "destroy" ? [i] : []));
  const found = destroys.slice(0, MOST_DESTROYS[backend.kind]).map(async (i) => {
    const [after, before] = await Promise.all([runs[i]!.deployment(), runs[i + 1]?.deployment()]);
    const hasEnded = after !== undefined && readRecord(after).instances.length === 0;
    return hasEnded && before !== undefined ? idsOf(readRecord(before)) : [];
  });
  return (await Promise.all(found)).flat();
}

export function idsOf({ instances }: StackRecord): string[] {
  return instances.flatMap(({ instanceId }) => (instanceId === undefined ? [] : [instanceId.toLowerCase()]));
}
