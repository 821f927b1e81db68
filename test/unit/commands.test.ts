import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { command, commandLine } from "../../components/plan/commands";
import { hostileText } from "../support/hostile-text";
import { readWords, SHELLS } from "../support/shells";

const PLACEHOLDER = "VALUE";

/** A value as one word of a command. */
const spell = (value: string) => commandLine`echo ${value}`.slice("echo ".length);

/** What names are made of in Azure, at GitHub, in paths; and what is neither. */
const value = fc.oneof(
  hostileText,
  fc.string({ unit: fc.constantFrom(..."aZ0 _-.()/\\:,'\"=@+~#;äé"), maxLength: 12 }),
  fc.constantFrom(
    "rg-ml",
    "rg (new)",
    "C:\\Users\\a b\\x",
    "\\\\server\\x",
    "O'Brien",
    "a%PATH%b",
    "-rf",
    "",
    "x!",
  ),
);

describe("A command to paste", () => {
  it("has each value as one word, or a placeholder, in sh, PowerShell and cmd", () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        const line = commandLine`az group show --name ${one} --scope /groups/${other}/x --output table`;
        for (const shell of SHELLS) {
          const words = readWords(shell, line);
          assert.equal(words.length, 9, `${shell}: ${line}`);
          assert.ok([one, "NAME"].includes(words[4]!), `${shell}: ${line}`);
          assert.ok([`/groups/${other}/x`, "/groups/SCOPE/x"].includes(words[6]!), `${shell}: ${line}`);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("has what is no option: a value that begins with a dash is not pasted", () => {
    assert.equal(commandLine`az group show --name ${"--debug"}`, "az group show --name NAME");
  });

  const SPELLINGS: [value: string, word: string][] = [
    ["rg-ml", "rg-ml"],
    ["/subscriptions/1/resourceGroups/rg", "/subscriptions/1/resourceGroups/rg"],
    ["rg (new)", '"rg (new)"'],
    ["O'Brien", `"O'Brien"`],
    ["Größe", '"Größe"'],
    ["C:\\Users\\a b\\x.json", '"C:\\Users\\a b\\x.json"'],
    ["\\\\server\\share", PLACEHOLDER],
    ["C:\\Users\\", PLACEHOLDER],
    ["$(id)", PLACEHOLDER],
    ["%PATH%", PLACEHOLDER],
    ["a&calc", PLACEHOLDER],
    ["[secret]", PLACEHOLDER],
    ["wow!", PLACEHOLDER],
    ["“x”", PLACEHOLDER],
    ["", PLACEHOLDER],
  ];
  for (const [text, word] of SPELLINGS)
    it(`${JSON.stringify(text)} is spelled ${word}`, () => assert.equal(spell(text), word));

  it("has a list as words of its own, and is shown between backticks", () => {
    assert.equal(command`pulumi ${["up", "--stack", "a b"]}`, '`pulumi up --stack "a b"`');
  });

  it("is read by real shells as it is meant", function () {
    if (process.platform === "win32") this.skip();
    this.timeout(30_000);
    const values = fc.sample(value, { numRuns: 300, seed: 15 });
    const words = values.map((text) => spell(text));
    for (const shell of ["sh", "bash"]) {
      const script = `printf '%s\\0' ${words.join(" ")}`;
      const read = execFileSync(shell, ["-c", script], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"] },
      });
      assert.deepEqual(
        read.split("\0").slice(0, -1),
        values.map((text, i) => (words[i] === PLACEHOLDER ? PLACEHOLDER : text)),
      );
    }
  });
});
