import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Agent, request } from "undici";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { type Finished, run } from "../../cli/tools/process";
import { atTime } from "../../components/clock";
import program from "../../index";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import { type Engine, obtainEngine } from "../../rehearsal/engine/engine";
import { EngineError } from "../../rehearsal/engine/engine-error";
import { Session, type SessionOptions } from "../../rehearsal/engine/session";
import { AzureConnection } from "../../rehearsal/stand-ins/azure-connection";

// Pulumi takes a stack trace for each resource. To map them back to the sources takes an eighth of the processor time.
Reflect.deleteProperty(Error, "prepareStackTrace");

export const PROJECT = path.join(__dirname, "../..");

let engine: Promise<Engine> | undefined;

/** The engine; where none can be had the tests are skipped with the reason, or fail when `CI` is `true`. */
export async function requireEngine(context: Mocha.Context): Promise<Engine> {
  // `faketime` moves the clock of every process but those written in Go, and the engine is one.
  if (process.env["FAKETIME"] !== undefined) return context.skip();
  engine ??= obtainEngine({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  try {
    return await engine;
  } catch (error) {
    if (!(error instanceof EngineError) || process.env["CI"] === "true") throw error;
    process.stderr.write(`Skipped: ${error.message}\n`);
    return context.skip();
  }
}

/** A local Azure and a stack, which a file's tests share. */
export interface SharedWorld {
  readonly azure: LocalAzure;
  readonly session: Session;
  /** Back to the start, between tests: nothing in Azure, nothing in the stack. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A local Azure and a stack for a program of the test's own. */
export async function openWorld(
  engine: Engine,
  program: (azure: LocalAzure) => ReturnType<PulumiFn>,
  options: Partial<SessionOptions> = {},
): Promise<SharedWorld> {
  const azure = await startLocalAzure();
  try {
    const session = await Session.open({
      engine,
      program: () => program(azure),
      project: path.join(PROJECT, "Pulumi.yaml"),
      environment: azure.direct,
      ...options,
    });
    const start = azure.control.snapshot();
    await session.save("start");
    return {
      azure,
      session,
      reset: async () => {
        azure.control.restore(start);
        await session.restore("start");
      },
      close: async () => {
        try {
          await session.close();
        } finally {
          await azure.close();
        }
      },
    };
  } catch (error) {
    await azure.close();
    throw error;
  }
}

/** This project's own program, with the workspace of the local Azure in its settings. */
export async function openOwnWorld(context: Mocha.Context): Promise<SharedWorld> {
  const world = await openWorld(await requireEngine(context), (azure) =>
    Promise.resolve(atTime(azure.control.now(), program)),
  );
  const { resourceGroup, workspaceName } = world.azure;
  await world.session.configure({ resourceGroupName: resourceGroup, workspaceName });
  await world.session.save("start");
  return world;
}

/** Entra's answer to a login for Azure Resource Manager: a token, or why there is none. */
interface TokenAnswer {
  access_token?: string;
  error_description?: string;
}

/** Asks Entra for a token, as any client does: `proof` is a `client_secret` or a `client_assertion`. */
export async function requestToken(
  azure: LocalAzure,
  clientId: string,
  proof: { client_secret: string } | { client_assertion: string },
): Promise<TokenAnswer> {
  const dispatcher = new Agent({ connect: { ca: azure.caPem } });
  const { body } = await request(`${azure.url}/${azure.tenantId}/oauth2/v2.0/token`, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      scope: "https://management.azure.com/.default",
      ...("client_assertion" in proof && {
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      }),
      ...proof,
    }).toString(),
  });
  const answer = (await body.json()) as TokenAnswer;
  await dispatcher.close();
  return answer;
}

/** Calls Azure as its administrator, as somebody at the portal would. */
export async function asAdmin<T>(
  azure: LocalAzure,
  action: (connection: AzureConnection) => Promise<T>,
): Promise<T> {
  const read = (_name: string, ...variables: string[]) =>
    variables.map((variable) => azure.direct[variable]).find(Boolean);
  const connection = await AzureConnection.open(read, new AbortController().signal);
  try {
    return await action(connection);
  } finally {
    await connection.close();
  }
}

/** Runs an action with a new temporary folder, and removes it. */
export async function withFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), "test-rehearsal-"));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts `rehearse` in a process of its own, as a user does; `onStdout` sees all of the output so far, and can send it a signal. */
export function runRehearse(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onStdout: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Finished> {
  const main = path.join(PROJECT, "rehearsal/main.ts");
  let stdout = "";
  return run(process.execPath, ["-r", "ts-node/register/transpile-only", main, ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    onStdout: (text, child) => {
      stdout += text;
      onStdout(stdout, (signal) => child.kill(signal));
    },
  });
}

/** IDs of the processes that have this text in their environment. Linux only. */
export async function processesWith(text: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const found = await Promise.all(
    ids.map(async (id) => (await readFile(`/proc/${id}/environ`, "utf8").catch(() => "")).includes(text)),
  );
  return ids.filter((_, i) => found[i]);
}
