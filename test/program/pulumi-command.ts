import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { type Finished, run as runProgram } from "../../cli/processes";
import { startLocalAzure, type LocalAzure } from "../../local-azure/local-azure";
import { startStandIns } from "../../rehearsal/stand-ins/stand-ins";
import { requireEngine } from "../rehearsal/support";
import { startLanguageHost } from "./language-host";

const ROOT = path.resolve(__dirname, "../..");
const PROGRAM = ["index.ts", "components", "stack", "Pulumi.yaml", "package.json", "tsconfig.json"];

/** The `pulumi` command in a clone of the project, logged in to a local Azure. */
export interface PulumiCommand {
  azure: LocalAzure;
  folder: string;
  /** All that was printed so far by commands which nobody asked for a secret. */
  printed(): string;
  run(...args: string[]): Promise<Finished>;
  /** The same, for a command that must succeed; gives its stdout. */
  succeed(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** Makes the clone, starts what the command needs, and logs in to a folder for the state. */
export async function openPulumiCommand(context: Mocha.Context): Promise<PulumiCommand> {
  const { path: engine } = await requireEngine(context);
  const folder = mkdtempSync(path.join(tmpdir(), "himl-cli-"));
  for (const entry of PROGRAM) cpSync(path.join(ROOT, entry), path.join(folder, entry), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"), "junction");
  const azure = await startLocalAzure();
  const standIns = await startStandIns(azure.direct);
  const host = await startLanguageHost();

  let printed = "";

  async function run(...args: string[]): Promise<Finished> {
    const finished = await runProgram(engine, args, {
      cwd: folder,
      env: {
        ...process.env,
        ...azure.direct,
        ...standIns.environment,
        ...host.environment,
        PULUMI_HOME: path.join(folder, ".pulumi-home"),
        PULUMI_CONFIG_PASSPHRASE: "only for this test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        NO_COLOR: "1",
      },
    });
    if (!args.includes("--show-secrets")) printed += finished.stdout + finished.stderr;
    return finished;
  }

  async function succeed(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await run(...args);
    assert.equal(exitCode, 0, `pulumi ${args.join(" ")}\n${stdout}\n${stderr}`);
    return stdout;
  }

  const state = path.join(folder, "pulumi-state");
  mkdirSync(state);
  await succeed("login", pathToFileURL(state).href);
  return {
    azure,
    folder,
    printed: () => printed,
    run,
    succeed,
    close: async () => {
      host.close();
      await standIns.close();
      await azure.close();
      rmSync(folder, { recursive: true });
    },
  };
}
