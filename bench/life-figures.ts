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

/** What an operation took. The stand-ins and the local Azure, which run in this process, are part of the seconds alone. */
export interface Figures {
  readonly seconds: number;
  /** Processor time of the engine and the program, user and system. Other work on the machine changes it little. */
  readonly cpuSeconds: number;
  /** The peaks of the engine and of the program, added up. */
  readonly megabytes: number;
  /** To Microsoft Graph and Azure Resource Manager. */
  readonly requests: number;
  readonly writes: number;
}

export type Life = Record<Operation, Figures>;

/** One life of a stack with that many principals, in a folder of the repository, where a program finds the package by its name. */
export async function live(engine: Engine, folder: string, side: Side, principals: number): Promise<Life> {
  const project = path.join(folder, side);
  // Settings of the stack before it, with a salt of its own, would keep this one from being made.
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

/** The engine, which tells its process ID before it starts. */
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
  // `destroy` runs no program.
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

// The kernel's unit of /proc/PID/stat (`getconf CLK_TCK`): 100 on every architecture that Node.js runs on.
const TICKS_PER_SECOND = 100;

/** The processor time and the peak memory of the process whose ID a file tells, as last seen before it ended. */
function watchProcess(file: string) {
  const seen = { cpuSeconds: 0, kilobytes: 0 };
  const look = async () => {
    const id = (await readFile(file, "utf8")).trim();
    const [stat, status] = await Promise.all(
      ["stat", "status"].map((name) => readFile(`/proc/${id}/${name}`, "utf8")),
    );
    // After the name, which may hold anything, in parentheses: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const fields = stat!.slice(stat!.lastIndexOf(")") + 2).split(" ");
    seen.cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    seen.kilobytes = Math.max(seen.kilobytes, Number(/VmHWM:\s+(\d+)/.exec(status!)?.[1] ?? 0));
  };
  // Not there yet, or not any more.
  const timer = setInterval(() => void look().catch(() => undefined), 50);
  return {
    stop: () => {
      clearInterval(timer);
      return seen;
    },
  };
}
