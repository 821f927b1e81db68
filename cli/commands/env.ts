import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { CliError, MisuseError } from "../errors";
import { type FormatName, FORMATS, GITHUB_ACTIONS, renderGithubEnv, renderMask } from "../formats/formats";
import type { Io } from "../io";
import { type PrincipalSelection, readStackOutputs } from "../stack/outputs";
import { PASSWORD, variableEntries } from "../variables";

interface EnvOptions extends PrincipalSelection {
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

  const { variables, details } = await readStackOutputs(io, options, wantsPassword);
  if (wantsPassword && details.authentication === "federated") {
    io.stderr.write(
      `The stack is federated: there is no ${PASSWORD}, and the pipeline logs in with \`az login\` instead.\n`,
    );
  }
  if (format !== GITHUB_ACTIONS) {
    io.stdout.write(FORMATS[format](variables));
    return;
  }
  const text = renderGithubEnv(variables, `ghadelimiter_${randomUUID()}`);
  // Mask the password before the runner reads anything else.
  if (variables[PASSWORD] !== undefined) io.stdout.write(renderMask(variables[PASSWORD]));
  await appendLines(githubEnvFile!, text);
  const count = variableEntries(variables).length;
  const without = variables[PASSWORD] === undefined ? ", without a password," : "";
  io.stderr.write(`${count} variables${without} set for the later steps of the job.\n`);
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
