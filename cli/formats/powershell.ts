import { type Format, renderEach } from "./format";

/**
 * Assignments to `$env:`, for `himl-sp env --format powershell | Out-String | Invoke-Expression`.
 *
 * Everything but printable ASCII is written as `[char]0x…`: what a pipeline of PowerShell makes of the bytes of a
 * program depends on code pages, `Out-String` rewrites newlines, and PowerShell takes U+2018 to U+201B for quotes.
 */
export const powershell: Format = {
  description: "assignments to $env: for PowerShell",
  render: (variables) =>
    renderEach("powershell", variables, (name, value) => `$env:${name} = ${quote(value)}\n`),
};

function quote(value: string): string {
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
