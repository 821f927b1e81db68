import { Command, CommanderError, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type * as auditCommand from "./commands/audit";
import type * as doctorCommand from "./commands/doctor";
import type * as envCommand from "./commands/env";
import type * as initCommand from "./commands/init";
import type * as pushCommand from "./commands/push";
import type * as repairCommand from "./commands/repair";
import type * as rotateCommand from "./commands/rotate";
import type * as statusCommand from "./commands/status";
import type * as statusAllCommand from "./commands/status-all";
import type * as verifyCommand from "./commands/verify";
import { parseDuration } from "./terminal/durations";
import { CliError, explainSystemError, formatError, MisuseError } from "./errors";
import { FORMAT_NAMES } from "./formats/formats";
import { checkGivenOptions } from "./given-options";
import { addExamples } from "./help";
import type { Io } from "./io";
import { printableLines } from "./terminal/printable";

// A subcommand's modules are loaded only when it runs, so that `himl-sp` starts as fast as Node.
// `require`, since TypeScript leaves `import()` alone in CommonJS, and Node then wants file names with extensions.
/* oxlint-disable typescript/no-require-imports */
const commands = {
  audit: () => require("./commands/audit") as typeof auditCommand,
  doctor: () => require("./commands/doctor") as typeof doctorCommand,
  env: () => require("./commands/env") as typeof envCommand,
  init: () => require("./commands/init") as typeof initCommand,
  push: () => require("./commands/push") as typeof pushCommand,
  repair: () => require("./commands/repair") as typeof repairCommand,
  rotate: () => require("./commands/rotate") as typeof rotateCommand,
  status: () => require("./commands/status") as typeof statusCommand,
  statusAll: () => require("./commands/status-all") as typeof statusAllCommand,
  verify: () => require("./commands/verify") as typeof verifyCommand,
};
/* oxlint-enable typescript/no-require-imports */

const EXIT_MISUSE = 2;
const INTERRUPTED = new CliError("INTERRUPTED", "Interrupted before it was done.", "Run it again.");

/** Runs one command line. @returns the exit code: 0 done, 1 failed, 2 misuse. */
export async function runCommandLine(args: readonly string[], io: Io, version: string): Promise<number> {
  try {
    await createProgram(io, version).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_MISUSE;
    const told =
      error instanceof CliError ? error : io.signal.aborted ? INTERRUPTED : explainSystemError(error);
    if (told === undefined) throw error;
    io.stderr.write(formatError(told));
    return told.exitCode;
  }
}

/** All commands with their options; the page docs/commands.md is made of it. */
export function createProgram(io: Io, version: string) {
  const program = new Command("himl-sp")
    .description("Give the service principal of a Pulumi stack to your pipelines, check it, and maintain it.")
    .version(version)
    // Inherited by the subcommands, so it comes before them.
    .exitOverride()
    .showHelpAfterError("(add --help to see all options)")
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Errors repeat the arguments.
      writeErr: (text) => io.stderr.write(printableLines(text)),
      getOutHasColors: () => io.stdout.hasColor,
      getErrHasColors: () => io.stderr.hasColor,
    });

  program.hook("preAction", (_program, command) => checkGivenOptions(command));

  program
    .command("init")
    .description(
      "Set up a stack: answer three questions, and get a project with its settings and a pipeline.",
    )
    .option("--workspace <name>", "the Azure ML workspace: NAME, GROUP/NAME or its resource ID")
    .addOption(
      new Option("--pipeline <place>", "where the jobs run").choices([
        "github",
        "azure-devops",
        "other",
      ] as const),
    )
    .option("--password", "the jobs log in with a password, which has to be renewed")
    .option("--no-password", "the jobs log in with their own token")
    .addOption(stackOption("dev"))
    .addOption(
      new Option("--language <language>", "of a new project: one YAML file, or a program")
        .choices(["yaml", "typescript"] as const)
        .default("yaml" as const),
    )
    .option("--repo <owner/name>", "GitHub: the repository")
    .option("--hostname <host>", "GitHub: the host, if it is not github.com")
    .option("--environment <name>", "GitHub: jobs of this environment")
    .option("--branch <name>", "GitHub: jobs on this branch that name no environment")
    .option("--claim-keys <keys>", "GitHub: the keys of the organisation's subject template", parseKeys)
    .option("--claim <key=value>", "GitHub: a value of the subject that only a run knows", parseClaim)
    .option("--organization <url>", "Azure DevOps: such as https://dev.azure.com/contoso")
    .option("--project <name>", "Azure DevOps: the project")
    .option("--service-connection <name>", "Azure DevOps: a connection with workload identity federation")
    .option("--issuer <url>", "elsewhere, or for a draft: the issuer of the jobs' tokens")
    .option("--subject <text>", "elsewhere, or for a draft: their subject")
    .option("--no-role", "leave the role to an administrator")
    .option("-y, --yes", "do not ask: take the marked answers")
    .option("--overwrite", "change existing files without asking; show the diff")
    .option("--up", "run the next steps: pulumi up, and push")
    .addOption(cwdOption())
    .action((options, command) => {
      // A negated option has a default, which is not an answer.
      const isGiven = (name: "password" | "role") => command.getOptionValueSource(name) === "cli";
      const { password, role, ...rest } = options;
      return commands.init().runInit(io, {
        ...rest,
        ...(isGiven("password") && { password: password === true }),
        ...(isGiven("role") && { role }),
      });
    });

  program
    .command("doctor")
    .description("Say whether this machine and its logins can do the job: tools, logins, backend, key.")
    .option("--json", "print it as JSON")
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.doctor().runDoctor(io, options));

  program
    .command("env")
    .description("Print the variables, or set them for the later steps of a job.")
    .addOption(new Option("--format <format>", "what reads them").choices(FORMAT_NAMES).makeOptionMandatory())
    .option("--no-secret", "leave the password out")
    .option("--show-secret", "print the password even on a terminal")
    .addOption(principalOption())
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.env().runEnv(io, options));

  const push = program.command("push").description("Write the variables to where pipelines read them.");
  push
    .command("github")
    .description("Set the secret and the variables of GitHub Actions, with your own `gh`.")
    .requiredOption("--repo <owner/name>", "the repository")
    .option("--hostname <host>", "its host (default: that of a git remote of it, else github.com)")
    .option("--environment <name>", "an existing environment of the repository")
    .option("--json", "print the result as JSON")
    .addOption(dryRunOption())
    .addOption(principalOption())
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.push().runPushGithub(io, options));
  push
    .command("azure-devops")
    .description(
      "Set a variable group of Azure Pipelines, with your own `az` and its extension azure-devops.",
    )
    .requiredOption("--organization <url>", "such as https://dev.azure.com/contoso")
    .requiredOption("--project <name>", "the project")
    .requiredOption("--group <name>", "the variable group, created if it is missing")
    .option("--json", "print the result as JSON")
    .addOption(dryRunOption())
    .addOption(principalOption())
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.push().runPushAzureDevOps(io, options));

  program
    .command("verify")
    .description("Log in as hi-ml does. Check the tenant, the subscription, the workspace and the role.")
    .addOption(
      new Option(
        "--from <source>",
        "which variables to check (default: those of the environment, if it has any)",
      ).choices(["stack", "environment"] as const),
    )
    .addOption(
      new Option(
        "--expect <outcome>",
        "accepted (default); or refused, as after a rotation or `pulumi destroy`",
      ).choices(["accepted", "refused"] as const),
    )
    .addOption(
      new Option(
        "--wait <time>",
        "how long to try again if replication may be the cause of a failure, such as 5m",
      ).argParser(parseDuration),
    )
    .option("--read-only", "accept a role that may not submit jobs")
    .option("--json", "print the report as JSON")
    .addOption(principalOption())
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.verify().runVerify(io, options));

  program
    .command("status")
    .description(
      "Show when the secrets expire, when the next renewal is due, and which trusts and roles there are.",
    )
    .addOption(
      new Option(
        "--fail-within <time>",
        "exit with 1 if the password expires within this time, such as 14d",
      ).argParser(parseDuration),
    )
    .option("--json", "print it as JSON")
    .option("--all", "every stack of the project, or of each --cwd, the worst first")
    .addOption(principalOption())
    .addOption(stackOption())
    .option(
      "-C, --cwd <folder>",
      "folder of the Pulumi project (default: the current one); may be repeated with --all",
      (folder: string, before: string[] = []) => [...before, folder],
    )
    .action(({ all, cwd, ...options }) =>
      all
        ? commands.statusAll().runStatusAll(io, { ...options, ...(cwd && { cwd }) })
        : commands.status().runStatus(io, { ...options, ...onlyFolder(cwd) }),
    );

  program
    .command("rotate")
    .description("After a leak: replace every secret at once, and check the new one.")
    .option("-y, --yes", "do not ask")
    .addOption(
      new Option("--wait <time>", "how long to try again if replication may be the cause of a failure")
        .default(300_000, "5m")
        .argParser(parseDuration),
    )
    .option("--json", "print the result as JSON")
    .option("--read-only", "accept a role that may not submit jobs")
    .addOption(principalOption())
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.rotate().runRotate(io, options));

  program
    .command("audit")
    .description(
      "Compare what the stack records with Azure: what is missing, changed or left over, who can log in, and what was made by hand.",
    )
    .option("--json", "print it as JSON")
    .addOption(instanceOption())
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.audit().runAudit(io, options));

  program
    .command("repair")
    .description("Repair the stack after a failed or interrupted run: show the plan, ask, and do it.")
    .option("-y, --yes", "do not ask")
    .option("--no-up", "do not end with `pulumi up`, for example before `pulumi destroy`")
    .option("--json", "print what was done, and what is left to you, as JSON")
    .option("--purge", "also delete what this stack has in the recycle bin; that cannot be undone")
    .addOption(
      new Option("--wait <time>", "how long Azure may still show the old state after a change")
        .default(120_000, "2m")
        .argParser(parseDuration),
    )
    .addOption(instanceOption())
    .addOption(stackOption())
    .addOption(cwdOption())
    .action((options) => commands.repair().runRepair(io, options));

  addExamples(program);
  return program;
}

