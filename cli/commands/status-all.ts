import { daysUntil, formatDays } from "../terminal/durations";
import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import { printableJson } from "../terminal/printable";
import { type FleetRow, formatTable, isPast, nameOf, readFleet, sortWorstFirst } from "../status/fleet";

interface StatusAllOptions {
  json?: boolean;
  /** Milliseconds: fails where a password ends within that time, or a stack cannot be read. */
  failWithin?: number;
  stack?: string;
  principal?: string;
  /** Folders of projects. @default the current one */
  cwd?: readonly string[];
}

/** `himl-sp status --all`: every stack of a project or of several, the worst first. */
export async function runStatusAll(io: Io, options: StatusAllOptions): Promise<void> {
  for (const name of ["stack", "principal"] as const) {
    if (options[name] === undefined) continue;
    throw new MisuseError(
      "ALL_AND_ONE",
      `--all must be used without --${name}. Received --${name} ${JSON.stringify(options[name])}.`,
      "Leave out one of the two.",
    );
  }
  const progress = (done: number, all: number) => {
    if (io.stderr.isTerminal) io.stderr.write(`\r${done} of ${all} stacks read`);
  };
  let rows: FleetRow[];
  try {
    rows = await readFleet(io, options.cwd ?? ["."], progress);
  } finally {
    // Go to the start of the line, and clear it.
    if (io.stderr.isTerminal) io.stderr.write("\r\u001b[K");
  }
  const now = io.now();
  rows = sortWorstFirst(rows, now);
  if (options.json) io.stdout.write(printableJson(asJson(rows, now)));
  else if (rows.length === 0)
    io.stderr.write("The project has no stack. `pulumi stack init NAME` creates one.\n");
  else io.stdout.write(formatTable(rows, now));
  if (options.failWithin !== undefined) checkEnds(rows, options.failWithin, now);
}

function asJson(rows: readonly FleetRow[], now: Date) {
  return {
    version: 1,
    stacks: rows.map((row) => ({
      ...row,
      daysLeft: row.passwordEnds === null ? null : daysUntil(row.passwordEnds, now),
      renewalIsDue: row.nextRenewal === null ? null : isPast(row.nextRenewal, now),
    })),
  };
}

/** A stack that cannot be read may have a password that expires soon. */
function checkEnds(rows: readonly FleetRow[], withinMs: number, now: Date): void {
  const name = (row: FleetRow) => nameOf(row, row.folder !== ".");
  const ending = rows.filter(
    ({ passwordEnds }) =>
      passwordEnds !== null && new Date(passwordEnds).getTime() - now.getTime() <= withinMs,
  );
  const unread = rows.filter(({ problem }) => problem !== null);
  if (ending.length === 0 && unread.length === 0) return;
  const sentences = [
    ...ending.map(
      (row) =>
        `The password of ${name(row)} ${isPast(row.passwordEnds!, now) ? "ended" : "ends"} ${formatDays(row.passwordEnds!, now)}.`,
    ),
    ...unread.map((row) => `${name(row)} could not be read (${row.problem!.code}).`),
  ];
  throw new CliError(
    ending.length > 0 ? "SECRET_ENDS_SOON" : "STACKS_UNREADABLE",
    sentences.join("\n  "),
    ending.length > 0
      ? "Run `pulumi up` for each of them, then push the variables. Find out why the schedule did not do it."
      : "`himl-sp status --stack NAME` says more about one of them.",
  );
}
