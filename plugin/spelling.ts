import { readFileSync } from "node:fs";
import path from "node:path";
import schema from "./schema.json";

/** How a language spells the name of an argument. */
type Spelling = (name: string) => string;

const toSnakeCase: Spelling = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
const toPascalCase: Spelling = (name) => name.replace(/^./, (letter) => letter.toUpperCase());

/** By the `runtime` of a project; the others spell as the schema does. */
const SPELLINGS: Readonly<Record<string, Spelling>> = {
  python: toSnakeCase,
  go: toPascalCase,
  dotnet: toPascalCase,
};

const NAMES = new Set(
  [
    ...Object.values(schema.resources).map(({ inputProperties }) => inputProperties),
    ...Object.values(schema.types).map((type) => ("properties" in type ? type.properties : {})),
  ].flatMap(Object.keys),
);

/**
 * A message about arguments with their names as the user's language spells them. In the place that a problem begins with
 * (`roles[0].scope must …`) every word is a name; elsewhere only what cannot be a word of the sentence.
 */
export function spellArguments(message: string, folder = process.cwd()): string {
  const spell = SPELLINGS[findRuntime(folder) ?? ""];
  if (spell === undefined) return message;
  const spellName = (word: string) => (NAMES.has(word) ? spell(word) : word);
  return message
    .replace(/^( *)([\w.[\]]+)(?= must )/gm, (_, indent: string, place: string) => {
      return indent + place.replace(/[A-Za-z]+/g, spellName);
    })
    .replace(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, spellName);
}

/** The language of the program: the engine starts a plugin in the folder of the project, and tells it nothing else of it. */
function findRuntime(folder: string): string | undefined {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      const project = readFileSync(path.join(at, "Pulumi.yaml"), "utf8");
      return /^runtime:(?:\s*|[^\S\n]*\{?\s*name:\s*|\s*\n\s+name:\s*)["']?([a-z]+)\b(?!:)/m.exec(
        project,
      )?.[1];
    } catch {
      if (at === path.dirname(at)) return undefined;
    }
  }
}
