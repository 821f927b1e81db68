import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { startLocalAzure, type LocalAzure } from "../../rehearsal/azure/local-azure";
import { obtainEngine } from "../../rehearsal/engine/engine";
import { startStandIns } from "../../rehearsal/providers/stand-ins";
import { startLanguageHost } from "./language-host";

const ROOT = path.resolve(__dirname, "../..");
const PROGRAM = ["index.ts", "components", "settings", "Pulumi.yaml", "package.json", "tsconfig.json"];

/** What a command printed, and how it ended. */
export interface Printed {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** The `pulumi` command in a clone of the project, logged in to a local Azure. */
export interface PulumiCommand {
  azure: LocalAzure;
  folder: string;
  run(...args: string[]): Promise<Printed>;
  /** The same, for a command that must succeed; gives its stdout. */
  succeed(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** Makes the clone, and starts what the command needs. */
export async function openPulumiCommand(): Promise<PulumiCommand> {
  const { path: engine } = await obtainEngine();
  const folder = mkdtempSync(path.join(tmpdir(), "himl-cli-"));
  for (const entry of PROGRAM) cpSync(path.join(ROOT, entry), path.join(folder, entry), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"), "junction");
  const azure = await startLocalAzure();
  const standIns = await startStandIns(azure.direct);
  const host = await startLanguageHost();

  async function run(...args: string[]): Promise<Printed> {
    const child = spawn(engine, args, {
      cwd: folder,
      env: {
        ...process.env,
        ...azure.direct,
        ...standIns.environment,
        ...host.environment,
        PULUMI_HOME: path.join(folder, ".pulumi-home"),
        PULUMI_BACKEND_URL: pathToFileURL(folder).href,
        PULUMI_CONFIG_PASSPHRASE: "only for this test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        NO_COLOR: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { exitCode, stdout, stderr };
  }

  return {
    azure,
    folder,
    run,
    succeed: async (...args) => {
      const { exitCode, stdout, stderr } = await run(...args);
      assert.equal(exitCode, 0, `pulumi ${args.join(" ")}\n${stdout}\n${stderr}`);
      return stdout;
    },
    close: async () => {
      host.close();
      await standIns.close();
      await azure.close();
      rmSync(folder, { recursive: true });
    },
  };
}
