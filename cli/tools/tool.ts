import { command } from "../../components/plan/commands";
import { CliError, systemReason } from "../errors";
import type { Io } from "../io";
import { type Environment, excerpt, type Finished, isNotFound } from "./process";

// The one way to start a tool of the user, which has a login that this command does not have.

export interface Tool {
  program: "az" | "gh" | "git" | "npm" | "pulumi" | "ssh";
  /** What is older is not known to work; docs/init.md names them. */
  oldest: string;
  /** Where it is to be had. */
  install: string;
  /** Variables that contain a secret of its own. All others that look like one are kept from it. */
  mayHave: RegExp;
  /** Set for each of its calls. */
  set?: Environment;
  /** Prints its version. @default --version */
  versionArgs?: readonly string[];
  /** The error for an exit code and what the tool printed; undefined for an unknown failure. */
  explain?: (exitCode: number | undefined, stderr: string) => CliError | undefined;
}

export interface ToolOptions {
  /** Variables for this call alone, such as a secret that must be no argument: other users see arguments. */
  env?: Environment;
  /** Written to its standard input. */
  input?: string;
  /** For this call, in place of the tool's own words. */
  explain?: Tool["explain"];
  notFound?: CliError;
}

/** Secrets have such names: this process's environment contains passphrases, tokens and the password of a job. */
const SECRETS = /PASSW(OR)?D|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|CONNECTION_?STRING|_(KEY|PAT|HEADER)$/;
/** They change what a tool prints, or whom it asks if nobody says whom. */
const MANNERS =
  /^(CLICOLOR\w*|FORCE_COLOR|COLORTERM|DEBUG|\w*PAGER|GIT_TRACE\w*|GH_(FORCE_TTY|DEBUG|HOST|REPO|MDWIDTH)|AZURE_CORE_(OUTPUT|ONLY_SHOW_ERRORS)|AZURE_DEFAULTS_\w+|PULUMI_OPTION_\w+)$/;

/** The environment of a tool: all of this process's but what must not pass. */
export function environmentFor({ mayHave, set }: Tool, env: Environment): Environment {
  // On Windows the case of names does not matter.
  const passes = (name: string) => !MANNERS.test(name) && (!SECRETS.test(name) || mayHave.test(name));
  const passed = Object.entries(env).filter(([name]) => passes(name.toUpperCase()));
  return { ...Object.fromEntries(passed), ...set };
}

/** Runs the tool, and returns its standard output. No argument may be a secret. @throws CliError */
export async function runTool(
  io: Io,
  tool: Tool,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const finished = await askTool(io, tool, args, options);
  if (finished.exitCode === 0) return finished.stdout;
  throw await explainFailure(
    io,
    options.explain ? { ...tool, explain: options.explain } : tool,
    args,
    finished,
  );
}

/** The same, whatever its exit code. */
export async function askTool(
  io: Io,
  tool: Tool,
  args: readonly string[],
  { env = {}, input, notFound }: ToolOptions = {},
): Promise<Finished> {
  try {
    return await io.run(tool.program, args, {
      env: { ...environmentFor(tool, io.env), ...env },
      signal: io.signal,
      ...(input !== undefined && { input }),
    });
  } catch (error) {
    throw notFound !== undefined && isNotFound(error) ? notFound : explainStart(tool, error);
  }
}

/** Why the tool could not be started at all. */
export function explainStart({ program, install }: Tool, error: unknown): unknown {
  const name = program.toUpperCase();
  if (isNotFound(error))
    return new CliError(
      `${name}_NOT_FOUND`,
      `The \`${program}\` command must be installed and on PATH.`,
      `Install it: ${install}`,
    );
  const reason = systemReason(error);
  if (reason === undefined) return error;
  return new CliError(
    `${name}_CANNOT_START`,
    `The \`${program}\` command that is on PATH must start. It cannot: ${reason}`,
    `Install it again: ${install}`,
  );
}

/** Its age is asked only now: most tools work, and `az --version` takes a second. */
export async function explainFailure(
  io: Io,
  tool: Tool,
  args: readonly string[],
  { exitCode, stderr }: Finished,
): Promise<CliError> {
  const { program, oldest, install } = tool;
  const known = tool.explain?.(exitCode, stderr);
  if (known !== undefined) return known;
  // Not the settings of git that go before its command.
  const told = args.filter((arg, index) => arg !== "-c" && args[index - 1] !== "-c").slice(0, 4);
  const said = `${command`${program} ${told}`} ended with exit code ${exitCode ?? "none"}: ${excerpt(stderr)}`;
  const version = await versionOf(io, tool);
  if (version !== undefined && isOlder(version, oldest))
    return new CliError(
      "TOOL_TOO_OLD",
      `The \`${program}\` command must be version ${oldest} or newer. It is ${version}. ${said}`,
      `Update it: ${install}`,
    );
  return new CliError(
    "TOOL_FAILED",
    said,
    "Its message may say what is missing, for example rights on the target.",
  );
}

/** Undefined where it does not say. @throws CliError where it cannot be started. */
export async function versionOf(io: Io, tool: Tool): Promise<string | undefined> {
  const { stdout } = await askTool(io, tool, tool.versionArgs ?? ["--version"]);
  return /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0];
}

/** Whether one version comes before another: `2.9.1` before `2.23.0`. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version.split(".").map(Number), than.split(".").map(Number)];
  const at = b.findIndex((part, index) => (a[index] ?? 0) !== part);
  return at >= 0 && (a[at] ?? 0) < b[at]!;
}
