import { parentPort, workerData } from "node:worker_threads";
import type { Engine } from "../engine/engine";
import type { FaultCase, PhaseRecord } from "./cases";
import { type Outcome, runTrial } from "./trial";
import { World } from "./world";

/** What a worker says. */
export type FromWorker =
  | { readonly kind: "lived"; readonly life: readonly PhaseRecord[] }
  | { readonly kind: "outcome"; readonly outcome: Outcome };

/** What it is told: the next case, or that there is none. */
export type ToWorker = FaultCase | undefined;

/** A world of its own, which takes one case after the other. */
async function main(): Promise<void> {
  const port = parentPort!;
  const say = (message: FromWorker): void => port.postMessage(message);
  const world = await World.open(workerData as Engine);
  say({ kind: "lived", life: await world.live() });
  port.on("message", (next: ToWorker) => {
    if (next === undefined) void world.close().then(() => port.close());
    else void runTrial(world, next).then((outcome) => say({ kind: "outcome", outcome }));
  });
}

void main();
