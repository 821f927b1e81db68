import { command, commandLine } from "../../components/plan/commands";
import { runPushAzureDevOps, runPushGithub } from "../commands/push";
import { runVerify } from "../commands/verify";
import { CliError } from "../errors";
import type { Io } from "../io";
import { watchPulumi } from "../tools/pulumi";
import { type Answers, isYamlProject } from "./project/answers";
import { npmSource } from "./project/package-source";

/** Where Azure Pipelines keeps the variables, as in the examples. */
const VARIABLE_GROUP = "himl";

/** The commands to run next, each with its folder. */
export function formatSteps(answers: Answers): string {
  const { stack, place } = answers;
  const steps: [why: string, command: string][] = [
    ...(needsInstall(answers) ? ([["Gets the component.", "pulumi install"]] as [string, string][]) : []),
    ["Shows what it will create, asks, and creates it.", commandLine`pulumi up --stack ${stack}`],
    ["Gives the variables to the pipeline.", pushCommand(answers)],
  ];
  const isDraft = place.name === "azure-devops" && !answers.usesPassword;
  return [
    ...steps.map(([why, command]) => `# ${why}\n${command}\n`),
    ...(isDraft
      ? ["# Then enter client ID and tenant ID in the service connection, if it is a draft.\n"]
      : []),
  ].join("");
}

function needsInstall({ existing }: Answers): boolean {
  return existing.kind !== "program";
}

function pushCommand(answers: Answers): string {
  const { place, stack } = answers;
  // A YAML project has no `himl-sp` of its own.
  const himlSp = isYamlProject(answers)
    ? ["npx", "--yes", "--package", npmSource(answers.packageSource), "himl-sp"]
    : ["npx", "himl-sp"];
  switch (place.name) {
    case "github": {
      const host = place.host === "github.com" ? "" : commandLine` --hostname ${place.host}`;
      const { environment: name } = place;
      const environment = name === undefined ? "" : commandLine` --environment ${name}`;
      return `${commandLine`${himlSp} push github --stack ${stack} --repo ${place.repository}`}${host}${environment}`;
    }
    case "azure-devops":
      return commandLine`${himlSp} push azure-devops --stack ${stack} --organization ${place.organization} --project ${place.project} --group ${VARIABLE_GROUP}`;
    case "other":
      return commandLine`${himlSp} env --stack ${stack} --format dotenv > .env`;
  }
}

/** `--up`: runs the rest. */
export async function runSteps(io: Io, answers: Answers): Promise<void> {
  const { folder, stack, place, usesPassword } = answers;
  const selection = { cwd: folder };
  if (needsInstall(answers)) await mustSucceed(io, ["install"], selection);
  await mustSucceed(io, ["stack", "select", "--create", stack], selection);
  await mustSucceed(io, ["up", "--yes", "--skip-preview", "--stack", stack], selection);
  const at = { cwd: folder, stack };
  if (usesPassword) await runVerify(io, { ...at, from: "stack", wait: 300_000 });
  if (place.name === "github") {
    await runPushGithub(io, {
      ...at,
      repo: place.repository,
      ...(place.host !== "github.com" && { hostname: place.host }),
      ...(place.environment !== undefined && { environment: place.environment }),
    });
  } else if (place.name === "azure-devops") {
    const { organization, project } = place;
    await runPushAzureDevOps(io, { ...at, organization, project, group: VARIABLE_GROUP });
  } else {
    io.stderr.write(
      `Ready. ${command`himl-sp env --stack ${stack} --format dotenv`} prints the variables.\n`,
    );
  }
}

async function mustSucceed(io: Io, args: readonly string[], selection: { cwd: string }): Promise<void> {
  const exitCode = await watchPulumi(io, args, selection);
  if (exitCode === 0) return;
  io.signal.throwIfAborted();
  throw new CliError(
    "PULUMI_FAILED",
    `${command`pulumi ${args}`} must succeed. It ended with exit code ${exitCode ?? "none"}.`,
    "Its output is above. The files are written. Fix the problem, then run the same command again.",
  );
}
