/**
 * What `himl-sp` costs its user beyond `pulumi stack output` itself: both run in turn, as whole processes, on a stack
 * of the real engine; the difference is what counts. The stack's backend is a folder, the fastest there is.
 *
 *     npx ts-node -T bench/command.ts [--runs 9]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { obtainEngine } from "../rehearsal/engine/engine";

const ROOT = path.resolve(__dirname, "..");
const TARGET_SECONDS = 0.3;

/** A stack whose outputs are as those of the program, without a program to run. */
const STATE = {
  version: 3,
  deployment: {
    manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
    resources: [
      {
        urn: "urn:pulumi:dev::bench::pulumi:pulumi:Stack::bench-dev",
        custom: false,
        type: "pulumi:pulumi:Stack",
        outputs: {
          HIML_SERVICE_PRINCIPAL_ID: "4c8e3a56-0f5e-4a52-8c9c-25e10ab3b0ad",
          HIML_SERVICE_PRINCIPAL_PASSWORD: "made~up",
          HIML_TENANT_ID: "7d3f1f5c-6f5a-4ac1-9c34-0e2f8b7c9d11",
          HIML_SUBSCRIPTION_ID: "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36",
          HIML_RESOURCE_GROUP: "rg-ml",
          HIML_WORKSPACE_NAME: "ws-ml",
          details: { version: 1, authentication: "secret", secrets: [], trusts: [], roles: [] },
        },
      },
    ],
  },
};

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "9" } } });
  const engine = await obtainEngine({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const folder = mkdtempSync(path.join(tmpdir(), "himl-sp-bench-"));
  const env = {
    ...process.env,
    PATH: `${path.dirname(engine.path)}${path.delimiter}${process.env["PATH"]}`,
    PULUMI_HOME: path.join(folder, "home"),
    PULUMI_BACKEND_URL: pathToFileURL(path.join(folder, "state")).href,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const run = (program: string, ...args: string[]) => {
    const begin = performance.now();
    const { status, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${program} ${args.join(" ")} must succeed. Received:\n${stderr}`);
    return (performance.now() - begin) / 1000;
  };
  try {
    for (const name of ["state", "build"]) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, "Pulumi.yaml"), "name: bench\nruntime: nodejs\n");
    writeFileSync(path.join(folder, "state.json"), JSON.stringify(STATE));
    // A build of its own, where the modules that it imports are found: `dist` may be an old one.
    const build = mkdtempSync(path.join(ROOT, "node_modules", ".himl-sp-bench-"));
    try {
      const tsc = require.resolve("typescript/bin/tsc");
      run(
        process.execPath,
        tsc,
        "-p",
        path.join(ROOT, "tsconfig.build.json"),
        "--noCheck",
        "--outDir",
        build,
      );
      const himlSp = path.join(build, "cli", "main.js");
      run(engine.path, "stack", "init", "dev", "--non-interactive");
      run(engine.path, "stack", "import", "--file", "state.json", "--non-interactive");

      const output = ["stack", "output", "--json", "--show-secrets", "--non-interactive"];
      const times: Record<string, number[]> = {
        "pulumi stack output": [],
        "himl-sp env": [],
        "himl-sp status": [],
      };
      for (let i = 0; i < Number(values.runs); i++) {
        times["pulumi stack output"]!.push(run(engine.path, ...output));
        times["himl-sp env"]!.push(run(process.execPath, himlSp, "env", "--format", "json"));
        times["himl-sp status"]!.push(run(process.execPath, himlSp, "status"));
      }
      const [pulumi, env, status] = Object.values(times).map(median) as [number, number, number];
      for (const [name, seconds] of Object.entries({ "himl-sp env": env, "himl-sp status": status })) {
        const beyond = seconds - pulumi;
        process.stdout.write(
          `${name.padEnd(15)} ${seconds.toFixed(2)} s, ${beyond.toFixed(2)} s beyond pulumi stack output (${pulumi.toFixed(2)} s); target ${TARGET_SECONDS} s: ${beyond <= TARGET_SECONDS ? "met" : "MISSED"}\n`,
        );
        if (beyond > TARGET_SECONDS) process.exitCode = 1;
      }
    } finally {
      rmSync(build, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
