import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";
import { SETTINGS } from "../../stack/settings";
import { readWords, SHELLS, TOOLS } from "../support/shells";

const ROOT = path.join(__dirname, "..", "..");
const FOLDERS = [
  "components",
  "stack",
  "cli",
  "plugin",
  "local-azure",
  "rehearsal",
  "index.ts",
  "package.ts",
];
/** Stands for a value in a text. */
const VALUE = "\u0000";
const TAGS = ["command", "commandLine"];
/** Lines for one shell, with quotes of their own: formats.test.ts and init.test.ts read them as that shell does. */
const SCRIPTS = /^cli[\\/](formats[\\/]|init[\\/]project[\\/]pipelines\.ts)/;
/** Its value is no other than the examples of the settings, which are looked at below. */
const EXAMPLES = new RegExp(`\`pulumi config set ${VALUE}\`${VALUE}?$`);

/** A text of the source: as it stands, with a mark for each value in it. */
interface Text {
  at: string;
  text: string;
  /** Whether its values are made words. */
  isCommand: boolean;
}

function textsOf(file: string): Text[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const texts: Text[] = [];
  const add = (node: ts.Node, text: string, isCommand: boolean) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    texts.push({ at: `${path.relative(ROOT, file)}:${line + 1}`, text, isCommand });
  };
  const visit = (node: ts.Node): void => {
    const tag = ts.isTaggedTemplateExpression(node.parent) ? node.parent.tag.getText() : undefined;
    const isCommand = tag !== undefined && TAGS.includes(tag);
    if (ts.isTemplateExpression(node)) {
      const parts = [node.head, ...node.templateSpans.map(({ literal }) => literal)];
      add(node, parts.map(({ text }) => text).join(VALUE), isCommand);
    } else if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isStringLiteral(node)) {
      const isJoined =
        ts.isBinaryExpression(node.parent) && node.parent.operatorToken.kind === ts.SyntaxKind.PlusToken;
      const before = isJoined && node.parent.right === node && !isText(node.parent.left) ? VALUE : "";
      const after = isJoined && node.parent.left === node && !isText(node.parent.right) ? VALUE : "";
      add(node, `${before}${node.text}${after}`, isCommand);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return texts;
}

function isText(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node)) return isText(node.left) && isText(node.right);
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

/** Commands in a text: between backticks, or all of it. */
function commandsOf({ text, isCommand }: Text): string[] {
  if (isCommand) return [text.trim()];
  const whole = new RegExp(`^ *(?:${TOOLS}) [^\`]*$`).exec(text)?.[0];
  const quoted = [...text.matchAll(new RegExp(`\`((?:${TOOLS}|${VALUE}) [^\`]*)(?:\`|$)`, "g"))];
  return [...(whole?.includes(VALUE) ? [whole.trim()] : []), ...quoted.map(([, line]) => line!)];
}

function expectSameWords(line: string): void {
  // What is written to a file is no word; all three know the sign.
  const [sh, ...others] = SHELLS.map((shell) => readWords(shell, line.replace(/ > [\w.-]+$/, "")));
  for (const words of others) assert.deepEqual(words, sh);
}

describe("Commands in the messages of the source", () => {
  const files = FOLDERS.flatMap((name) =>
    name.endsWith(".ts")
      ? [path.join(ROOT, name)]
      : readdirSync(path.join(ROOT, name), { recursive: true, encoding: "utf8" })
          .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
          .map((file) => path.join(ROOT, name, file)),
  );
  const texts = files.flatMap(textsOf).filter(({ at, text }) => !SCRIPTS.test(at) && !EXAMPLES.test(text));

  it("there are some to look at", () => {
    assert.ok(texts.filter(({ isCommand }) => isCommand).length > 30);
    assert.ok(texts.flatMap(commandsOf).length > 100);
  });

  it("have no value that is not made a word of", () => {
    const bare = texts
      .filter((text) => !text.isCommand && commandsOf(text).some((line) => line.includes(VALUE)))
      .map(({ at, text }) => `${at}: ${text.replaceAll(VALUE, "${…}")}`);
    assert.deepEqual(bare, [], "use `command` or `commandLine` of components/plan/commands.ts");
  });

  it("are read in the same way by sh, PowerShell and cmd", () => {
    const wrong = texts.flatMap((text) =>
      commandsOf(text).flatMap((line) => {
        try {
          expectSameWords(line.replaceAll(VALUE, "x"));
          return [];
        } catch (error) {
          return [`${text.at}: ${(error as Error).message}`];
        }
      }),
    );
    assert.deepEqual(wrong, []);
  });

  for (const [name, setting] of Object.entries(SETTINGS))
    for (const example of [setting.example, ...("andThen" in setting ? [setting.andThen] : [])])
      it(`the example of ${name}: ${example}`, () => expectSameWords(`pulumi config set ${example}`));

  it("have their quotes from the mechanism: a value stands in no others", () => {
    const quoted = texts.filter(
      ({ text, isCommand }) =>
        isCommand && text.split(/\s/).some((word) => word.includes(VALUE) && /["']/.test(word)),
    );
    assert.deepEqual(
      quoted.map(({ at }) => at),
      [],
    );
  });
});
