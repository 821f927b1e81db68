/**
 * What the program itself costs at every `pulumi up`, beside the modules that it imports anyway:
 * type checking (time and memory) and loading. Both sides run in turn as whole processes; the ratios are what counts.
 *
 *     npx ts-node -T bench/program.ts [--runs 5]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";

const ROOT = path.resolve(__dirname, "..");
const TARGETS = { "type check, time": 1.1, "type check, memory": 1.1, "load under mocks": 1.15 };

/** The modules outside this project that index.ts imports, directly or not: found in the sources, so never out of date. */
function findImportedModules(): string[] {
  const files = ["components", "settings"].flatMap((folder) =>
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

/** Loads the file as Pulumi does, with ts-node, under mocks; the time from the start of loading to its end. */
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

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

function main(): void {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
  const runs = Number(values.runs);
  const folder = mkdtempSync(path.join(__dirname, ".modules-"));
  try {
    const program = path.join(ROOT, "index.ts");
    const baseline = path.join(folder, "modules.ts");
    const modules = findImportedModules();
    const imports = modules.map((module, i) => `import * as m${i} from "${module}";\n`).join("");
    writeFileSync(baseline, `${imports}export default [${modules.map((_, i) => `m${i}`).join(", ")}];\n`);

    const measure = (file: string) => ({ ...checkTypes(file, folder), ...load(file) });
    const sides: Record<"program" | "modules", ReturnType<typeof measure>[]> = { program: [], modules: [] };
    measure(program); // warms the file cache
    for (let run = 0; run < runs; run++) {
      sides.modules.push(measure(baseline));
      sides.program.push(measure(program));
    }

    process.stdout.write(`${runs} runs each, in turn; modules: ${modules.join(", ")}\n`);
    for (const [label, target] of Object.entries(TARGETS) as [keyof typeof TARGETS, number][]) {
      const of = (side: keyof typeof sides) => sides[side].map((figures) => figures[label]);
      const ratios = of("program").map((value, run) => value / of("modules")[run]!);
      const unit = label.endsWith("memory") ? "KB" : "s";
      process.stdout.write(
        `${label.padEnd(20)} program ${median(of("program"))} ${unit}, modules ${median(of("modules"))} ${unit}: ` +
          `ratio ${median(ratios).toFixed(3)} (target ${target} or less)\n`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();
