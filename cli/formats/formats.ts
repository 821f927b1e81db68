import { CliError } from "../errors";
import { printableJson } from "../terminal/printable";
import { PASSWORD, variableEntries, type VariableName, type Variables } from "../variables";

/** A spelling of the variables for one reader. @throws CliError where it cannot carry a value: never a wrong value. */
type Format = (variables: Variables) => string;

/** The format that goes to a file which the runner names. */
export const GITHUB_ACTIONS = "github-actions";

/** The formats whose text goes to stdout. */
export const FORMATS = {
  dotenv: (variables) => renderEach("dotenv", variables, renderDotenv),
  // `export` statements. Between single quotes nothing is special but the single quote itself.
  bash: (variables) =>
    renderEach("bash", variables, (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`),
  powershell: (variables) =>
    renderEach("powershell", variables, (name, value) => `$env:${name} = ${quoteForPowershell(value)}\n`),
  json: (variables) => printableJson(Object.fromEntries(variableEntries(variables))),
  "docker-env-file": (variables) => renderEach("docker-env-file", variables, renderDockerEnv),
  "azure-pipelines": (variables) => renderEach("azure-pipelines", variables, renderLoggingCommand),
  // hi-ml's `config.json`, by which it finds the workspace: no login, and nothing secret.
  "hi-ml-config": ({ HIML_SUBSCRIPTION_ID, HIML_RESOURCE_GROUP, HIML_WORKSPACE_NAME }) =>
    printableJson({
      subscription_id: HIML_SUBSCRIPTION_ID,
      resource_group: HIML_RESOURCE_GROUP,
      workspace_name: HIML_WORKSPACE_NAME,
    }),
} satisfies Record<string, Format>;

export const FORMAT_NAMES = [
  "dotenv",
  "bash",
  "powershell",
  "json",
  "docker-env-file",
  GITHUB_ACTIONS,
  "azure-pipelines",
  "hi-ml-config",
] as const satisfies readonly (keyof typeof FORMATS | typeof GITHUB_ACTIONS)[];

export type FormatName = (typeof FORMAT_NAMES)[number];

/** A line, or several, for each variable. */
function renderEach(
  format: string,
  variables: Variables,
  render: (name: VariableName, value: string) => string,
): string {
  return variableEntries(variables)
    .map(([name, value]) => {
      // No operating system allows it in an environment variable.
      if (value.includes("\0")) throw cannotCarry(format, name, "a NUL character", "json");
      // Half of a UTF-16 pair has no UTF-8: it would silently become U+FFFD.
      if (/\p{Cs}/u.test(value)) throw cannotCarry(format, name, "half of a surrogate pair", "json");
      return render(name, value);
    })
    .join("");
}

/** The format cannot represent the value. The value is not shown, because it may be the password. */
function cannotCarry(format: string, name: VariableName, what: string, other: string): CliError {
  return new CliError(
    "VALUE_NOT_CARRIED",
    `${name} must not have ${what} in the format ${format}, which cannot represent that.`,
    `Use another format, such as ${other}; or correct the value if it is a mistake.`,
  );
}

/**
 * A line of a `.env` file, spelled for python-dotenv (https://github.com/theskumar/python-dotenv: src/dotenv/parser.py and
 * variables.py). Without quotes and backslashes in a value, which Entra's secrets do not have, the readers of Node,
 * Go (`gh secret set -f`) and docker compose read the same.
 */
function renderDotenv(name: VariableName, value: string): string {
  // Expanded even between single quotes.
  if (value.includes("${")) throw cannotCarry("dotenv", name, "${", "json");
  if (/^[\w.~:/@%+,-]+$/.test(value)) return `${name}=${value}\n`;
  if (!/['\\\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) return `${name}='${value}'\n`;
  // A backslash before the closing quote is taken for an escape of that quote when another quote follows in the file.
  if (value.endsWith("\\")) {
    if (/^[!$-&(-~][!-~]*$/.test(value)) return `${name}=${value}\n`;
    throw cannotCarry("dotenv", name, "a backslash as its last character, beside quotes or newlines", "json");
  }
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${name}="${escaped}"\n`;
}

/**
 * For `docker run --env-file`: the rest of the line is the value, without quotes and escapes
 * (https://docs.docker.com/reference/cli/docker/container/run/#env). `env_file` of docker compose reads `dotenv`.
 */
function renderDockerEnv(name: VariableName, value: string): string {
  if (/[\r\n]/.test(value)) throw cannotCarry("docker-env-file", name, "a line break", "dotenv");
  return `${name}=${value}\n`;
}

/**
 * A text in PowerShell. Everything but printable ASCII is written as `[char]0x…`: what a pipeline of PowerShell makes of
 * the bytes of a program depends on code pages, `Out-String` rewrites newlines, and PowerShell takes U+2018 to U+201B
 * for quotes.
 */
function quoteForPowershell(value: string): string {
  const parts = value.match(/[\x20-\x7e]+|[^\x20-\x7e]/g) ?? [];
  const spelled = parts.map((part) =>
    /^[\x20-\x7e]/.test(part) ? `'${part.replaceAll("'", "''")}'` : codeUnits(part),
  );
  // The first operand decides that + joins text: two [char] would be added as numbers.
  if (!spelled[0]?.startsWith("'")) spelled.unshift("''");
  return spelled.join(" + ");
}

function codeUnits(character: string): string {
  return character
    .split("")
    .map((unit) => `[char]0x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`)
    .join(" + ");
}

/**
 * A logging command of Azure Pipelines, which the agent reads on stdout: it becomes a variable of the later steps of the
 * job. The password is a secret variable: masked in the log, and in a step's environment only where its `env:` says so
 * (https://learn.microsoft.com/azure/devops/pipelines/process/set-secret-variables). Escapes:
 * https://github.com/microsoft/azure-pipelines-agent: docs/design/percentEncoding.md, src/Agent.Sdk/CommandStringConvertor.cs
 */
function renderLoggingCommand(name: VariableName, value: string): string {
  const isSecret = name === PASSWORD;
  // The agent refuses it, because it cannot mask a value that a log shows line by line.
  if (isSecret && /[\r\n]/.test(value))
    throw cannotCarry("azure-pipelines", name, "a line break, because it is secret,", "json");
  const escaped = value
    .replaceAll("%", "%AZP25")
    .replaceAll(";", "%3B")
    .replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A")
    .replaceAll("]", "%5D");
  return `##vso[task.setvariable variable=${name}${isSecret ? ";issecret=true" : ""}]${escaped}\n`;
}

/**
 * For the file that `GITHUB_ENV` names: each variable between two delimiters, so that no value can inject another one
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings).
 *
 * @param delimiter cannot be guessed, and is no part of any value.
 */
export function renderGithubEnv(variables: Variables, delimiter: string): string {
  return renderEach(GITHUB_ACTIONS, variables, (name, value) => {
    if (value.includes(delimiter)) throw cannotCarry(GITHUB_ACTIONS, name, "the delimiter", "json");
    // On Windows the runner takes it for the first half of the line break before the delimiter.
    if (value.endsWith("\r")) throw cannotCarry(GITHUB_ACTIONS, name, "\\r as its last character", "json");
    return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
  });
}

/** The command that masks a value in the log from now on (https://github.com/actions/runner: ActionCommand.cs). */
export function renderMask(value: string): string {
  const escaped = value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return `::add-mask::${escaped}\n`;
}
