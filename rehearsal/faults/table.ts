import { type FaultCase, idOf } from "./cases";
import { LIFE } from "./life";
import type { Entry } from "./ledger";
import { isRepaired, needsPerson, type Outcome } from "./trial";

const INTRODUCTION = `# What a fault leaves behind

\`npm run test:faults\` writes this page. It runs the life of a stack (first \`up\`, renewal, change, \`destroy\`) again and again, on the
real engine, with the provider stand-ins and the local Azure. Each time it injects one fault: into one request to Microsoft Graph or Azure
Resource Manager, a power cut after one write of the state, or a second run at the same time. Then it runs the same command again,
\`himl-sp audit\`, \`himl-sp repair\` if the audit found something, and \`pulumi destroy\`, and counts what remains in Azure.

- **operation**: how the command ended that met the fault. **again**: what the same command did when it ran again. **repair**: what
  \`himl-sp repair\` did afterwards. **left**: how many things remain in Azure after \`destroy\`, deleted ones in the recycle bin included.
- In a path, \`{id}\` stands for an ID, and \`(2)\` for the second request of its kind.
- Not every fault can hit every request: a read has no answer to lose, and only a request about a new object can meet replication lag.
- Requests for tokens and metadata are left out. They change nothing, and the life begins with a login.
`;

/** The figures that the goals of the matrix are about. */
export function summarize(outcomes: readonly Outcome[], all: number): string {
  const count = (bad: (outcome: Outcome) => boolean) => outcomes.filter(bad).length;
  const mended = count(({ plain }) => plain === "mends it");
  return (
    `${all} cases${outcomes.length < all ? `, ${outcomes.length} of them run so far` : ""}. The same command, run again, repairs ${mended}. After \`repair\` and \`destroy\`: ` +
    `${count(({ left }) => left > 0)} leave something behind, ${count(({ keptAccess }) => !keptAccess)} cost a pipeline its access, ` +
    `${count(({ toldSecret }) => toldSecret)} printed a secret, ${count(needsPerson)} need a person's yes, ${count((one) => !isRepaired(one))} are not repaired.`
  );
}

/** The page, as docs/evidence/faults.md. */
export function writePage(cases: readonly FaultCase[], entries: ReadonlyMap<string, Entry>): string {
  const sections = LIFE.map(({ name }) => {
    const rows = cases
      .filter(({ phase }) => phase === name)
      .map((one) => row(one, entries.get(idOf(one))?.outcome));
    return `## ${name}\n\n| where | fault | operation | again | repair | left |\n|---|---|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  const found = cases.flatMap((one) => entries.get(idOf(one)) ?? []);
  const summary = summarize(
    found.map(({ outcome }) => outcome),
    cases.length,
  );
  return `${INTRODUCTION}\n**${summary}** ${tellCommits(found)}\n\n${sections.join("\n")}`;
}

/** The commits at which the cases ran. */
function tellCommits(entries: readonly Entry[]): string {
  const counts = new Map<string, number>();
  for (const { commit } of entries) counts.set(commit, (counts.get(commit) ?? 0) + 1);
  const parts = [...counts].map(([commit, count]) => `${count} at \`${commit}\``);
  return parts.length === 0 ? "" : `Run: ${parts.join(", ")}.`;
}

function row({ where, fault }: FaultCase, outcome: Outcome | undefined): string {
  if (!outcome) return `| ${[cellOf(where), fault, "not run yet", "", "", ""].join(" | ")} |`;
  const notes = [outcome.keptAccess ? "" : " access lost", outcome.toldSecret ? " secret printed" : ""].join(
    "",
  );
  const cells = [
    cellOf(where),
    fault,
    outcome.operation,
    outcome.plain,
    outcome.repair,
    `${outcome.left}${notes}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

const cellOf = (where: string): string => (/^[A-Z]+ \//.test(where) ? `\`${where}\`` : where);

/** Phase, place and fault of each row of the page, in its order. */
export function readRows(page: string): string[] {
  let phase = "";
  return page.split("\n").flatMap((line) => {
    phase = /^## (.*)/.exec(line)?.[1] ?? phase;
    const cells = line.startsWith("| ") ? line.split("|").map((cell) => cell.trim()) : [];
    if (cells.length < 7 || cells[1] === "where" || /^-+$/.test(cells[1]!)) return [];
    return [`${phase}: ${cells[1]!.replaceAll("`", "")}: ${cells[2]}`];
  });
}
