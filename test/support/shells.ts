/**
 * How shells read a line, as far as a command to paste may go: what they would expand, run or write to is an error here.
 * sh stands for bash and zsh at a prompt too, with their history and their patterns; cmd for the C runtime as well, which
 * cuts the line into arguments on Windows.
 */
export const SHELLS = ["sh", "powershell", "cmd"] as const;
export type Shell = (typeof SHELLS)[number];

/** What each shell obeys outside of quotes, and between double quotes. */
const OBEYED: Record<Shell, { bare: RegExp; first: RegExp; quoted: RegExp }> = {
  // zsh: `=ls` is a path. A pattern that matches nothing is an error in zsh.
  sh: { bare: /[$`\\!*?[\]{}();&|<>#]/, first: /[~=^]/, quoted: /[$`!]|\\[\\$`"]/ },
  powershell: { bare: /[$`(){};,|&<>“”„‘’‚‛]/, first: /[@#]/, quoted: /[$`“”„]/ },
  cmd: { bare: /[&|<>^();!]|%[^%]*%/, first: /[@=,]/, quoted: /%[^%]*%|!/ },
};

/** The words of a line. @throws if the shell would do anything else with it than hand these words on. */
export function readWords(shell: Shell, line: string): string[] {
  const { bare, first, quoted } = OBEYED[shell];
  if (/[\p{Cc}\u2028\u2029]/u.test(line)) throw new Error("a control character");
  const words: string[] = [];
  let word: string | undefined;
  let rest = line;
  const refuse = (what: string): never => {
    throw new Error(`${shell} obeys ${what} in: ${line}`);
  };
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(rest)?.[0];
    if (found !== undefined) rest = rest.slice(found.length);
    return found;
  };
  while (rest !== "") {
    if (take(/^ +/) !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const single = shell === "cmd" ? undefined : take(/^'[^']*'/);
    const double = single === undefined ? take(/^"[^"]*"/) : undefined;
    const quotes = single ?? double;
    if (quotes !== undefined) {
      const inside = quotes.slice(1, -1);
      if (double !== undefined && quoted.test(inside)) refuse(`"${inside}"`);
      // The C runtime takes `\"` for a quote that belongs to the word.
      if (double !== undefined && inside.endsWith("\\")) refuse("a backslash before the closing quote");
      // Windows PowerShell drops an empty word.
      if (inside === "") refuse("an empty word");
      // `az` is a batch file on Windows. PowerShell hands words without spaces on without quotes: cmd obeys these then.
      if (shell === "powershell" && /[&|<>^]/.test(inside)) refuse("what cmd reads once more");
      word = (word ?? "") + inside;
      continue;
    }
    const character = take(/^./su)!;
    if (bare.test(character) || /["']/.test(shell === "cmd" ? character.replace("'", "") : character))
      refuse(character);
    if (word === undefined && first.test(character)) refuse(`${character} at the beginning`);
    word = (word ?? "") + character;
  }
  if (word !== undefined) words.push(word);
  if (shell === "cmd" && OBEYED.cmd.quoted.test(line)) refuse("a variable");
  return words;
}

/** Programs that a message tells somebody to run. */
export const TOOLS = "az|pulumi|gh|git|npx|npm|node|himl-sp|docker|curl|unset|export|kubectl";

/** The commands between backticks in the remedies of a message. */
export function commandsIn(text: string): string[] {
  return [...text.matchAll(new RegExp(`\`((?:${TOOLS}) [^\`]*)\``, "g"))].map(([, line]) => line!);
}
