import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { CliError } from "../errors";
import type { Io } from "../io";
import { readAllDetails } from "../stack/outputs";
import { formatDays } from "../terminal/durations";
import { printable } from "../terminal/printable";
import { parseJson } from "../tools/process";
import { runPulumi, withoutPassphrase } from "../tools/pulumi";

/** One principal of a fleet, as far as it could be read. */
export interface FleetRow {
  /** As it was given. */
  folder: string;
  /** Null where the folder's stacks cannot be listed. */
  stack: string | null;
  /** Name of the output that holds it; null where the stack has only one. */
  principal: string | null;
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

const UNREAD = {
  principal: null,
  authentication: null,
  passwordEnds: null,
  nextRenewal: null,
  isEmpty: false,
  problem: null,
};
// Each takes a third of a second of a core, and waits in between for its backend. At most 8, since each holds what one
// stack printed: so the memory does not grow with the machine either.
const READERS = Math.min(8, Math.max(2, availableParallelism() * 2));

/**
 * Reads every stack of the folders' projects, each by a process of its own that is reduced to rows when it ends: the
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
      const json = await runPulumi(io, ["stack", "ls", "--json"], { cwd: folder }, withoutPassphrase(io));
      for (const listed of parseJson<ListedStack[]>(json, "pulumi")) stacks.push({ folder, listed });
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
      rows.push(...(await readStack(io, folder, listed)));
      report(++done, stacks.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(READERS, stacks.length) }, read));
  return rows;
}

/**
 * The stacks that have a file of settings, `Pulumi.NAME.yaml`. One stack whose state cannot be parsed keeps the Pulumi
 * CLI from listing any of a file backend.
 */
async function stacksWithSettings(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files.flatMap((file) => /^Pulumi\.(.+)\.ya?ml$/.exec(file)?.[1] ?? []).sort();
}

async function readStack(io: Io, folder: string, listed: ListedStack): Promise<FleetRow[]> {
  const row = { folder, stack: listed.name, lastUpdate: listed.lastUpdate ?? null, ...UNREAD };
  if (listed.resourceCount === 0 && listed.updateInProgress !== true) return [{ ...row, isEmpty: true }];
  try {
    const principals = await readAllDetails(io, { cwd: folder, stack: listed.name });
    return principals.map(({ principal, details }) => ({
      ...row,
      principal: principal ?? null,
      authentication: details.authentication,
      passwordEnds: details.secrets.find(({ current }) => current)?.ends ?? null,
      nextRenewal: details.nextRenewal ?? null,
    }));
  } catch (error) {
    return [{ ...row, problem: problemOf(io, error) }];
  }
}

/** What keeps one stack from being read is told in its row; an interruption ends all. */
function problemOf(io: Io, error: unknown): { code: string; message: string } {
  if (io.signal.aborted || !(error instanceof CliError) || error.code === "PULUMI_NOT_FOUND") throw error;
  return { code: error.code, message: error.message };
}

/** Which row comes first: what has ended, what is not known, what is due, what ends next; what has no password, and what holds nothing. */
export function sortWorstFirst(rows: readonly FleetRow[], now: Date): FleetRow[] {
  const end = ({ passwordEnds }: FleetRow) =>
    passwordEnds === null ? Infinity : new Date(passwordEnds).getTime();
  return [...rows].sort(
    (a, b) =>
      rank(a, now) - rank(b, now) ||
      (end(a) === end(b) ? 0 : end(a) - end(b)) ||
      nameOf(a, true).localeCompare(nameOf(b, true), "en"),
  );
}

function rank(row: FleetRow, now: Date): number {
  if (row.passwordEnds !== null && isPast(row.passwordEnds, now)) return 0;
  if (row.problem !== null) return 1;
  if (row.nextRenewal !== null && isPast(row.nextRenewal, now)) return 2;
  if (row.passwordEnds !== null) return 3;
  return row.isEmpty ? 5 : 4;
}

const HEADINGS = ["STACK", "LOGIN", "PASSWORD", "NEXT RENEWAL", "LAST UPDATE"];

/** One line for each principal, below headings. */
export function formatTable(rows: readonly FleetRow[], now: Date): string {
  const hasSeveralFolders = new Set(rows.map(({ folder }) => folder)).size > 1;
  const cells = rows.map((row) => [plain(nameOf(row, hasSeveralFolders)), ...describe(row, now)]);
  // A row with a reason instead of values is as wide as the reason; its name keeps to the column.
  const widths = HEADINGS.map((heading, column) =>
    Math.max(
      heading.length,
      ...cells.map((line) => (column === 0 || line.length > 2 ? line[column]!.length : 0)),
    ),
  );
  return [HEADINGS, ...cells]
    .map((line) => `${line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd())
    .map((line) => `${line}\n`)
    .join("");
}

/** For people: `folder: stack (principal)`. */
export function nameOf({ folder, stack, principal }: FleetRow, withFolder: boolean): string {
  const name = `${stack ?? "?"}${principal === null ? "" : ` (${principal})`}`;
  return withFolder ? `${folder}: ${name}` : name;
}

function describe(row: FleetRow, now: Date): string[] {
  if (row.problem !== null) return [`could not be read: ${plain(row.problem.message)}`];
  const updated = row.lastUpdate === null ? "never" : formatDays(row.lastUpdate, now);
  if (row.isEmpty) return ["-", "-", "holds nothing", updated];
  const ends =
    row.passwordEnds === null
      ? "none"
      : `${isPast(row.passwordEnds, now) ? "ended" : "ends"} ${formatDays(row.passwordEnds, now)}`;
  const renewal =
    row.nextRenewal === null
      ? "-"
      : isPast(row.nextRenewal, now)
        ? `due since ${formatDays(row.nextRenewal, now).replace(/ ago$/, "")}`
        : formatDays(row.nextRenewal, now);
  return [row.authentication ?? "-", ends, renewal, updated];
}

export function isPast(instant: string, now: Date): boolean {
  return new Date(instant) <= now;
}

/** On one line, and without characters that steer a terminal or a runner's log. */
function plain(text: string): string {
  return printable(text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim());
}
