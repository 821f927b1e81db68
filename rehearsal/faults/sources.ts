import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import ts from "typescript";

const PROJECT = path.resolve(__dirname, "../..");
/** Where the modules begin that a case runs: the world with the program, and the two commands. */
const ENTRIES = [
  "rehearsal/faults/worker.ts",
  "cli/main.ts",
  // `program.ts` loads them when they are called.
  "cli/commands/audit.ts",
  "cli/commands/repair.ts",
];

/**
 * What the outcome of a case depends on, in one short text: all modules that it runs, as they are compiled (so neither
 * comments nor types count), and the versions of the packages that these import.
 */
export async function fingerprint(): Promise<string> {
  const modules = new Map<string, string>();
  const packages = new Map<string, string>();
  const open = [...ENTRIES];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (modules.has(file)) continue;
    const { outputText } = ts.transpileModule(await readFile(path.join(PROJECT, file), "utf8"), {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        removeComments: true,
      },
    });
    modules.set(file, outputText);
    for (const [, name] of outputText.matchAll(/\brequire\("([^"]+)"\)/g)) {
      if (!name!.startsWith(".")) await addPackage(packages, name!);
      // What is loaded later is among the entries, as far as a case runs it.
      else if (file !== "cli/program.ts" || !name!.startsWith("./commands/"))
        open.push(await resolve(file, name!));
    }
  }
  const all = [...modules, ...packages].sort(([one], [other]) => one.localeCompare(other, "en"));
  const settings = await readFile(path.join(PROJECT, "Pulumi.yaml"), "utf8");
  return createHash("sha256")
    .update(JSON.stringify([all, settings]))
    .digest("hex")
    .slice(0, 16);
}

async function resolve(from: string, name: string): Promise<string> {
  const file = path.join(path.dirname(from), name);
  if (path.extname(file) === ".json") return file;
  for (const candidate of [`${file}.ts`, path.join(file, "index.ts")]) {
    if (await exists(candidate)) return candidate;
  }
  throw new Error(`${from} must import modules that exist. Received ${name}.`);
}

async function exists(file: string): Promise<boolean> {
  return readFile(path.join(PROJECT, file)).then(
    () => true,
    () => false,
  );
}

async function addPackage(packages: Map<string, string>, name: string): Promise<void> {
  const [scope, part] = name.split("/");
  const id = name.startsWith("@") ? `${scope}/${part}` : scope!;
  if (packages.has(id)) return;
  const text = await readFile(path.join(PROJECT, "node_modules", id, "package.json"), "utf8").catch(
    () => "{}",
  );
  // Node's own modules have none.
  packages.set(id, (JSON.parse(text) as { version?: string }).version ?? "");
}
