import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { MisuseError } from "./errors";

/**
 * Refuses what an unset variable of a script makes of a command line. `--environment "$NAME"` is an empty value then, and
 * without quotes the option takes the next one for its value: the command would do something else than was meant, such as
 * writing the password where more people can read it.
 *
 * @throws MisuseError
 */
export function checkGivenOptions(command: CommandUnknownOpts): void {
  const flags = new Set(command.options.flatMap(({ short, long }) => [short, long]));
  const problems: string[] = [];
  for (const option of command.options) {
    if (command.getOptionValueSource(option.attributeName()) !== "cli") continue;
    const given: unknown = command.getOptionValue(option.attributeName());
    for (const value of Array.isArray(given) ? (given as unknown[]) : [given]) {
      if (typeof value !== "string") continue;
      if (value.trim() === "") problems.push(`${option.long} must have a value. Received an empty one.`);
      else if (flags.has(value)) {
        problems.push(`${option.long} must have a value. Received ${value}, which is another option.`);
      }
    }
  }
  if (problems.length === 0) return;
  throw new MisuseError(
    "OPTION_WITHOUT_VALUE",
    problems.join("\n  "),
    "Leave the option out, or give its value; in a script, make sure that the variable is set.",
  );
}
