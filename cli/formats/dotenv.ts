import { cannotCarry, type Format, renderEach } from "./format";

/**
 * A `.env` file, spelled for python-dotenv (https://github.com/theskumar/python-dotenv: src/dotenv/parser.py and
 * variables.py). Without quotes and backslashes in a value, which Entra's secrets do not have, the readers of Node,
 * Go (`gh secret set -f`) and docker compose read the same.
 */
export const dotenv: Format = {
  description: "a .env file, as python-dotenv, docker compose and `gh secret set -f` read it",
  render: (variables) =>
    renderEach("dotenv", variables, (name, value) => {
      // Expanded even between single quotes.
      if (value.includes("${")) throw cannotCarry("dotenv", name, "${", "json");
      return `${name}=${quote(value, () => cannotCarry("dotenv", name, "a backslash as its last character, beside quotes or newlines", "json"))}\n`;
    }),
};

function quote(value: string, refuse: () => Error): string {
  if (/^[\w.~:/@%+,-]+$/.test(value)) return value;
  if (!/['\\\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) return `'${value}'`;
  // A backslash before the closing quote is taken for an escape of that quote when another quote follows in the file.
  if (value.endsWith("\\")) {
    if (/^[!$-&(-~][!-~]*$/.test(value)) return value;
    throw refuse();
  }
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
}
