import { command } from "../../components/plan/commands";
import { CliError } from "../errors";
import type { Io } from "../io";
import { excerpt } from "./process";
import { askTool, environmentFor, explainStart, type Tool } from "./tool";

/** 3.248 is the oldest that has been tried. */
export const PULUMI: Tool = {
  program: "pulumi",
  oldest: "3.248.0",
  install: "https://www.pulumi.com/docs/install/",
  versionArgs: ["version"],
  // Backends, secrets providers and programs may need any other.
  mayHave: /^(?!HIML_SERVICE_PRINCIPAL_PASSWORD$|AZURE_DEVOPS_EXT_|GH_|GITHUB_ENTERPRISE_)/,
  // The check asks a server for the newest version: time, and a warning that is about something else.
  set: { PULUMI_SKIP_UPDATE_CHECK: "true" },
};

/** Which stack: as the options of the same names of the `pulumi` command. */
export interface StackSelection {
  /** Name of the stack. @default the one that is selected in the project */
  stack?: string;
  /** Folder of the project. @default the current folder */
  cwd?: string;
}

/**
 * Runs the user's own Pulumi CLI, so that every backend and every secrets provider works as it does for them.
 *
 * @returns what it printed on stdout.
 */
export async function runPulumi(
  io: Io,
  args: readonly string[],
  selection: StackSelection,
  env: Readonly<Record<string, string | undefined>> = io.env,
  input?: string,
): Promise<string> {
  // Never interactive: a prompt for the passphrase would go to stdout, among the data.
  const all = [...args, ...selectionArgs(selection), "--non-interactive"];
  const finished = await askTool({ ...io, env }, PULUMI, all, input === undefined ? {} : { input });
  if (finished.exitCode === 0) return finished.stdout;
  throw new CliError(
    /incorrect passphrase/.test(finished.stderr) ? "PASSPHRASE_WRONG" : "PULUMI_FAILED",
    `${command`pulumi ${args}`} must succeed. It ended with exit code ${finished.exitCode ?? "none"}:\n  ${excerpt(finished.stderr)}`,
    remedyFor(finished.stderr),
  );
}

/** Runs Pulumi for a person to watch, on stderr; nobody is asked. @returns its exit code. */
export async function watchPulumi(
  io: Io,
  args: readonly string[],
  selection: StackSelection,
): Promise<number | undefined> {
  try {
    return await io.runAttached("pulumi", [...args, ...selectionArgs(selection), "--non-interactive"], {
      env: environmentFor(PULUMI, io.env),
      stdio: io.childStdio,
    });
  } catch (error) {
    throw explainStart(PULUMI, error);
  }
}

function selectionArgs({ stack, cwd }: StackSelection): string[] {
  return [...(stack === undefined ? [] : ["--stack", stack]), ...(cwd === undefined ? [] : ["--cwd", cwd])];
}

/** The passphrase, the secrets of the providers, and the tokens with which they ask for one. */
const NOT_TO_READ =
  /^(PULUMI_CONFIG_PASSPHRASE(_FILE)?|ARM_\w*(SECRET|TOKEN|PASSWORD)|ACTIONS_ID_TOKEN_REQUEST_TOKEN|SYSTEM_ACCESSTOKEN)$/i;

/**
 * For what decrypts nothing and starts no provider. The Pulumi CLI wants a passphrase to be set even so, but not the right
 * one: a schedule that only looks after the stack need not have it, and the process does not get it.
 */
export function withoutPassphrase({ env }: Io): Record<string, string | undefined> {
  const needed = Object.entries(env).filter(([name]) => !NOT_TO_READ.test(name));
  return { ...Object.fromEntries(needed), PULUMI_CONFIG_PASSPHRASE: "" };
}

/** What Pulumi says by the remedy for it; the texts are those of its own sources. */
const REMEDIES: [said: RegExp, remedy: string][] = [
  [
    /incorrect passphrase/i,
    "The passphrase is wrong: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the one with which the stack was made.",
  ],
  [
    /passphrase/i,
    "Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the passphrase of the stack.",
  ],
  [
    /failed to load checkpoint|unmarshal.*checkpoint|checkpoint.*(unexpected end|EOF)/i,
    "The file of the stack's state is damaged. docs/after-a-broken-run.md has the commands that bring back the last good one.",
  ],
  [/no stack selected|no stack named/, "Name the stack with --stack; `pulumi stack ls` lists them."],
  [/no Pulumi\.yaml|no Pulumi project/i, "Run it in the folder of the project, or name that with --cwd."],
  [
    /PULUMI_ACCESS_TOKEN|pulumi login|not logged in/i,
    "Log in to the backend of the stack with `pulumi login`, or set PULUMI_BACKEND_URL.",
  ],
];

function remedyFor(stderr: string): string {
  const known = REMEDIES.find(([said]) => said.test(stderr));
  return known?.[1] ?? "Run that command yourself to see its whole output.";
}
