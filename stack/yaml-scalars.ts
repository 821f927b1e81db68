import { readFileSync } from "node:fs";
import * as path from "node:path";
import type * as yamlLibrary from "yaml";
import type { Problem } from "../components/plan/problems";
import { YAML_DATE } from "../components/plan/rules";

/** Where the stack's settings are. */
interface SettingsFile {
  project: string;
  stack: string;
  projectFolder: string;
}

// Loaded only if needed: most stacks have no such text.
// oxlint-disable-next-line typescript/no-require-imports
const loadYaml = () => require("yaml") as typeof yamlLibrary;

const PROJECT_FILE = "Pulumi.yaml";

/** Texts that YAML changes: 0123, 1.10, 1e3, 1_000, 2024-01-01, 12345678901234567890. */
const MAY_CHANGE =
  /[:\-[{,]\s+(?:&\S+\s+)?[-+]?(0[0-9xob_]|\.\d|\+\d|\d[\d_]*[_.eE]|\d{16}|\d{4}-\d\d?-\d\d?|true\b|false\b)/i;

/**
 * Settings that stand without quotes in the stack's file and mean something else to YAML: `0012345` is 5349, `1.10` is
 * 1.1, a date gets a time. The engine hands over what YAML made of them. Only the file tells what somebody wrote; where it
 * is another one (`--config-file`), no more than dates are found.
 */
export function findChangedByYaml(
  values: Readonly<Record<string, string>>,
  file: SettingsFile,
  takesScalars: (name: string) => boolean,
): Problem[] {
  // What the stack does not set, the project may.
  const files = [`Pulumi.${file.stack}.yaml`, PROJECT_FILE].map((name) => ({
    name,
    text: readText(path.join(file.projectFolder, name)),
  }));
  const isDated = Object.values(values).some((value) => /\d{4}-\d\d-\d\d[T ]00:00:00/.test(value));
  // A project's file has switches for the runtime.
  const mayChange = files.some(({ text }) =>
    MAY_CHANGE.test(text.replace(/^runtime:.*(?:\r?\n[ \t].*)*/m, "")),
  );
  if (!isDated && !mayChange) return [];
  const { isMap, isScalar, isSeq } = loadYaml();
  const find = createFinder(files, file.project);
  const problems: Problem[] = [];
  const visit = (
    at: Omit<Place, "node">,
    what: string,
    of: unknown,
    value: unknown,
    isNumber: boolean,
  ): void => {
    const node = at.resolve(of);
    if (Array.isArray(value))
      value.forEach((item, i) =>
        visit(at, `${what}[${i}]`, isSeq(node) ? node.items[i] : undefined, item, isNumber),
      );
    else if (typeof value === "object" && value !== null)
      for (const [key, item] of Object.entries(value))
        visit(at, `${what}.${key}`, isMap(node) ? node.get(key, true) : undefined, item, false);
    else if (isScalar(node) && node.source !== undefined) {
      if (node.type === "PLAIN" && isChanged(node.source, String(value), isNumber))
        problems.push(describe(what, node.source, String(value), at.name));
    } else if (YAML_DATE.test(String(value))) {
      problems.push(describe(what, String(value).slice(0, "2024-01-01".length), String(value), at.name));
    }
  };
  for (const [setting, value] of Object.entries(values)) {
    const { node, ...at } = find(setting);
    // JSON within a text has its own quotes.
    const isJson = /^\s*[[{]/.test(value);
    visit(
      at,
      setting,
      isJson && isScalar(node) ? undefined : node,
      isJson ? asJson(value) : value,
      takesScalars(setting),
    );
  }
  return problems;
}

/** What stands in a file for a setting. */
interface Place {
  name: string;
  node: unknown;
  /** What an anchor names, for `*name`. */
  resolve: (node: unknown) => unknown;
}

function createFinder(
  files: readonly { name: string; text: string }[],
  project: string,
): (setting: string) => Place {
  const { parseDocument, isAlias, isMap } = loadYaml();
  const places = files.flatMap(({ name, text }) => {
    const document = parseDocument(text, { logLevel: "silent" });
    const config = document.get("config");
    const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
    return isMap(config) ? [{ name, config, resolve }] : [];
  });
  return (setting) => {
    for (const { name, config, resolve } of places) {
      const set = resolve(config.get(`${project}:${setting}`, true) ?? config.get(setting, true));
      if (set === undefined) continue;
      // A project's setting may be declared, with a value or a default.
      const isDeclared = name === PROJECT_FILE && isMap(set);
      const node: unknown = isDeclared ? (set.get("value", true) ?? set.get("default", true)) : set;
      return { name, node, resolve };
    }
    return { name: files[0]!.name, node: undefined, resolve: (node) => node };
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function describe(what: string, source: string, value: string, file: string): Problem {
  return {
    what,
    must: `be put in quotes in ${file}: without them YAML makes ${JSON.stringify(value)} of it`,
    received: source,
    remedy: `Write "${source}" or '${source}' there; \`pulumi config set\` adds the quotes itself.`,
  };
}

/** Whether YAML has read a text as this value, and the value differs from the text. */
function isChanged(source: string, value: string, isNumber: boolean): boolean {
  if (source === value) return false;
  if (/^(true|false)$/i.test(source)) return !isNumber && source.toLowerCase() === value;
  if (/^\d{4}-\d\d?-\d\d?/.test(source)) return YAML_DATE.test(value);
  const number = readNumber(source);
  if (number === undefined || number !== Number(value)) return false;
  // If a number is expected, any usual spelling of it is fine.
  return !isNumber || number !== Number(source.replaceAll("_", ""));
}

/** A number as the engine's YAML reads it: with a zero before it, it is octal. */
function readNumber(source: string): number | undefined {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(source.replaceAll("_", ""))!;
  const octal = /^0o?([0-7]+)$/.exec(digits)?.[1];
  const number = octal === undefined ? Number(digits) : Number.parseInt(octal, 8);
  return digits === "" || Number.isNaN(number) ? undefined : sign === "-" ? -number : number;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
