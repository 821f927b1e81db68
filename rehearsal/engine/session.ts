import { randomBytes } from "node:crypto";
import { copyFile, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { output } from "@pulumi/pulumi";
import * as runtimeState from "@pulumi/pulumi/runtime/state";
import {
  type EngineEvent,
  LocalWorkspace,
  PulumiCommand,
  type PulumiFn,
  Stack,
} from "@pulumi/pulumi/automation";
import semver from "semver";
import { findRealPlugins } from "../stand-ins/real-plugins";
import { type ProviderName, type StandIns, startStandIns } from "../stand-ins/stand-ins";
import { InterruptedError, run } from "../../cli/processes";
import type { Engine } from "./engine";
import { EngineError } from "./engine-error";
import { OperationLog, type OperationResult } from "./operation-log";

/** What a session is opened with. */
export interface SessionOptions {
  readonly engine: Engine;
  /** The program, run in this process at each preview and up. */
  readonly program: PulumiFn;
  /** The project's Pulumi.yaml: its name, and defaults of settings. */
  readonly projectFile: string;
  /** The stack's settings, without the project's name before them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The environment of whoever runs Pulumi: the login to Azure, and the way there. */
  readonly environment: Readonly<Record<string, string>>;
  /** Providers which are left to their real plugins. */
  readonly realProviders?: readonly ProviderName[];
  readonly signal?: AbortSignal;
}

/** What came of an up: the outputs in plain text, and which of them the stack keeps as secrets. */
export interface UpResult extends OperationResult {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
}

const STACK_NAME = "rehearsal";
// An interrupted engine finishes the calls that are under way, and writes its state, before it stops.
const GRACE_MS = 10_000;

/** One stack in a folder of its own, deployed by a real engine. */
export class Session {
  private constructor(
    private readonly options: SessionOptions,
    private readonly folder: string,
    private readonly stack: Stack,
    private readonly projectName: string,
    private standIns: StandIns,
  ) {}

  /** Creates the folder, the stack and the stand-ins. */
  static async open(options: SessionOptions): Promise<Session> {
    // gRPC for Node would take the way to the engine through a proxy of the user's.
    process.env["no_grpc_proxy"] ??= "127.0.0.1,localhost";
    const pluginFolders = await findRealPlugins(options.realProviders ?? [], process.env);
    const folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-rehearsal-"));
    let standIns: StandIns | undefined;
    try {
      const home = path.join(folder, "home");
      const state = path.join(folder, "state");
      const work = path.join(folder, "work");
      await Promise.all([mkdir(home), mkdir(state), mkdir(work)]);
      await copyFile(options.projectFile, path.join(work, "Pulumi.yaml"));
      standIns = await startStandIns(options.environment, options.realProviders);
      const workspace = await LocalWorkspace.create({
        workDir: work,
        pulumiHome: home,
        program: () => runToItsEnd(options.program),
        pulumiCommand: engineCommand(options.engine, pluginFolders, options.signal),
        envVars: {
          PULUMI_BACKEND_URL: pathToFileURL(state).href,
          PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        },
      });
      const { name: projectName } = await workspace.projectSettings();
      const stack = await Stack.create(STACK_NAME, workspace);
      const session = new Session(options, folder, stack, projectName, standIns);
      session.useEnvironment(options.environment);
      await session.configure(options.settings ?? {});
      return session;
    } catch (error) {
      await standIns?.close();
      await removeFolder(folder);
      throw error;
    }
  }

  /** Changes settings of the stack; undefined removes one. */
  async configure(settings: Readonly<Record<string, string | undefined>>): Promise<void> {
    const { workspace } = this.stack;
    const stackSettings = await workspace.stackSettings(STACK_NAME);
    const config = { ...stackSettings.config };
    for (const [name, value] of Object.entries(settings)) {
      if (value === undefined) delete config[`${this.projectName}:${name}`];
      else config[`${this.projectName}:${name}`] = value;
    }
    await workspace.saveStackSettings(STACK_NAME, { ...stackSettings, config });
  }

  /** From now on somebody else runs Pulumi. */
  async logIn(environment: Readonly<Record<string, string>>): Promise<void> {
    await this.standIns.close();
    this.standIns = await startStandIns(environment, this.options.realProviders);
    this.useEnvironment(environment);
  }

  async preview(): Promise<OperationResult> {
    return (await this.operate((events) => this.stack.preview(events))).result;
  }

  async up(): Promise<UpResult> {
    const { result, value } = await this.operate((events) => this.stack.up(events));
    const outputs = Object.entries(value.outputs);
    return {
      ...result,
      outputs: Object.fromEntries(outputs.map(([name, output]) => [name, output.value as unknown])),
      secretOutputs: outputs.filter(([, output]) => output.secret).map(([name]) => name),
    };
  }

  async refresh(): Promise<OperationResult> {
    return (await this.operate((events) => this.stack.refresh(events))).result;
  }

  async destroy(): Promise<OperationResult> {
    return (await this.operate((events) => this.stack.destroy(events))).result;
  }

  /** The state of the stack as the backend keeps it: secrets are encrypted in it. */
  async exportState(): Promise<unknown> {
    return (await this.stack.exportStack()).deployment as unknown;
  }

  /** Ends the stand-ins and removes the folder, state and all. */
  async close(): Promise<void> {
    await this.standIns.close();
    await removeFolder(this.folder);
  }

  private useEnvironment(environment: Readonly<Record<string, string>>): void {
    const { workspace } = this.stack;
    workspace.envVars = { ...workspace.envVars, ...environment, ...this.standIns.environment };
  }

  private async operate<T>(
    start: (events: { onEvent: (event: EngineEvent) => void }) => Promise<T>,
  ): Promise<{ result: OperationResult; value: T }> {
    const log = new OperationLog();
    try {
      const value = await start({ onEvent: (event) => log.take(event) });
      return { result: log.result(), value };
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      throw new EngineError(
        "ENGINE_FAILED",
        log.errors() || (error instanceof Error ? error.message : String(error)),
      );
    }
  }
}

// The class has no constructor for an executable of any other name or place than <root>/bin/pulumi, and its way to run
// one can neither be killed nor waited for when this process is interrupted.
function engineCommand(
  engine: Engine,
  pluginFolders: readonly string[],
  signal: AbortSignal | undefined,
): PulumiCommand {
  const surroundings = engineEnvironment(pluginFolders);
  const command = Reflect.construct(PulumiCommand, [
    engine.path,
    semver.parse(engine.version),
  ]) as PulumiCommand;
  return Object.assign(command, {
    run: async (
      args: string[],
      cwd: string,
      env: Record<string, string>,
      onStdout?: (text: string) => void,
      onStderr?: (text: string) => void,
    ) => {
      const result = await run(engine.path, [...args, "--non-interactive"], {
        cwd,
        env: { ...surroundings, ...env, PULUMI_AUTOMATION_API: "true" },
        graceMs: GRACE_MS,
        ...(signal && { signal }),
        ...(onStdout && { onStdout }),
        ...(onStderr && { onStderr }),
      });
      if (result.exitCode !== 0)
        throw new EngineError("ENGINE_FAILED", result.stderr.trim() || result.stdout.trim());
      return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr };
    },
  });
}

