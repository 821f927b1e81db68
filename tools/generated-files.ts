import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as prettier from "prettier";

const ROOT = path.resolve(__dirname, "..");

/** Formats the text of a file as `npm run format` does. */
export async function formatAs(file: string, text: string): Promise<string> {
  return prettier.format(text, { ...(await prettier.resolveConfig(file)), filepath: file });
}

/** Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->` on a page. */
export function replaceSection(page: string, name: string, create: (before: string) => string): string {
  const section = new RegExp(`(<!-- ${name} -->\n)([\\s\\S]*?)(<!-- /${name} -->)`);
  if (!section.test(page))
    throw new Error(`The page must have a section <!-- ${name} --> … <!-- /${name} -->.`);
  return page.replace(
    section,
    (_, start: string, before: string, end: string) => `${start}\n${create(before)}\n\n${end}`,
  );
}

/**
 * Writes a file that the `npm run` script creates. With `--check` on the command line it writes nothing, and the exit
 * code is 1 if the file is out of date.
 */
export function writeGenerated(script: string, file: string, text: string): void {
  const target = path.join(ROOT, file);
  if (!process.argv.includes("--check")) {
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8").replaceAll("\r\n", "\n") !== text) {
    process.stderr.write(`${file} is out of date. Run \`npm run ${script}\`.\n`);
    process.exitCode = 1;
  }
}
