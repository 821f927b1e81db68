import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Finished } from "../../cli/tools/process";
import { startLocalAzure, type LocalAzure } from "../../local-azure/local-azure";
import { Session } from "../../rehearsal/engine/session";
import { requireEngine } from "../rehearsal/support";

const ROOT = path.resolve(__dirname, "../..");
const PROGRAM = ["index.ts", "components", "stack", "Pulumi.yaml", "package.json", "tsconfig.json"];

/** The `pulumi` command in a clone of the project, logged in to a local Azure. */
export interface PulumiCommand {
  azure: LocalAzure;
  /** The clone. */
  folder: string;
  session: Session;
  /** All that was printed so far by commands which nobody asked for a secret. */
  printed(): string;
  run(...args: string[]): Promise<Finished>;
  /** The same, for a command that must succeed; gives its stdout. */
  succeed(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** Makes the clone with an empty stack `dev`, and starts what the command needs. */
export async function openPulumiCommand(context: Mocha.Context): Promise<PulumiCommand> {
  const engine = await requireEngine(context);
  const folder = mkdtempSync(path.join(tmpdir(), "himl-cli-"));
  for (const entry of PROGRAM) cpSync(path.join(ROOT, entry), path.join(folder, entry), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"), "junction");
  const azure = await startLocalAzure();
  const session = await Session.open({
    engine,
    project: folder,
    stackName: "dev",
    passphrase: randomBytes(16).toString("hex"),
    environment: azure.direct,
  });

  let printed = "";

  async function run(...args: string[]): Promise<Finished> {
    const finished = await session.pulumi(args, { NO_COLOR: "1" });
    if (!args.includes("--show-secrets")) printed += finished.stdout + finished.stderr;
    return finished;
  }

  async function succeed(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await run(...args);
    assert.equal(exitCode, 0, `pulumi ${args.join(" ")}\n${stdout}\n${stderr}`);
    return stdout;
  }

  return {
    azure,
    folder,
    session,
    printed: () => printed,
    run,
    succeed,
    close: async () => {
      await session.close();
      await azure.close();
      rmSync(folder, { recursive: true });
    },
  };
}