// This process's own environment, without what would lead engine and plugins to somebody's real Azure or real stacks.
function engineEnvironment(pluginFolders: readonly string[]): Record<string, string | undefined> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(ARM|AZURE|PULUMI)_/i.test(name));
  const pathName = entries.find(([name]) => name.toUpperCase() === "PATH")?.[0] ?? "PATH";
  const searched = [...pluginFolders, process.env[pathName]].filter(Boolean).join(path.delimiter);
  return { ...Object.fromEntries(entries), [pathName]: searched };
}

/** What the SDK's typings leave out: its record of the calls that it waits for. */
interface RuntimeState {
  getStore(): { settings: { rpcDone: Promise<unknown> } };
}

// A resource whose inputs fail never settles its outputs. As a process of its own a program ends then, since nothing is
// left to do; within this one the Automation API would wait for ever, first for the outputs, then for the resource.
export async function runToItsEnd(program: PulumiFn): Promise<Record<string, unknown>> {
  let onFailure: (reason: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => (onFailure = reject));
  process.on("unhandledRejection", onFailure);
  try {
    const outputs = (await program()) ?? {};
    await Promise.race([failure, (output(outputs) as unknown as { promise(): Promise<unknown> }).promise()]);
    return outputs;
  } catch (error) {
    (runtimeState as unknown as RuntimeState).getStore().settings.rpcDone = Promise.resolve();
    throw error;
  } finally {
    process.off("unhandledRejection", onFailure);
  }
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
