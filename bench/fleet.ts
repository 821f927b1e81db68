/**
 * Measures `himl-sp status --all` with many stacks of a file backend: seconds, and the peak memory of its own process.
 *
 *     npx ts-node -T bench/fleet.ts [--stacks 100]
 */
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { obtainEngine } from "../rehearsal/engine/engine";
import { Fleet, stacksEndingFrom } from "../test/cli/fleet";
import { buildCommand } from "../test/cli/command";

const { values } = parseArgs({ options: { stacks: { type: "string", default: "100" } } });

async function main(): Promise<void> {
  const engine = await obtainEngine({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const fleet = await Fleet.create(stacksEndingFrom(new Date(), Number(values.stacks)));
  try {
    // Node.js writes its peak memory at exit.
    const report = `process.on("exit", () => process.stderr.write("KB " + process.resourceUsage().maxRSS + "\\n"))`;
    const preload = `data:text/javascript,${encodeURIComponent(report)}`;
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", preload, await buildCommand(), "status", "--all", "--json"],
      {
        cwd: fleet.project,
        env: { ...process.env, ...fleet.env, PATH: path.dirname(engine.path) },
        encoding: "utf8",
      },
    );
    const seconds = (performance.now() - start) / 1000;
    const rows = status === 0 ? (JSON.parse(stdout) as { stacks: { problem: unknown }[] }).stacks : [];
    const read = rows.filter(({ problem }) => problem === null).length;
    const megabytes = Number(/KB (\d+)/.exec(stderr)?.[1] ?? NaN) / 1024;
    process.stdout.write(
      `${read} of ${values.stacks} stacks read in ${seconds.toFixed(1)} s, at most ${megabytes.toFixed(0)} MB\n`,
    );
  } finally {
    await fleet.remove();
  }
}

void main();
