import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { readStackOutputs } from "../stack/outputs";
import { runPulumi, withoutPassphrase } from "../tools/pulumi";

/** One stack of a fleet, as far as it could be read. */
export interface FleetRow {
  /** As it was given. */
  folder: string;
  /** Null where the folder's stacks cannot be listed. */
  stack: string | null;
  authentication: "secret" | "federated" | "both" | null;
  /** Of the password that is handed out, ISO 8601. */
  passwordEnds: string | null;
  nextRenewal: string | null;
  lastUpdate: string | null;
  /** Whether it holds nothing: never updated, or destroyed. */
  isEmpty: boolean;
  /** Why it could not be read. */
  problem: { code: string; message: string } | null;
}

/** `pulumi stack ls --json`. */
interface ListedStack {
  name: string;
  lastUpdate?: string;
  updateInProgress?: boolean;
  resourceCount?: number;
}

const UNREAD = { authentication: null, passwordEnds: null, nextRenewal: null, isEmpty: false, problem: null };
// Each takes a third of a second of a core, and waits in between for its backend. At most 8, since each holds what one
// stack printed: so the memory does not grow with the machine either.
const READERS = Math.min(8, Math.max(2, availableParallelism() * 2));

/**
 * Reads every stack of the folders' projects, each by a process of its own that is reduced to a row when it ends: the
 * memory does not grow with the size of their states.
 *
 * @param report is told how many are read, and of how many.
 */
export async function readFleet(
  io: Io,
  folders: readonly string[],
  report: (done: number, all: number) => void,
): Promise<FleetRow[]> {
  const rows: FleetRow[] = [];
  const stacks: { folder: string; listed: ListedStack }[] = [];
  for (const folder of folders) {
    try {
      for (const listed of await listStacks(io, folder)) stacks.push({ folder, listed });
    } catch (error) {
      rows.push({ folder, stack: null, lastUpdate: null, ...UNREAD, problem: problemOf(io, error) });
      for (const name of await stacksWithSettings(folder)) stacks.push({ folder, listed: { name } });
    }
  }
  report(0, stacks.length);
  const queue = stacks.values();
  let done = 0;
  const read = async () => {
    for (const { folder, listed } of queue) {
      rows.push(await readStack(io, folder, listed));
      report(++done, stacks.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(READERS, stacks.length) }, read));
  return rows;
}

async function listStacks(io: Io, folder: string): Promise<ListedStack[]> {
  const json = await runPulumi(io, ["stack", "ls", "--json"], { cwd: folder }, withoutPassphrase(io));
  return parseJson<ListedStack[]>(json, "pulumi");
}

/**
 * The stacks that have a file of settings, `Pulumi.NAME.yaml`. One stack whose state cannot be parsed keeps the Pulumi
 * CLI from listing any of a file backend.
 */
async function stacksWithSettings(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files.flatMap((file) => /^Pulumi\.(.+)\.ya?ml$/.exec(file)?.[1] ?? []).sort();
}

async function readStack(io: Io, folder: string, listed: ListedStack): Promise<FleetRow> {
  const row = { folder, stack: listed.name, lastUpdate: listed.lastUpdate ?? null, ...UNREAD };
  if (listed.resourceCount === 0 && listed.updateInProgress !== true) return { ...row, isEmpty: true };
  try {
    const { details } = await readStackOutputs(io, { cwd: folder, stack: listed.name }, false);
    return {
      ...row,
      authentication: details.authentication,
      passwordEnds: details.secrets.find(({ current }) => current)?.ends ?? null,
      nextRenewal: details.nextRenewal ?? null,
    };
  } catch (error) {
    return { ...row, problem: problemOf(io, error) };
  }
}

/** What keeps one stack from being read is told in its row; an interruption ends all. */
function problemOf(io: Io, error: unknown): { code: string; message: string } {
  if (io.signal.aborted || !(error instanceof CliError) || error.code === "PULUMI_NOT_FOUND") throw error;
  return { code: error.code, message: error.message };
}
