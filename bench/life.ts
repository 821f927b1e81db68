/**
 * Compares the component with the same resources written bare. Both run in turn on the real engine, with the provider
 * stand-ins and a local Azure, with N principals in one program. Compare the ratios, not the seconds. Without
 * `--principals` it also measures the Azure CLI for one principal, on the same local Azure.
 * `--write` updates docs/evidence/performance.md after each N, so another run can measure only those that are missing.
 * Linux only: it reads the engine's memory and processor time from /proc.
 *
 *     npm run bench -- [--rounds 5] [--principals 1,10,50,100] [--write]
 */
import { mkdtemp, rm } from "node:fs/promises";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { obtainEngine } from "../rehearsal/engine/engine";
import { measureAzureCli } from "./azure-cli";
import { type Life, live, type Side, SIDES } from "./life-figures";
import {
  describeAzureCli,
  describeMachine,
  TABLE_HEAD,
  updateSection,
  writeRows,
  writeToPage,
} from "./life-page";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      principals: { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  const counts = (values.principals ?? "1,10,50,100").split(",").map(Number);
  if (![rounds, ...counts].every((number) => Number.isInteger(number) && number > 0))
    throw new RangeError(`--rounds and --principals must be positive whole numbers.`);
  const engine = await obtainEngine({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const machine = describeMachine(engine.version);
  const folder = await mkdtemp(path.join(__dirname, ".life-"));
  try {
    process.stdout.write(`${machine}\n\n${TABLE_HEAD.join("\n")}\n`);
    for (const principals of counts) {
      const found: Record<Side, Life>[] = [];
      for (let round = 0; round < rounds; round++) {
        process.stderr.write(`${principals} principals, round ${round + 1} of ${rounds}\n`);
        // Each side goes first equally often.
        const order = round % 2 === 0 ? SIDES : [...SIDES].reverse();
        const lives: Partial<Record<Side, Life>> = {};
        for (const side of order) lives[side] = await live(engine, folder, side, principals);
        found.push(lives as Record<Side, Life>);
      }
      const rows = writeRows(principals, found);
      process.stdout.write(`${rows.join("\n")}\n`);
      if (values.write) await writeToPage(machine, principals, rows);
    }
    if (values.principals === undefined) await compareWithAzureCli(rounds, values.write);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compareWithAzureCli(rounds: number, isWritten: boolean): Promise<void> {
  const row = describeAzureCli(await measureAzureCli(rounds));
  process.stdout.write(`\n${row}\n`);
  if (isWritten) await updateSection("azure-cli", () => row);
}

void main();
