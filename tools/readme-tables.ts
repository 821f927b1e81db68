/**
 * Writes the tables of settings and outputs into the README, from the definitions that the program itself uses.
 *
 *     npm run write:tables             writes them
 *     npm run write:tables -- --check  fails where the README is stale
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as prettier from "prettier";
import { SETTINGS } from "../stack/settings";
import { STACK_OUTPUTS } from "../stack/outputs";

const README = path.resolve(__dirname, "../README.md");

const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function createSettingsTable(): string {
  const rows = Object.entries(SETTINGS).map(([name, setting]) =>
    row(
      `\`${name}\``,
      setting.description,
      "default" in setting && setting.default !== undefined ? `\`${setting.default}\`` : "",
      `must ${setting.rule.must}`,
    ),
  );
  return [row("setting", "what it does", "default", "rule"), row("---", "---", "---", "---"), ...rows].join(
    "\n",
  );
}

function createOutputsTable(): string {
  const rows = STACK_OUTPUTS.map(({ name, isSecret, description }) =>
    row(`\`${name}\``, description, isSecret ? "**yes**" : "no"),
  );
  return [row("output", "value", "secret"), row("---", "---", "---"), ...rows].join("\n");
}

/** The README with each table between `<!-- NAME -->` and `<!-- /NAME -->` made anew. */
async function updateTables(readme: string): Promise<string> {
  const tables = { settings: createSettingsTable(), outputs: createOutputsTable() };
  const text = Object.entries(tables).reduce((before, [name, table]) => {
    const section = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!section.test(before))
      throw new Error(`README.md must have a section <!-- ${name} --> … <!-- /${name} -->.`);
    return before.replace(section, (_, start: string, end: string) => `${start}\n${table}\n\n${end}`);
  }, readme);
  return prettier.format(text, { ...(await prettier.resolveConfig(README)), parser: "markdown" });
}

async function main(): Promise<void> {
  const before = readFileSync(README, "utf8");
  const after = await updateTables(before);
  if (!process.argv.includes("--check")) writeFileSync(README, after);
  else if (before !== after) {
    process.stderr.write(
      "README.md: the tables must follow stack/. `npm run write:tables` writes them anew.\n",
    );
    process.exitCode = 1;
  }
}

void main();
