import { hostname } from "node:os";
import type { Deployment } from "../audit/deployment";
import type { RepairAction } from "../audit/findings";
import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { runPulumi, type StackSelection } from "../tools/pulumi";

// What a repair does to the stack itself, by Pulumi's own commands: it is the same for every backend.

/** Takes out of the state what keeps the next run from succeeding. Needs the passphrase: Pulumi encrypts the state again. */
export async function editState(
  io: Io,
  selection: StackSelection,
  actions: readonly RepairAction[],
): Promise<void> {
  const text = await runPulumi(io, ["stack", "export"], selection);
  const state = parseJson<{ deployment: Deployment }>(text, "pulumi stack export");
  for (const action of actions) edit(state.deployment, action);
  await runPulumi(io, ["stack", "import"], selection, io.env, JSON.stringify(state));
}

function edit(deployment: Deployment, action: RepairAction): void {
  const { resources = [] } = deployment;
  switch (action.kind) {
    case "clearPending":
      delete deployment.pending_operations;
      return;
    case "untaint":
      for (const one of resources) if (one.urn === action.urn) delete one.taint;
      return;
    case "manage":
      for (const one of resources) if (one.urn === action.urn) delete one.external;
      return;
    case "forget":
      deployment.resources = resources.filter(
        ({ urn, id, delete: waits }) => !(waits && urn === action.urn && id === action.id),
      );
      return;
    default:
      throw new Error(`${action.kind} does not edit the state.`);
  }
}

/**
 * Waits for nobody: fails where another run is in progress. What that creates is missing in the state for some seconds, and
 * would look like a leftover. Only a command that is refused tells of a lock, and a refresh of the stack's own record is the
 * smallest: it asks Azure nothing.
 *
 * @throws CliError STACK_LOCKED, with Pulumi's own words.
 */
export async function requireNobody(
  io: Io,
  selection: StackSelection,
  urn: string | undefined,
): Promise<void> {
  const target = urn === undefined ? [] : ["--target", urn];
  try {
    await runPulumi(io, ["refresh", "--yes", "--skip-preview", ...target], selection);
  } catch (error) {
    if (!(error instanceof CliError && LOCKED.test(error.message))) throw error;
    throw new StackLocked(error.message);
  }
}

/** Of a file or bucket; of one whose lock was cut off while it was written; of Pulumi Cloud. */
const LOCKED =
  /currently locked by|unexpected end of JSON input|\[409\]|another update is currently in progress/i;

export class StackLocked extends CliError {
  constructor(readonly said: string) {
    super(
      "STACK_LOCKED",
      `Another run holds the stack, or was stopped and left its lock behind. ${said}`,
      "Wait for that run. If it has ended: `pulumi cancel`, then `himl-sp repair` again.",
    );
  }

  /** Whether every holder is a process of this machine that has ended. */
  get isLeftBehind(): boolean {
    const holders = [...this.said.matchAll(/created by .*@(\S+) \(pid (\d+)\)/g)];
    return (
      holders.length > 0 && holders.every(([, host, pid]) => host === hostname() && hasEnded(Number(pid)))
    );
  }
}

function hasEnded(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Removes the locks of the stack, whoever holds them: Pulumi checks nothing. */
export async function unlock(io: Io, selection: StackSelection): Promise<void> {
  await runPulumi(io, ["cancel", "--yes"], selection);
}
