import { formatDays } from "../terminal/durations";
import { printable } from "../terminal/printable";
import type { FleetRow } from "./fleet";

const HEADINGS = ["STACK", "LOGIN", "PASSWORD", "NEXT RENEWAL", "LAST UPDATE"];

/** Which row comes first: what has ended, what is not known, what is due, what ends next; what has no password, and what holds nothing. */
export function sortWorstFirst(rows: readonly FleetRow[], now: Date): FleetRow[] {
  const end = ({ passwordEnds }: FleetRow) =>
    passwordEnds === null ? Infinity : new Date(passwordEnds).getTime();
  const name = ({ folder, stack }: FleetRow) => `${folder}\n${stack ?? ""}`;
  return [...rows].sort(
    (a, b) =>
      rank(a, now) - rank(b, now) ||
      (end(a) === end(b) ? 0 : end(a) - end(b)) ||
      name(a).localeCompare(name(b), "en"),
  );
}

function rank(row: FleetRow, now: Date): number {
  if (row.passwordEnds !== null && isPast(row.passwordEnds, now)) return 0;
  if (row.problem !== null) return 1;
  if (row.nextRenewal !== null && isPast(row.nextRenewal, now)) return 2;
  if (row.passwordEnds !== null) return 3;
  return row.isEmpty ? 5 : 4;
}

/** One line for each stack, below headings. */
export function formatTable(rows: readonly FleetRow[], now: Date): string {
  const severalFolders = new Set(rows.map(({ folder }) => folder)).size > 1;
  const cells = rows.map((row) => [
    plain(severalFolders ? `${row.folder}: ${row.stack ?? "?"}` : (row.stack ?? "?")),
    ...describe(row, now),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(
      heading.length,
      ...cells.map((line) => (line.length === HEADINGS.length ? line[column]!.length : 0)),
    ),
  );
  // A row with a reason instead of values is as wide as the reason; its name keeps to the column.
  const first = Math.max(widths[0]!, ...cells.map(([stack]) => stack!.length));
  const format = (line: readonly string[]) =>
    line
      .map((cell, column) => cell.padEnd(column === 0 ? first : widths[column]!))
      .join("  ")
      .trimEnd();
  return [HEADINGS, ...cells].map((line) => `${format(line)}\n`).join("");
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
