import { type FaultCase, idOf } from "./cases";
import { LIFE } from "./life";
import type { Entry } from "./ledger";
import { needsPerson, type Outcome } from "./trial";

const INTRODUCTION = `# What a bad moment leaves

\`npm run test:faults\` writes this page. It hits every request to Microsoft Graph and Azure Resource Manager in the life of a stack (first
\`up\`, renewal, change, \`destroy\`) with every fault that can hit it, cuts the power after every write of the state, and
starts two runs at once; on the real engine, with the provider stand-ins and the local Azure. Then it runs the same command again,
\`himl-sp audit\`, \`himl-sp repair\` where the audit found something, and \`pulumi destroy\`, and counts what is left.

- **operation**: the command that was hit. **again**: what the same command made of it, run once more. **repair**: what \`himl-sp repair\` made
  of the rest. **left**: what is in Azure after \`destroy\`, secrets in the recycle bin included.
- In a path, \`{id}\` stands for an ID, and \`(2)\` for the second request of its kind.
- A read has no answer to lose, and only what speaks of a new object can meet replication lag.
- Requests for tokens and for metadata are not among them: they change nothing, and the life begins with a login.
`;

/** What the goals of the matrix count. */
export function summarize(outcomes: readonly Outcome[], all = outcomes.length): string {
  const count = (bad: (outcome: Outcome) => boolean) => outcomes.filter(bad).length;
  const mended = count(({ plain }) => plain === "mends it");
  return (
    `${all} cases${outcomes.length < all ? `, ${outcomes.length} of them run so far` : ""}. The same command again mends ${mended}. After \`repair\` and \`destroy\`: ` +
    `${count(({ left }) => left > 0)} leave something, ${count(({ keptAccess }) => !keptAccess)} cost a pipeline its access, ` +
    `${count(({ toldSecret }) => toldSecret)} told a secret, ${count(needsPerson)} need a person.`
  );
}

/** The page, as docs/faults.md. */
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

/** Which commits the rows are of. */
function tellCommits(entries: readonly Entry[]): string {
  const counts = new Map<string, number>();
  for (const { commit } of entries) counts.set(commit, (counts.get(commit) ?? 0) + 1);
  const parts = [...counts].map(([commit, count]) => `${count} at \`${commit}\``);
  return parts.length === 0 ? "" : `Run: ${parts.join(", ")}.`;
}

function row({ where, fault }: FaultCase, outcome: Outcome | undefined): string {
  if (!outcome) return `| ${[cellOf(where), fault, "not run yet", "", "", ""].join(" | ")} |`;
  const notes = [outcome.keptAccess ? "" : " access lost", outcome.toldSecret ? " secret told" : ""].join("");
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

/** Where and fault of each row of the page, in its order, a phase's name before them. */
export function readRows(page: string): string[] {
  let phase = "";
  return page.split("\n").flatMap((line) => {
    phase = /^## (.*)/.exec(line)?.[1] ?? phase;
    const cells = line.startsWith("| ") ? line.split("|").map((cell) => cell.trim()) : [];
    if (cells.length < 7 || cells[1] === "where" || /^-+$/.test(cells[1]!)) return [];
    return [`${phase}: ${cells[1]!.replaceAll("`", "")}: ${cells[2]}`];
  });
}
