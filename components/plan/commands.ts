/**
 * Commands in messages, for people to paste. A value is always one word, and nothing in it is run:
 * the same text is right in sh, bash, zsh, PowerShell and cmd. Where no quotes mean the same in all of them, a
 * placeholder stands in the value's place.
 */

type Value = string | number | readonly string[] | undefined;

/** A command between backticks, for use in a sentence. */
export function command(texts: TemplateStringsArray, ...values: Value[]): string {
  return `\`${commandLine(texts, ...values)}\``;
}

/** A command on a line of its own. A list is arguments as they are handed to a program, options among them. */
export function commandLine(texts: TemplateStringsArray, ...values: Value[]): string {
  let line = "";
  let word = new Word();
  const end = () => {
    line += word.spell(placeholderAfter(line));
    word = new Word();
  };
  texts.forEach((text, i) => {
    for (const piece of text.split(/(\s+)/)) {
      if (!/^\s+$/.test(piece)) word.addText(piece);
      else {
        end();
        line += piece;
      }
    }
    if (i >= values.length) return;
    const value = values[i] ?? "";
    if (typeof value === "object") word.addText(value.map(spellArgument).join(" "));
    else word.addValue(String(value));
  });
  end();
  return line;
}

function spellArgument(argument: string): string {
  const [, option = "", value = ""] = /^(--?[a-z][a-z-]*=?)?(.*)$/s.exec(argument)!;
  const word = new Word();
  word.addText(option);
  if (value !== "" || option === "") word.addValue(value);
  return word.spell("VALUE");
}

/** Means itself in every shell, without quotes; `-` at the beginning would make an option of it. */
const BARE = /^[A-Za-z0-9_./:][A-Za-z0-9_./:-]*$/;

/**
 * Means itself between double quotes in every shell. Left out are `$`, the backtick, `!` (history of an interactive
 * bash), `%` (variables of cmd), every kind of quotes (PowerShell takes the curly ones too), and `&|<>^`: PowerShell hands
 * a word without spaces on without its quotes, and `az` is a batch file there, whose line cmd reads once more
 * (https://learn.microsoft.com/cli/azure/use-azure-cli-successfully-powershell).
 * A backslash means itself before a letter, and not before another one or the closing quote.
 */
const QUOTABLE = /^(?:[\p{L}\p{M}\p{N} _@+=:,./()'~#;-]|\\(?=[\p{L}\p{N}_.]))+$/u;

class Word {
  private text = "";
  private isQuoted = false;
  private readonly placeholders: number[] = [];

  addText(text: string): void {
    this.text += text;
  }

  addValue(value: string): void {
    const beginsWord = this.text === "";
    if (BARE.test(beginsWord ? value : `x${value}`)) this.text += value;
    else if (QUOTABLE.test(value) && !(beginsWord && /^[-@~]/.test(value))) {
      this.text += value;
      this.isQuoted = true;
    } else {
      this.placeholders.push(this.text.length);
    }
  }

  spell(placeholder: string): string {
    const filled = this.placeholders.reduceRight(
      (text, at) => `${text.slice(0, at)}${placeholder}${text.slice(at)}`,
      this.text,
    );
    return this.isQuoted ? `"${filled}"` : filled;
  }
}

/** As the option before it is called: `--resource-group RESOURCE_GROUP`. */
function placeholderAfter(line: string): string {
  const option = /--([a-z][a-z-]*)\s+$/.exec(line)?.[1];
  return option === undefined ? "VALUE" : option.replaceAll("-", "_").toUpperCase();
}
