import { existsSync } from "node:fs";
import path from "node:path";
import { command, commandLine } from "../../components/plan/commands";
import { runPushAzureDevOps, runPushGithub } from "../commands/push";
import { runVerify } from "../commands/verify";
import { CliError } from "../errors";
import type { Io } from "../io";
import type { Asker } from "../terminal/asker";
import { Gh } from "../tools/gh";
import { parseJson } from "../tools/process";
import { watchPulumi } from "../tools/pulumi";
import { type Backend, LOGIN } from "./backend";
import { type Answers, isYamlProject } from "./project/answers";
import { PACKAGE } from "./project/own-package";

/** Where Azure Pipelines keeps the variables, as in the examples. */
const VARIABLE_GROUP = "himl";
/** The environment of the workflow that renews, as in the examples. */
const PROVISIONING = "provisioning";

/** Something that is still to be done, or is done. */
interface Step {
  why: string;
  command?: string;
  isDone?: boolean;
  /** Whether `--up` runs it. */
  byUp?: true;
}

/** All that leads to a pipeline that works, in its order: what is done is ticked, all other lines are commands to run. */
export function formatSteps(
  answers: Answers,
  backend: Backend,
  repository: RepositoryValues = NOTHING,
): string {
  return spellSteps(listSteps(answers, backend, repository));
}

function spellSteps(steps: readonly Step[]): string {
  const spell = ({ why, command: line, isDone = false }: Step) =>
    isDone ? `# [x] ${why}\n` : `# [ ] ${why}\n${line === undefined ? "" : `${line}\n`}`;
  return steps.map(spell).join("");
}

function listSteps(answers: Answers, backend: Backend, repository: RepositoryValues): Step[] {
  const { stack, usesPassword, assignsRole, existing } = answers;
  return [
    {
      why: "Choose where the state lives: a folder to begin with; for a team Azure Blob Storage (docs/renewing-pipeline.md).",
      command: LOGIN,
      isDone: backend.url !== undefined,
      byUp: true,
    },
    {
      why: "Set PULUMI_CONFIG_PASSPHRASE to a passphrase that you keep; without it the state cannot be read again.",
      isDone: backend.canEncrypt,
    },
    ...(existing.kind === "program"
      ? []
      : [{ why: "Gets the component.", command: "pulumi install", byUp: true as const }]),
    { why: "Creates the stack.", command: commandLine`pulumi stack select --create ${stack}`, byUp: true },
    {
      why: "Shows what it will create, asks, and creates it.",
      command: commandLine`pulumi up --stack ${stack}`,
      byUp: true,
    },
    ...(assignsRole
      ? []
      : [{ why: "An administrator assigns the role: `himl-sp status` shows the command." }]),
    {
      why: "Gives the variables to the pipeline.",
      command: pushCommand(answers),
      ...(answers.place.name !== "other" && { byUp: true }),
    },
    ...stepsOfPipeline(answers, repository),
    ...(usesPassword && answers.place.name !== "other"
      ? [
          {
            why: "An administrator lets the pipeline provision: its identity, consent, and its roles on state and key (docs/renewing-pipeline.md).",
          },
        ]
      : []),
    ...(answers.place.name === "other"
      ? []
      : [{ why: "Commit what was written, package-lock.json with it, and push it.", command: "git status" }]),
  ];
}

function stepsOfPipeline(answers: Answers, { variables, secrets }: RepositoryValues): Step[] {
  const { place, usesPassword, folder, gitRoot = folder } = answers;
  if (place.name === "azure-devops" && !usesPassword)
    return [{ why: "Enter client ID and tenant ID in the service connection, if it is a draft." }];
  if (place.name !== "github") return [];
  const at = `${place.host}/${place.repository}`;
  const variable = (name: string, value: string): Step => ({
    why: `The workflow reads the variable ${name}.`,
    command: commandLine`gh variable set ${name} --repo ${at} --body ${value}`,
    isDone: variables.has(name),
  });
  if (!usesPassword)
    return [
      variable("COMPUTE_CLUSTER", "CLUSTER"),
      {
        why: "The workflow runs train.py of the repository.",
        isDone: existsSync(path.join(gitRoot, "train.py")),
      },
    ];
  const secret = (name: string): Step => ({
    why: `The workflow reads the secret ${name}.`,
    command: commandLine`gh secret set ${name} --repo ${at}`,
    isDone: secrets.has(name),
  });
  return [
    {
      why: `The workflow runs in the environment ${PROVISIONING}.`,
      command: commandLine`gh api --hostname ${place.host} --method PUT ${`repos/${place.repository}/environments/${PROVISIONING}`}`,
      isDone: variables.has(ENVIRONMENT_IS_THERE),
    },
    ...[...valuesOf(answers, undefined), ["PROVISIONER_CLIENT_ID", "CLIENT_ID"]].map(([name, value]) =>
      variable(name!, value!),
    ),
    secret("PULUMI_CONFIG_PASSPHRASE"),
    secret("TRAINING_REPOSITORY_TOKEN"),
  ];
}

/** What a repository has already. */
interface RepositoryValues {
  variables: ReadonlySet<string>;
  secrets: ReadonlySet<string>;
}

const NOTHING: RepositoryValues = { variables: new Set(), secrets: new Set() };
/** No variable has such a name. */
const ENVIRONMENT_IS_THERE = "(environment)";

/** Variables of the workflow that renews, as far as `init` knows them. */
function valuesOf({ workspace, stack }: Answers, backend: Backend | undefined): [string, string][] {
  return [
    ["AZURE_TENANT_ID", workspace.tenantId ?? "TENANT_ID"],
    ["AZURE_SUBSCRIPTION_ID", workspace.subscriptionId],
    ["PULUMI_STACK", stack],
    ["PULUMI_BACKEND_URL", backend?.url ?? "BACKEND_URL"],
  ];
}

