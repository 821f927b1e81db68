/**
 * Compares the start of the plugin with that of an empty provider. Pulumi's own runner starts both in turn, as whole
 * processes, until they print their port. Compare the ratio.
 *
 *     npx ts-node -T bench/plugin.ts [--runs 9]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { startPlugin } from "../test/plugin/plugin-process";
import { median } from "./median";

const ROOT = path.resolve(__dirname, "..");
const TARGET = 1.3;

async function measureStart(folder: string): Promise<number> {
  const began = performance.now();
  const plugin = await startPlugin(folder, folder);
  const took = performance.now() - began;
  await plugin.close();
  return took;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "9" } } });
  // In the project, so that it finds the same Pulumi.
  const empty = mkdtempSync(path.join(ROOT, "node_modules", ".himl-sp-bench-"));
  try {
    writeFileSync(path.join(empty, "package.json"), '{ "name": "empty", "main": "main.js" }');
    writeFileSync(
      path.join(empty, "main.js"),
      'require("@pulumi/pulumi").provider.main({ version: "0.0.1" }, process.argv.slice(2));',
    );
    const own = path.join(ROOT, "plugin");
    await measureStart(own); // warms the file cache
    const rounds: { empty: number; own: number }[] = [];
    for (let i = 0; i < Number(values.runs); i++)
      rounds.push({ empty: await measureStart(empty), own: await measureStart(own) });
    const ratio = median(rounds.map((round) => round.own / round.empty));
    process.stdout.write(
      `start of the plugin: ${median(rounds.map((round) => round.own)).toFixed(0)} ms, of an empty one: ` +
        `${median(rounds.map((round) => round.empty)).toFixed(0)} ms; ratio ${ratio.toFixed(2)}, at most ${TARGET}: ${ratio <= TARGET ? "met" : "MISSED"}\n`,
    );
    if (ratio > TARGET) process.exitCode = 1;
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
}

void main();
