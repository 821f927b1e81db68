import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { type LocalAzure, startLocalAzure } from "../local-azure/local-azure";
import type { Engine } from "../rehearsal/engine/engine";
import { Session } from "../rehearsal/engine/session";

export const OPERATIONS = ["preview", "up", "no-op up", "destroy"] as const;
export type Operation = (typeof OPERATIONS)[number];
export const SIDES = ["bare", "component"] as const;
export type Side = (typeof SIDES)[number];

/** What an operation took. The stand-ins and the local Azure run in this process: they count in the seconds alone. */
export interface Figures {
  readonly seconds: number;
  /** Processor time of engine and program, user and system. Other work on the machine hardly changes it. */
  readonly cpuSeconds: number;
  /** The sum of the peaks of engine and program. */
  readonly megabytes: number;
  /** To Microsoft Graph and Azure Resource Manager. */
  readonly requests: number;
  readonly writes: number;
}

export type Life = Record<Operation, Figures>;

/** One life of a stack with so many principals. The folder is in the repository, so that the program finds the package by its name. */
export async function live(engine: Engine, folder: string, side: Side, principals: number): Promise<Life> {
  const project = path.join(folder, side);
  // Remove the settings of the previous stack: its encryption salt would stop the new stack.
  await rm(project, { recursive: true, force: true });
  await writeProject(project, side);
  const azure = await startLocalAzure();
  process.env["BENCH_PRINCIPALS"] = String(principals);
  process.env["BENCH_SCOPE"] = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
  process.env["BENCH_WORKSPACE"] = azure.workspaceName;
  const session = await Session.open({
    engine: await writeWatched(engine, project),
    project,
    environment: azure.direct,
  });
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

const usageFile = (project: string): string => path.join(project, "usage.json");
const processFile = (project: string): string => path.join(project, "engine.pid");

async function writeProject(project: string, side: Side): Promise<void> {
  await mkdir(project);
  await writeFile(path.join(project, "Pulumi.yaml"), `name: bench-${side}\nruntime: nodejs\n`);
  const program = path.join(__dirname, "principals", `${side}.cjs`);
  await writeFile(
    path.join(project, "index.js"),
    `process.on("exit", () =>
  require("node:fs").writeFileSync(${JSON.stringify(usageFile(project))}, JSON.stringify(process.resourceUsage())));
module.exports = require(${JSON.stringify(program)});
`,
  );
}

/** A script that starts the engine, and first writes its process ID to a file. */
async function writeWatched(engine: Engine, project: string): Promise<Engine> {
  const script = path.join(project, "pulumi");
  await writeFile(script, `#!/bin/sh\necho $$ > '${processFile(project)}'\nexec '${engine.path}' "$@"\n`);
  await chmod(script, 0o755);
  return { ...engine, path: script };
}

async function measure(azure: LocalAzure, project: string, action: () => Promise<unknown>): Promise<Figures> {
  azure.control.clearRequests();
  await Promise.all([usageFile, processFile].map((file) => rm(file(project), { force: true })));
  const watch = watchProcess(processFile(project));
  const started = performance.now();
  await action();
  const seconds = (performance.now() - started) / 1000;
  const engine = watch.stop();
  const calls = azure.control.requests().filter(({ api }) => api === "graph" || api === "arm");
  // `destroy` does not run the program.
  const program = JSON.parse(await readFile(usageFile(project), "utf8").catch(() => "{}")) as Partial<
    Record<"maxRSS" | "userCPUTime" | "systemCPUTime", number>
  >;
  return {
    seconds,
    cpuSeconds: engine.cpuSeconds + ((program.userCPUTime ?? 0) + (program.systemCPUTime ?? 0)) / 1e6,
    megabytes: (engine.kilobytes + (program.maxRSS ?? 0)) / 1024,
    requests: calls.length,
    writes: calls.filter(({ method }) => method !== "GET").length,
  };
}

// Unit of /proc/PID/stat (`getconf CLK_TCK`): 100 on every architecture that Node.js supports.
const TICKS_PER_SECOND = 100;

/** Processor time and peak memory of the process whose ID is in the file, as last seen before it ended. */
function watchProcess(file: string) {
  const seen = { cpuSeconds: 0, kilobytes: 0 };
  const look = async () => {
    const id = (await readFile(file, "utf8")).trim();
    const [stat, status] = await Promise.all(
      ["stat", "status"].map((name) => readFile(`/proc/${id}/${name}`, "utf8")),
    );
    // The name in parentheses may contain anything, so read what follows it: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const fields = stat!.slice(stat!.lastIndexOf(")") + 2).split(" ");
    seen.cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    seen.kilobytes = Math.max(seen.kilobytes, Number(/VmHWM:\s+(\d+)/.exec(status!)?.[1] ?? 0));
  };
  // The process has not started yet, or has ended.
  const timer = setInterval(() => void look().catch(() => undefined), 50);
  return {
    stop: () => {
      clearInterval(timer);
      return seen;
    },
  };
}
