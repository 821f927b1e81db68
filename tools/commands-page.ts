/**
 * Writes docs/commands.md, the commands with their options and exit codes, from the program itself. With `--check` it
 * writes nothing; the exit code says whether the page is up to date.
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { exampleOf, pathOf, withSubcommands } from "../cli/help";
import type { Io } from "../cli/io";
import { createProgram } from "../cli/program";
import { formatAs, writeGenerated } from "./generated-files";

const PAGE = "docs/commands.md";

const OUTPUT = { write: () => undefined, isTerminal: false, hasColor: false };
// No command runs here.
const IO = { env: {}, stdout: OUTPUT, stderr: OUTPUT } as unknown as Io;

function describe(command: CommandUnknownOpts): string {
  const known = exampleOf(command);
  const page = known?.page.replace("docs/", "");
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, argChoices, defaultValue, defaultValueDescription, mandatory }) => {
      const shown = defaultValueDescription ?? (typeof defaultValue === "string" ? defaultValue : undefined);
      const more = [
        ...(argChoices ? [argChoices.map((choice) => `\`${choice}\``).join(", ")] : []),
        ...(mandatory ? ["required"] : []),
        ...(shown === undefined ? [] : [`default: ${shown}`]),
      ];
      return `| \`${flags.replaceAll("|", "\\|")}\` | ${cell(description)}${more.length > 0 ? ` (${more.join("; ")})` : ""} |`;
    });
  return [
    `## himl-sp ${pathOf(command)}`,
    command.description(),
    ...(known ? [`Example: \`${known.example}\`. More: [${page}](${page})`] : []),
    ...(options.length > 0 ? [["| option | |", "|---|---|", ...options].join("\n")] : []),
  ].join("\n\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

async function main(): Promise<void> {
  const program = createProgram(IO, "0.0.0") as CommandUnknownOpts;
  const commands = withSubcommands(program).filter(
    (command) => command !== program && command.commands.length === 0,
  );
  const text = `# Commands

_Written by \`npm run write:commands\` from the program. Do not edit it by hand._

${program.description()}

Data goes to stdout, everything for people to stderr. With \`--json\`, stdout is one JSON document with \`version: 1\`. \`verify\`,
\`push\` and \`rotate\` print it where they fail, too: \`ok\` is \`false\` then, with the code, the message and the remedy.

| exit code | |
|---|---|
| 0 | done, and what was asked for holds |
| 1 | it failed, or what was asked for does not hold; stderr has one code, a sentence and what to do |
| 2 | the command was misused: nothing was done |

${commands.map(describe).join("\n\n")}
`;
  writeGenerated("write:commands", PAGE, await formatAs(PAGE, text));
}

void main();
