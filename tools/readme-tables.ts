/**
 * Writes the tables of settings and outputs into the pages, from the definitions that the program itself uses.
 * With `--check` nothing is written, and the exit code says whether the pages are up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as prettier from "prettier";
import { ruleOf, SETTINGS, type SettingName } from "../stack/settings";
import { STACK_OUTPUTS } from "../stack/outputs";

const ROOT = path.resolve(__dirname, "..");
const TABLES = [
  { page: "docs/settings.md", name: "settings", create: createSettingsTable },
  { page: "README.md", name: "outputs", create: createOutputsTable },
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

/** The page with what stands between `<!-- NAME -->` and `<!-- /NAME -->` made anew. */
async function update(page: string, text: string): Promise<string> {
  const updated = TABLES.filter((entry) => entry.page === page).reduce((before, { name, create }) => {
    const section = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!section.test(before))
      throw new Error(`${page} must have a section <!-- ${name} --> … <!-- /${name} -->.`);
    return before.replace(section, (_, start: string, end: string) => `${start}\n${create()}\n\n${end}`);
  }, text);
  const options = await prettier.resolveConfig(path.join(ROOT, page));
  return prettier.format(updated, { ...options, parser: "markdown" });
}

async function main(): Promise<void> {
  const isCheck = process.argv.includes("--check");
  for (const page of new Set(TABLES.map((entry) => entry.page))) {
    const file = path.join(ROOT, page);
    const before = readFileSync(file, "utf8");
    const after = await update(page, before);
    if (before === after) continue;
    if (!isCheck) writeFileSync(file, after);
    else {
      process.stderr.write(
        `The tables of ${page} must follow stack/, and its programs examples/. Run this again without --check.\n`,
      );
      process.exitCode = 1;
    }
  }
}

void main();
