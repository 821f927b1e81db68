import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { CliError, MisuseError } from "../errors";
import { type Asker, askPerson, MissingOptionError, takeReadyAnswers } from "../terminal/asker";
import { AzureLogin } from "../init/azure/login";
import { checkRights, type Right, type Rights } from "../init/azure/rights";
import { formatSteps, runSteps } from "../init/next-steps";
import type { InitOptions } from "../init/options";
import { readGitRepository } from "../tools/git";
import type { Answers } from "../init/project/answers";
import { type Backend, describeBackend, readBackend } from "../init/backend";
import type { Place } from "../init/places/place";
import { readOwnPackage } from "../init/project/own-package";
import { nameProject, readExistingProject, readFormerAnswers } from "../init/project/existing";
import { planFiles } from "../init/project/files";
import { checkWritable, formatDiff, type PlannedFile, stateOf, writeAll } from "../init/project/write";
import { askPassword, askPlace, askWorkspace, missingOptions } from "../init/questions";
import { formatPlan } from "../terminal/screen";
import type { Io } from "../io";
import { printableLines } from "../terminal/printable";

const STACK = "dev";

/** `himl-sp init`: three questions, one screen, and then a project that `pulumi up` can run. */
export async function runInit(io: Io, options: InitOptions): Promise<void> {
  const mayAsk = io.canAsk && !options.yes;
  // Report all problems at once, before any look-up.
  const missing = mayAsk || options.yes ? [] : [...missingOptions(options), "--yes"];
  if (missing.length > 0) throw new MissingOptionError(missing);
  checkStack(options.stack);
  const asker = mayAsk ? askPerson(io) : takeReadyAnswers();

  const login = new AzureLogin(io);
  const answers = await askAll(io, asker, login, options);
  const rights = await checkLogin(io, login, answers);
  await stopIfNotAllowed(asker, options, rights);
  const decided = await decideRole(asker, options, answers, rights);
  const backend = await readBackend(io, decided.folder, decided.existing.name, decided.stack);
  if (options.up) requireBackend(backend);
  const files = planFiles(decided);
  io.stderr.write(formatPlan(decided, [...listRights(rights), ...describeBackend(backend)], files));
  if (!(await asker.agree({ option: "--yes", message: "Write these files?", ready: true }))) throw declined();
  await confirmOverwriting(io, asker, options, files, decided.folder);

  io.signal.throwIfAborted();
  writeAll(files.filter((file) => stateOf(file) !== "unchanged"));
  io.stderr.write("Written.\n");
  if (options.up) await runSteps(io, asker, decided, backend);
  else io.stdout.write(formatSteps(decided, backend));
}

/** As Pulumi takes it; it is part of the name of a file. */
function checkStack(stack: string | undefined): void {
  if (stack === undefined || /^[A-Za-z0-9_][\w.-]{0,99}$/.test(stack)) return;
  throw new MisuseError(
    "STACK_INVALID",
    `--stack must have 1 to 100 letters, digits, or any of _ - . and begin with none of the last two. Received ${JSON.stringify(stack.slice(0, 100))}.`,
    "Such as: --stack dev",
  );
}

async function askAll(io: Io, asker: Asker, login: AzureLogin, options: InitOptions): Promise<Answers> {
  // By its real path, as git names the repository around it.
  const given = path.resolve(options.cwd ?? ".");
  const folder = existsSync(given) ? realpathSync(given) : given;
  const stack = options.stack ?? STACK;
  const existing = readExistingProject(folder);
  const before = readFormerAnswers(folder, stack);
  const git = await readGitRepository(io, folder);
  for (const place of [folder, path.join(git?.root ?? folder, ".github", "workflows")]) checkWritable(place);

  const lacking: string[] = [];
  const workspace = await orMissing(
    () => askWorkspace(io, asker, login, options, folder, git, before.workspace),
    lacking,
  );
  const asked = await orMissing(() => askPlace(io, asker, options, git, before.place), lacking);
  if (workspace === undefined || asked === undefined) throw new MissingOptionError(lacking);
  const { place, chooseTrust } = asked;
  const usesPassword = await askPassword(asker, options, place, before.password);
  const chosen = usesPassword ? { place } : await chooseTrust();
  return {
    folder,
    ...(git !== undefined && { gitRoot: git.root }),
    existing:
      existing.kind === "none"
        ? { ...existing, name: nameProject(nameOf(place, git?.root ?? folder)) }
        : existing,
    language: options.language ?? "yaml",
    stack,
    workspace,
    ...chosen,
    usesPassword,
    assignsRole: options.role ?? before.role ?? true,
    ownPackage: existing.kind === "program" ? { spec: "" } : await readOwnPackage(io),
  };
}

