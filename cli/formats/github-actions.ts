import type { Variables } from "../variables";
import { cannotCarry, renderEach } from "./format";

/**
 * For the file that `GITHUB_ENV` names: each variable between two delimiters, so that no value can inject another one
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings).
 *
 * @param delimiter cannot be guessed, and is no part of any value.
 */
export function renderGithubEnv(variables: Variables, delimiter: string): string {
  return renderEach("github-actions", variables, (name, value) => {
    if (value.includes(delimiter)) throw cannotCarry("github-actions", name, "the delimiter", "json");
    // On Windows the runner takes it for the first half of the line break before the delimiter.
    if (value.endsWith("\r")) throw cannotCarry("github-actions", name, "\\r as its last character", "json");
    return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
  });
}

/** The command that masks a value in the log from now on (https://github.com/actions/runner: ActionCommand.cs). */
export function renderMask(value: string): string {
  const escaped = value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return `::add-mask::${escaped}\n`;
}
