/**
 * Writes the tables of settings and outputs into the pages, from the definitions that the program uses, and the programs
 * of examples/. With `--check` it writes nothing; the exit code says whether the pages are up to date.
 */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { ruleOf, SETTINGS, type SettingName } from "../stack/settings";
import { STACK_OUTPUTS } from "../stack/contract";
import { drawLife, layOutLife } from "../cli/status/life";
import { formatAs, replaceSection, writeGenerated } from "./generated-files";

const ROOT = path.resolve(__dirname, "..");
const TABLES = [
  { page: "docs/settings.md", name: "settings", create: createSettingsTable },
  { page: "README.md", name: "outputs", create: createOutputsTable },
  ...[1, 100, 200].map((day) => ({
    page: "docs/changes.md",
    name: `status-day-${day}`,
    create: () => drawStatus(day),
  })),
  ...["yaml/Pulumi.yaml", "python/__main__.py", "go/main.go"].map((file) => ({
    page: "docs/other-languages.md",
    name: `examples/${file}`,
    create: () => quoteFile(`examples/${file}`),
  })),
];

const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
const table = (head: string[], rows: string[]) =>
  [row(...head), row(...head.map(() => "---")), ...rows].join("\n");

function createSettingsTable(): string {
  const rows = Object.entries(SETTINGS).map(([name, setting]) =>
    row(
      `\`${name}\``,
      setting.description,
      "default" in setting && setting.default !== undefined ? `\`${setting.default}\`` : "",
      `must ${ruleOf(name as SettingName)}`,
    ),
  );
  return table(["setting", "what it does", "default", "rule"], rows);
}

function createOutputsTable(): string {
  const rows = STACK_OUTPUTS.map(({ name, isSecret, description }) =>
    row(`\`${name}\``, description, isSecret ? "**yes**" : "no"),
  );
  return table(["output", "value", "secret"], rows);
}

function quoteFile(file: string): string {
  const text = readFileSync(path.join(ROOT, file), "utf8").trimEnd();
  return `\`\`\`${path.extname(file).slice(1)}\n${text}\n\`\`\``;
}

/** What `himl-sp status` draws so many days after the first `up`, with the default settings, always renewed on time. */
function drawStatus(day: number): string {
  process.env["TZ"] = "UTC";
  const instant = (days: number) => new Date(Date.UTC(2030, 0, 1) + days * 86_400_000);
  const starts = [day - (day % 90), day - (day % 90) - 90].filter((start) => start >= 0);
  const secrets = starts.map((start, i) => ({
    slot: start % 180 === 0 ? ("a" as const) : ("b" as const),
    starts: instant(start).toISOString(),
    ends: instant(start + 180).toISOString(),
    current: i === 0,
  }));
  const life = layOutLife({ secrets, nextRenewal: instant(starts[0]! + 90).toISOString() }, instant(day))!;
  const lines = drawLife(life, { width: 100, hasUnicode: true, hasColor: false });
  return `\`\`\`text\n${lines.join("\n")}\n\`\`\``;
}

async function main(): Promise<void> {
  for (const page of new Set(TABLES.map((entry) => entry.page))) {
    const updated = TABLES.filter((entry) => entry.page === page).reduce(
      (text, { name, create }) => replaceSection(text, name, create),
      readFileSync(path.join(ROOT, page), "utf8"),
    );
    writeGenerated("write:tables", page, await formatAs(page, updated));
  }
}

void main();