function nameOf(place: Place, folder: string): string {
  if (place.name === "github") return place.repository.split("/")[1]!;
  return place.name === "azure-devops" ? place.project : path.basename(folder);
}

/** If nobody can be asked, all missing options are reported at once. */
async function orMissing<T>(ask: () => Promise<T>, lacking: string[]): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof MissingOptionError)) throw error;
    lacking.push(...error.options);
    return undefined;
  }
}

async function checkLogin(io: Io, login: AzureLogin, { workspace }: Answers): Promise<Rights | undefined> {
  if (workspace.tenantId === undefined) {
    io.stderr.write(
      "Your login cannot see the workspace's subscription, so its rights could not be checked.\n",
    );
    return undefined;
  }
  return checkRights(login, workspace);
}

/** If the login may not assign the role, offers to leave it to an administrator. */
async function decideRole(
  asker: Asker,
  options: InitOptions,
  answers: Answers,
  rights: Rights | undefined,
): Promise<Answers> {
  if (options.role !== undefined || !answers.assignsRole || rights?.assignRole.answer !== "may not")
    return answers;
  const leavesIt = await asker.agree({
    option: "--no-role",
    message: `Your login may not assign the role (${rights.assignRole.because}). Leave that to an administrator?`,
    ready: true,
  });
  return { ...answers, assignsRole: !leavesIt };
}

/** Without the right to register, every `pulumi up` would be refused. */
async function stopIfNotAllowed(
  asker: Asker,
  options: InitOptions,
  rights: Rights | undefined,
): Promise<void> {
  const lacking = [rights?.registerApplications, rights?.readWorkspace].find(
    (right) => right?.answer === "may not",
  );
  if (lacking === undefined) return;
  const goesOn =
    !options.yes &&
    (await asker.agree({
      option: "--yes",
      message: `Your login may not ${lacking.what} (${lacking.because}): \`pulumi up\` would be refused. Continue anyway?`,
      ready: false,
    }));
  if (goesOn) return;
  throw new CliError(
    "NOT_ALLOWED",
    `Your login must be allowed to ${lacking.what}. It is not: ${lacking.because}. Nothing was written.`,
    lacking.remedy ?? "Ask an administrator.",
  );
}

function listRights(rights: Rights | undefined): Right[] {
  return rights === undefined ? [] : [rights.registerApplications, rights.assignRole, rights.readWorkspace];
}

/** Without them, `--up` would end in its middle. */
function requireBackend(backend: Backend): void {
  const lacking = describeBackend(backend).find(({ answer }) => answer !== "may");
  if (lacking === undefined) return;
  throw new CliError(
    "BACKEND_REQUIRED",
    `With --up, this must be possible: ${lacking.what}. ${lacking.because}. Nothing was written.`,
    lacking.remedy ?? "See docs/renewing-pipeline.md.",
  );
}

/** An existing file is overwritten only after its diff was shown and accepted. */
async function confirmOverwriting(
  io: Io,
  asker: Asker,
  options: InitOptions,
  files: readonly PlannedFile[],
  folder: string,
): Promise<void> {
  for (const file of files.filter((one) => stateOf(one) === "changed")) {
    io.stderr.write(printableLines(`${formatDiff(file, folder)}\n`));
    const name = path.relative(folder, file.path);
    if (options.overwrite) continue;
    const question = { option: "--overwrite", message: `Change ${name}?` };
    if (!(await asker.agree(options.yes ? question : { ...question, ready: false }))) throw declined();
  }
}

function declined(): CliError {
  return new CliError("DECLINED", "Nothing was written.", "Run it again with other answers.");
}