/** Sets what the workflow reads and `init` knows, after a yes. @returns what the repository then has */
export async function prepareRepository(
  io: Io,
  asker: Asker,
  answers: Answers,
  backend: Backend,
): Promise<RepositoryValues> {
  const { place, usesPassword } = answers;
  if (place.name !== "github") return NOTHING;
  const gh = new Gh(io, place.host);
  const at = `--repo=${place.host}/${place.repository}`;
  const list = async (kind: "variable" | "secret") => {
    const json = await gh.run([kind, "list", at, "--json", "name"]);
    return new Set(parseJson<{ name: string }[]>(json, "gh").map(({ name }) => name.toUpperCase()));
  };
  const [variables, secrets] = [await list("variable"), await list("secret")];
  if (!usesPassword) return { variables, secrets };
  if ((await gh.environments(place.repository)).includes(PROVISIONING)) variables.add(ENVIRONMENT_IS_THERE);
  // A folder of this machine is no backend for a runner.
  const isShared = backend.url !== undefined && !backend.url.startsWith("file:");
  const open = valuesOf(answers, backend).filter(
    ([name]) => !variables.has(name) && (isShared || name !== "PULUMI_BACKEND_URL"),
  );
  const passphrase = io.env["PULUMI_CONFIG_PASSPHRASE"];
  const setsPassphrase = Boolean(passphrase) && isShared && !secrets.has("PULUMI_CONFIG_PASSPHRASE");
  const names = [
    ...open.map(([name]) => name),
    ...(setsPassphrase ? ["PULUMI_CONFIG_PASSPHRASE (secret)"] : []),
  ];
  if (names.length === 0) return { variables, secrets };
  const message = `Set ${names.join(", ")} of ${place.repository}?`;
  if (!(await asker.agree({ option: "--yes", message, ready: true }))) return { variables, secrets };
  for (const [name, value] of open) {
    await gh.run(["variable", "set", name, at, `--body=${value}`]);
    variables.add(name);
  }
  if (setsPassphrase) {
    // Without --body, gh reads the value from its standard input.
    await gh.run(["secret", "set", "PULUMI_CONFIG_PASSPHRASE", at], passphrase);
    secrets.add("PULUMI_CONFIG_PASSPHRASE");
  }
  return { variables, secrets };
}

/** The command as the project has it. It is never fetched: anybody may register its name in npm's registry. */
export function himlSpOf(answers: Pick<Answers, "existing" | "language">): string {
  return isYamlProject(answers) ? `${PACKAGE}/node_modules/.bin/himl-sp` : "npx --no -- himl-sp";
}

function pushCommand(answers: Answers): string {
  const { place, stack } = answers;
  const himlSp = himlSpOf(answers);
  switch (place.name) {
    case "github": {
      const { environment: name } = place;
      const environment = name === undefined ? "" : commandLine` --environment ${name}`;
      return `${himlSp}${commandLine` push github --stack ${stack} --repo ${place.repository} --hostname ${place.host}`}${environment}`;
    }
    case "azure-devops":
      return `${himlSp}${commandLine` push azure-devops --stack ${stack} --organization ${place.organization} --project ${place.project} --group ${VARIABLE_GROUP}`}`;
    case "other":
      return `${himlSp}${commandLine` env --stack ${stack} --format dotenv > .env`}`;
  }
}

/** `--up`: runs what can be run from here, and prints the rest. */
export async function runSteps(io: Io, asker: Asker, answers: Answers, backend: Backend): Promise<void> {
  const { folder, stack, place, usesPassword } = answers;
  const selection = { cwd: folder };
  if (answers.existing.kind !== "program") await mustSucceed(io, ["install"], selection);
  await mustSucceed(io, ["stack", "select", "--create", stack], selection);
  const at = { cwd: folder, stack };
  await mustSucceed(io, ["preview"], at);
  const message = `Create what the preview shows, in the stack ${stack}?`;
  if (!(await asker.agree({ option: "--yes", message, ready: true })))
    throw new CliError(
      "DECLINED",
      "Nothing was created. The files are written.",
      command`pulumi up --stack ${stack}`,
    );
  await mustSucceed(io, ["up", "--yes", "--skip-preview"], at);
  if (usesPassword) await runVerify(io, { ...at, from: "stack", wait: 300_000 });
  if (place.name === "github") {
    await runPushGithub(io, {
      ...at,
      repo: place.repository,
      hostname: place.host,
      ...(place.environment !== undefined && { environment: place.environment }),
    });
  } else if (place.name === "azure-devops") {
    const { organization, project } = place;
    await runPushAzureDevOps(io, { ...at, organization, project, group: VARIABLE_GROUP });
  }
  const repository = await prepareRepository(io, asker, answers, backend);
  const left = listSteps(answers, backend, repository).filter((step) => step.byUp === undefined);
  io.stderr.write("Ready. What is left to do:\n");
  io.stdout.write(spellSteps(left));
}

async function mustSucceed(
  io: Io,
  args: readonly string[],
  selection: { cwd: string; stack?: string },
): Promise<void> {
  const exitCode = await watchPulumi(io, args, selection);
  if (exitCode === 0) return;
  io.signal.throwIfAborted();
  throw new CliError(
    "PULUMI_FAILED",
    `${command`pulumi ${args}`} must succeed. It ended with exit code ${exitCode ?? "none"}.`,
    "Its output is above. The files are written. Fix the problem, then run the same command again.",
  );
}
