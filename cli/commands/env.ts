import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { CliError, MisuseError } from "../errors";
import { FORMATS, GITHUB_ACTIONS, type FormatName } from "../formats/formats";
import { renderGithubEnv, renderMask } from "../formats/github-actions";
import type { Io } from "../io";
import { readPlainVariables, readStackOutputs } from "../stack/outputs";
import type { StackSelection } from "../tools/pulumi";
import { PASSWORD, type Variables, variableEntries } from "../variables";

interface EnvOptions extends StackSelection {
  format: FormatName;
  /** False leaves out the password. */
  secret: boolean;
  /** The password may be shown on a terminal. */
  showSecret?: boolean;
}

/** `himl-sp env`: the variables, as a pipeline or a shell reads them. */
export async function runEnv(io: Io, options: EnvOptions): Promise<void> {
  const { format } = options;
  const wantsPassword = options.secret && format !== "hi-ml-config";
  if (wantsPassword && io.stdout.isTerminal && !options.showSecret) {
    throw new MisuseError(
      "SECRET_ON_TERMINAL",
      "The password must not be shown on a terminal without --show-secret.",
      "Redirect the output, leave the password out with --no-secret, or add --show-secret.",
    );
  }
  const githubEnvFile = io.env["GITHUB_ENV"];
  if (format === GITHUB_ACTIONS && !githubEnvFile) {
    throw new CliError(
      "GITHUB_ENV_UNSET",
      "GITHUB_ENV must name a file. It is not set.",
      "Run it in a step of a GitHub Actions job; elsewhere, choose another --format.",
    );
  }

  const { variables, details } = wantsPassword
    ? await readStackOutputs(io, options, true)
    : await readPlainVariables(io, options);
  if (wantsPassword && details.authentication === "federated") {
    io.stderr.write(
      `The stack is federated: there is no ${PASSWORD}, and the pipeline logs in with \`az login\` instead.\n`,
    );
  }

  if (format === GITHUB_ACTIONS) {
    const text = renderGithubEnv(variables, `ghadelimiter_${randomUUID()}`);
    // Mask the password before the runner reads anything else.
    if (variables[PASSWORD] !== undefined) io.stdout.write(renderMask(variables[PASSWORD]));
    await appendLines(githubEnvFile!, text);
    io.stderr.write(`${describe(variables)} set for the later steps of the job.\n`);
  } else {
    io.stdout.write(FORMATS[format].render(variables));
  }
}

function describe(variables: Variables): string {
  const count = variableEntries(variables).length;
  return `${count} variables${variables[PASSWORD] === undefined ? ", without a password," : ""}`;
}

/** Appends to a file, on a new line: another step may have left the last line without its end. */
async function appendLines(path: string, text: string): Promise<void> {
  let file;
  try {
    file = await open(path, "a+");
  } catch (error) {
    throw new CliError(
      "GITHUB_ENV_UNWRITABLE",
      `The file that GITHUB_ENV names must be writable. It is not (${(error as NodeJS.ErrnoException).code}).`,
      "In a container, the runner's folder for file commands must be mounted.",
    );
  }
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    await file.appendFile(size === 0 || last.toString() === "\n" ? text : `\n${text}`);
  } finally {
    await file.close();
  }
}
