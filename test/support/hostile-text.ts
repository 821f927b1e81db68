import fc from "fast-check";

/** What steers a terminal, a runner, a shell, a parser or a path, among what does not. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\n",
        "\r\n",
        "::add-path::/evil",
        "::error::",
        "##vso[task.setvariable variable=x]y",
        "##[group]",
      ),
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]0;x\u0007",
        "\u009b2J",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2028",
        "\ud800",
        "\0",
      ),
      fc.constantFrom(
        "$(id)",
        "`id`",
        "'",
        '"',
        "\\",
        "%",
        "{",
        "[",
        "../",
        "@",
        "--",
        "__proto__",
        "${x}",
        "null",
        "0",
      ),
      fc.constantFrom(
        "é",
        "語",
        "🔑",
        "/subscriptions/",
        " ",
        "#",
        "##",
        ":",
        "::",
        "00000000-0000-4000-8000-000000000000",
      ),
      fc.string({ unit: "grapheme", maxLength: 30 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

/** Whether a text of several lines can be shown on a terminal and in the log of a job, and steers neither. */
export function findSteering(text: string): string | undefined {
  const line = text
    .split("\n")
    .find((each) =>
      /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\p{Cs}]|##|^\s*::/u.test(each),
    );
  return line && JSON.stringify(line);
}
