import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { Engine } from "../engine/engine";
import { type FaultCase, idOf, type PhaseRecord } from "./cases";
import { type Outcome, runTrial } from "./trial";
import { World } from "./world";

/** What a worker says. */
export type FromWorker =
  | { readonly kind: "lived"; readonly life: readonly PhaseRecord[] }
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  /** The case could not be run to its end. It is this worker's last word. */
  | { readonly kind: "broken"; readonly id: string; readonly why: string };

/** What it is told: the next case, or that there is none. */
export type ToWorker = FaultCase | undefined;

const LONGEST_CASE_MS = 300_000;
/** Somewhat longer than a killed engine may take to end. */
const LONGEST_END_MS = 15_000;

/** A world of its own, which takes one case after the other. */
async function main(): Promise<void> {
  const port = parentPort!;
  const say = (message: FromWorker): void => port.postMessage(message);
  const ending = new AbortController();
  const world = await World.open(workerData as Engine, ending.signal);
  say({ kind: "lived", life: await world.live() });

  const take = async (next: FaultCase): Promise<void> => {
    try {
      const timeout = sleep(LONGEST_CASE_MS, undefined, { ref: false }).then(() => {
        throw new Error(`no end after ${LONGEST_CASE_MS / 1000} s`);
      });
      say({ kind: "outcome", outcome: await Promise.race([runTrial(world, next), timeout]) });
    } catch (error) {
      say({ kind: "broken", id: idOf(next), why: (error as Error).message });
      // Nobody knows in which state this thread is: what the SDK of Pulumi keeps of a program that never ended, it keeps for
      // the next one.
      ending.abort();
      await Promise.race([world.close().catch(() => undefined), sleep(LONGEST_END_MS)]);
      process.exit();
    }
  };
  port.on("message", (next: ToWorker) => {
    if (next === undefined) void world.close().then(() => port.close());
    else void take(next);
  });
}

void main();
