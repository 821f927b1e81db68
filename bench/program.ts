/**
 * Measures type checking (time and memory) and loading of the program, compared with two files that only import:
 * `files` imports exactly what the program imports (single files of the provider packages), `modules` imports the modules
 * that those files belong to, as most programs do. All run in turn, as whole processes. Compare the ratios.
 *
 *     npx ts-node -T bench/program.ts [--runs 5]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { median } from "./median";

const ROOT = path.resolve(__dirname, "..");
const TARGETS = { "type check, time": 1.1, "type check, memory": 1.1, "load under mocks": 1.15 };

/** The packages' modules that index.ts imports, directly or not. */
function findImportedModules(): string[] {
  const files = ["components", "stack"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => path.join(folder, file)),
  );
  const modules = ["index.ts", ...files].flatMap((file) => {
    const source = readFileSync(path.join(ROOT, file), "utf8");
    return [...source.matchAll(/^(?:import|export) [^;]*?from "([^"]+)"/gms)].map((match) => match[1]!);
  });
  return [...new Set(modules.filter((module) => !module.startsWith(".")))].sort();
}

function checkTypes(file: string, folder: string) {
  const config = path.join(folder, `tsconfig.${path.basename(file)}.json`);
  writeFileSync(
    config,
    JSON.stringify({ extends: path.join(ROOT, "tsconfig.json"), files: [file], include: [] }),
  );
  const tsc = require.resolve("typescript/bin/tsc");
  const { stdout, status } = spawnSync(
    process.execPath,
    [tsc, "--noEmit", "--extendedDiagnostics", "-p", config],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${file} must type-check. Received:\n${stdout}`);
  const figure = (label: string) => Number(new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(stdout)![1]);
  return { "type check, time": figure("Total time"), "type check, memory": figure("Memory used") };
}

/** Loads the file with ts-node, as Pulumi does, under mocks, and measures how long that takes. */
function load(file: string) {
  const script = `
    require("ts-node").register({ transpileOnly: true });
    const started = process.hrtime.bigint();
    const pulumi = require("@pulumi/pulumi");
    pulumi.runtime.setMocks({ newResource: (args) => ({ id: args.name, state: args.inputs }), call: (args) => args.inputs });
    require(${JSON.stringify(file)});
    console.log(Number(process.hrtime.bigint() - started) / 1e9);
    process.exit(0);`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ["-e", script], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${file} must load. Received:\n${stderr}`);
  return { "load under mocks": Number(stdout) };
}

/** The module that a single file of a provider package belongs to: `@pulumi/azuread/application` → `@pulumi/azuread`. */
function moduleOf(file: string): string {
  return file.replace(/^(@pulumi\/(?:azure-native\/)?[\w-]+)\/[\w-]+$/, "$1");
}

function writeImports(file: string, modules: readonly string[]): string {
  const imports = modules.map((module, i) => `import * as m${i} from "${module}";\n`).join("");
  writeFileSync(file, `${imports}export default [${modules.map((_, i) => `m${i}`).join(", ")}];\n`);
  return file;
}

function main(): void {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
  const folder = mkdtempSync(path.join(__dirname, ".modules-"));
  try {
    const files = findImportedModules();
    const sides = {
      program: path.join(ROOT, "index.ts"),
      files: writeImports(path.join(folder, "files.ts"), files),
      modules: writeImports(path.join(folder, "modules.ts"), [...new Set(files.map(moduleOf))]),
    };
    const measure = (side: keyof typeof sides) => ({
      ...checkTypes(sides[side], folder),
      ...load(sides[side]),
    });
    measure("program"); // warms the file cache
    const rounds = Array.from({ length: Number(values.runs) }, () => ({
      modules: measure("modules"),
      files: measure("files"),
      program: measure("program"),
    }));

    process.stdout.write(`${rounds.length} rounds; the program imports ${files.join(", ")}\n`);
    for (const [label, target] of Object.entries(TARGETS) as [keyof typeof TARGETS, number][]) {
      const figure = (side: keyof typeof sides) =>
        median(rounds.map((round) => round[side][label])).toFixed(2);
      const ratio = (side: keyof typeof sides) =>
        median(rounds.map((round) => round.program[label] / round[side][label])).toFixed(2);
      process.stdout.write(
        `${label} (${label.endsWith("memory") ? "KB" : "s"}): program ${figure("program")}, files ${figure("files")}, ` +
          `modules ${figure("modules")}; ratio to files ${ratio("files")}, to modules ${ratio("modules")} (target ${target})\n`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();
