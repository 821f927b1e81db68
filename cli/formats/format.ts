import { CliError } from "../errors";
import { variableEntries, type VariableName, type Variables } from "../variables";

/** A spelling of the variables for one reader: a pure function. */
export interface Format {
  /** Who reads it, for `--help`. */
  readonly description: string;
  /** @throws CliError where it cannot carry a value: never a wrong value. */
  readonly render: (variables: Variables) => string;
}

/** The format cannot represent the value. The value is not shown, because it may be the password. */
export function cannotCarry(format: string, name: VariableName, what: string, other: string): CliError {
  return new CliError(
    "VALUE_NOT_CARRIED",
    `${name} must not have ${what} in the format ${format}, which cannot represent that.`,
    `Use another format, such as ${other}; or correct the value if it is a mistake.`,
  );
}

/** A line, or several, for each variable. */
export function renderEach(
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
