/**
 * Text that somebody else wrote (outputs of a stack, names, what a tool printed), made fit for a terminal and for the log
 * of a job. What steers one of them is shown as an escape instead.
 *
 * - Control characters, and format characters such as bidi marks: they move the cursor, or show another text than there is.
 * - Commands of runners: https://github.com/actions/runner (ActionCommand.cs) takes a line that begins with `::`, and `##[`
 *   anywhere in it; https://github.com/microsoft/azure-pipelines-agent takes `##vso[` anywhere.
 */
export function printable(text: string): string {
  return escapeCommands(text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escape));
}

/** The same for a message of several lines. Each begins a line of the log. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll("\t", " ")))
    .join("\n");
}

/** One JSON document: the same value for whoever parses it, and nothing in its text that steers a terminal or a runner. */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value, null, 2);
  // All of them can only stand within a string there. JSON escapes halves of surrogate pairs itself.
  return `${json
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
      character
        .split("")
        .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
    )
    .replaceAll("##", "#\\u0023")}\n`;
}

function escapeCommands(line: string): string {
  return line.replaceAll("##", "#\\u{23}").replace(/^(\s*):(?=:)/, "$1\\u{3a}");
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