function onlyFolder(folders: readonly string[] = []): { cwd?: string } {
  if (folders.length < 2) return folders[0] === undefined ? {} : { cwd: folders[0] };
  throw new MisuseError(
    "SEVERAL_FOLDERS",
    `--cwd must be given once. Received ${folders.join(", ")}.`,
    "To give several folders, add --all.",
  );
}

function parseKeys(text: string): string[] {
  const keys = text.split(",").map((key) => key.trim());
  if (keys.every((key) => /^\w+$/.test(key))) return keys;
  throw new InvalidArgumentError("They must be names with commas between them: repository_id,context.");
}

function parseClaim(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError(
      "It must be KEY=VALUE: job_workflow_ref=octocat/flows/train.yml@refs/heads/main.",
    );
  return { ...before, [key]: value };
}

const dryRunOption = () => new Option("--dry-run", "list names and targets, and write nothing");
const instanceOption = () =>
  new Option("--instance <id>", "instance ID of a stack that was destroyed, and so records it no longer");
const principalOption = () =>
  new Option("--principal <name>", "the output that holds it, if the stack has several principals");
const stackOption = (usual = "the selected one") =>
  new Option("-s, --stack <name>", `the stack (default: ${usual})`);
const cwdOption = () =>
  new Option("-C, --cwd <folder>", "folder of the Pulumi project (default: the current one)");
