import { cpus, totalmem } from "node:os";
import { readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { formatAs, replaceSection } from "../tools/generated-files";
import type { AzureCliFigures } from "./azure-cli";
import { type Figures, type Life, OPERATIONS, type Side } from "./life-figures";
import { median } from "./median";

const PAGE = path.join(__dirname, "..", "docs", "evidence", "performance.md");

export const TABLE_HEAD = [
  "| principals | operation | bare, seconds | time, ratio | processor time, ratio | peak memory, ratio | requests | writes | rounds |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
];

export function describeMachine(engineVersion: string): string {
  const { model } = cpus()[0]!;
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${model.trim()}), ${gigabytes} GB, Node.js ${process.version}, Pulumi ${engineVersion}.`;
}

/** Median, minimum and maximum. */
function withSpread(values: readonly number[], digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

/** A row for each operation; requests and writes as component / bare. */
export function writeRows(principals: number, rounds: readonly Record<Side, Life>[]): string[] {
  return OPERATIONS.map((operation) => {
    const of = (side: Side, what: keyof Figures) => rounds.map((round) => round[side][operation][what]);
    const ratios = (what: keyof Figures) =>
      withSpread(
        rounds.map((round) => round.component[operation][what] / round.bare[operation][what]),
        2,
      );
    const both = (what: keyof Figures) => `${median(of("component", what))} / ${median(of("bare", what))}`;
    return `| ${[
      principals,
      operation,
      withSpread(of("bare", "seconds"), 1),
      ...(["seconds", "cpuSeconds", "megabytes"] as const).map(ratios),
      both("requests"),
      both("writes"),
      rounds.length,
    ].join(" | ")} |`;
  });
}

export function describeAzureCli({ version, seconds, requests, writes }: AzureCliFigures): string {
  return `One \`az ad sp create-for-rbac\` (azure-cli ${version}, logged in already) takes ${withSpread(seconds, 1)} s in ${seconds.length} rounds: ${requests} requests, ${writes} of them writes.`;
}

/** Replaces the page's rows of one number of principals. The other rows stay. */
export async function writeToPage(machine: string, principals: number, rows: readonly string[]) {
  await updateSection("life", (before) => {
    const others = before
      .split("\n")
      .filter((line) => /^\| *\d/.test(line) && Number(line.split("|")[1]) !== principals);
    const all = [...others, ...rows];
    const countOf = (line: string) => Number(line.split("|")[1]);
    return [machine, "", ...TABLE_HEAD, ...all.sort((a, b) => countOf(a) - countOf(b))].join("\n");
  });
}

export async function updateSection(name: string, create: (before: string) => string): Promise<void> {
  const updated = replaceSection(await readFile(PAGE, "utf8"), name, create);
  await writeFile(PAGE, await formatAs(PAGE, updated));
}
