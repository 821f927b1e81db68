/**
 * What the component costs beside the same resources written bare: both on the real engine with the provider stand-ins
 * and a local Azure, in turn, in one run, with N principals in one program. The ratios are what counts; docs/performance.md
 * has them.
 *
 *     npm run bench -- [--rounds 5] [--principals 1,10,50,100] [--program FILE]
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type LocalAzure, startLocalAzure } from "../local-azure/local-azure";
import { type Engine, obtainEngine } from "../rehearsal/engine/engine";
import { Session } from "../rehearsal/engine/session";

const OPERATIONS = ["preview", "up", "no-op up", "destroy"] as const;
type Operation = (typeof OPERATIONS)[number];
const SIDES = ["bare", "component"] as const;
type Side = (typeof SIDES)[number];

interface Figures {
  readonly seconds: number;
  /** Of the program's own process, at its highest. */
  readonly megabytes: number;
  /** To Microsoft Graph and Azure Resource Manager. */
  readonly requests: number;
  readonly writes: number;
}

type Round = Record<Side, Record<Operation, Figures>>;

/** A side's program in a folder of the repository, where it finds the package by its name. */
async function writeProject(folder: string, side: Side): Promise<string> {
  const project = path.join(folder, side);
  await mkdir(project);
  await writeFile(path.join(project, "Pulumi.yaml"), `name: bench-${side}\nruntime: nodejs\n`);
  const memory = JSON.stringify(memoryFile(project));
  await writeFile(
    path.join(project, "index.js"),
    `process.on("exit", () => require("node:fs").writeFileSync(${memory}, String(process.resourceUsage().maxRSS)));
module.exports = require(${JSON.stringify(path.join(__dirname, "principals", `${side}.cjs`))});
`,
  );
  return project;
}

const memoryFile = (project: string): string => path.join(project, "memory");

async function measure(azure: LocalAzure, project: string, action: () => Promise<unknown>): Promise<Figures> {
  azure.control.clearRequests();
  await rm(memoryFile(project), { force: true });
  const started = performance.now();
  await action();
  const seconds = (performance.now() - started) / 1000;
  const calls = azure.control.requests().filter(({ api }) => api === "graph" || api === "arm");
  // `destroy` runs no program.
  const kilobytes = Number(await readFile(memoryFile(project), "utf8").catch(() => "0"));
  return {
    seconds,
    megabytes: kilobytes / 1024,
    requests: calls.length,
    writes: calls.filter(({ method }) => method !== "GET").length,
  };
}

async function live(
  engine: Engine,
  project: string,
  principals: number,
): Promise<Record<Operation, Figures>> {
  const azure = await startLocalAzure();
  process.env["BENCH_PRINCIPALS"] = String(principals);
  process.env["BENCH_SCOPE"] = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
  process.env["BENCH_WORKSPACE"] = azure.workspaceName;
  const session = await Session.open({ engine, project, environment: azure.direct });
  try {
    return {
      preview: await measure(azure, project, () => session.preview()),
      up: await measure(azure, project, () => session.deploy()),
      "no-op up": await measure(azure, project, () => session.deploy()),
      destroy: await measure(azure, project, () => session.destroy()),
    };
  } finally {
    await session.close();
    await azure.close();
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Median, and the least and the most. */
function withSpread(values: readonly number[], digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

function writeRows(principals: number, rounds: readonly Round[]): string[] {
  return OPERATIONS.map((operation) => {
    const of = (side: Side, what: keyof Figures) => rounds.map((round) => round[side][operation][what]);
    const ratios = (what: keyof Figures) =>
      rounds.map((round) => round.component[operation][what] / round.bare[operation][what]);
    const both = (what: keyof Figures) => `${median(of("component", what))} / ${median(of("bare", what))}`;
    const memory = operation === "destroy" ? "–" : withSpread(ratios("megabytes"), 2);
    return `| ${[
      principals,
      operation,
      withSpread(of("bare", "seconds"), 1),
      withSpread(ratios("seconds"), 2),
      memory,
      both("requests"),
      both("writes"),
    ].join(" | ")} |`;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      principals: { type: "string", default: "1,10,50,100" },
    },
  });
  const rounds = Number(values.rounds);
  const counts = values.principals.split(",").map(Number);
  if (![rounds, ...counts].every((number) => Number.isInteger(number) && number > 0))
    throw new RangeError(`--rounds and --principals must be positive whole numbers.`);
  const engine = await obtainEngine({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const folder = await mkdtemp(path.join(__dirname, ".life-"));
  try {
    const projects = {
      bare: await writeProject(folder, "bare"),
      component: await writeProject(folder, "component"),
    };
    process.stdout.write(
      `Node ${process.version}, Pulumi ${engine.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB; ` +
        `${rounds} rounds: median (least–most); requests and writes: component / bare\n\n` +
        "| principals | operation | bare, seconds | time, ratio | memory, ratio | requests | writes |\n|---|---|---|---|---|---|---|\n",
    );
    for (const principals of counts) {
      const found: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        process.stderr.write(`${principals} principals, round ${round + 1} of ${rounds}\n`);
        // Each side goes first as often as the other.
        const order = round % 2 === 0 ? SIDES : [...SIDES].reverse();
        const figures: Partial<Round> = {};
        for (const side of order) figures[side] = await live(engine, projects[side], principals);
        found.push(figures as Round);
      }
      process.stdout.write(`${writeRows(principals, found).join("\n")}\n`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

void main();
