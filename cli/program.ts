import { Command, CommanderError, Option } from "@commander-js/extra-typings";
import type * as envCommand from "./commands/env";
import { CliError, formatError } from "./errors";
import { FORMAT_NAMES } from "./formats/formats";
import type { Io } from "./io";

// A subcommand's modules are loaded when it runs, and no sooner: `himl-sp` is to start as fast as Node does.
// `require`, since TypeScript leaves `import()` alone in CommonJS, and Node then wants file names with extensions.
/* eslint-disable @typescript-eslint/no-require-imports */
const commands = {
  env: () => require("./commands/env") as typeof envCommand,
};
/* eslint-enable @typescript-eslint/no-require-imports */

const EXIT_MISUSE = 2;

/** Runs one command line. @returns the exit code: 0 done, 1 failed, 2 misuse. */
export async function runCommandLine(args: readonly string[], io: Io, version: string): Promise<number> {
  try {
    await createProgram(io, version).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_MISUSE;
    if (error instanceof CliError) {
      io.stderr.write(formatError(error));
      return error.exitCode;
    }
    throw error;
  }
}

function createProgram(io: Io, version: string) {
  const program = new Command("himl-sp")
    .description("Brings a hi-ml service principal from the outputs of its Pulumi stack into pipelines.")
    .version(version)
    // Inherited by the subcommands, so it comes before them.
    .exitOverride()
    .showHelpAfterError("(--help shows what can be given)")
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => io.stdout.hasColor,
      getErrHasColors: () => io.stderr.hasColor,
    });

  program
    .command("env")
    .description("Print the variables, or set them for the later steps of a job.")
    .addOption(new Option("--format <format>", "who reads them").choices(FORMAT_NAMES).makeOptionMandatory())
    .option("--no-secret", "leave the password out")
    .option("--show-secret", "print the password even on a terminal")
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.env().runEnv(io, options));

  return program;
}

const stackOption = () => new Option("-s, --stack <name>", "the stack (default: the selected one)");
const cwdOption = () =>
  new Option("-C, --cwd <folder>", "folder of the Pulumi project (default: the current one)");
