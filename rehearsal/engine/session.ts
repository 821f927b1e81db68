import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { commandLine } from "../../components/plan/commands";
import { type Finished, run } from "../../cli/tools/process";
import type { ProviderName } from "../stand-ins/provider-names";
import { findRealPlugins } from "../stand-ins/real-plugins";
import { type StandIns, startStandIns } from "../stand-ins/stand-ins";
import type { Engine } from "./engine";
import { EngineError } from "./engine-error";
import { type Keys, passphraseKeys, startKeyServer } from "./keys";
import { type LanguageHost, startLanguageHost } from "./language-host";
import { OperationLog, type OperationResult } from "./operation-log";
import { readOutputs, type StackOutputs } from "./stack-outputs";

/** What a session is opened with. */
export interface SessionOptions {
  readonly engine: Engine;
  /** The program, run in this process at each preview and up. Left out: the project's own, in a process of its own. */
  readonly program?: PulumiFn;
  /** A project's folder, or the Pulumi.yaml of one, of which the session makes a folder of its own. */
  readonly project: string;
  /** @default rehearsal */
  readonly stackName?: string;
  /** The stack's settings, without the project's name before them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The environment in which Pulumi runs: the login to Azure, and its addresses. */
  readonly environment: Readonly<Record<string, string>>;
  /** Encrypts the stack's secrets. Left out: a key server does, and each command takes half the processor time. */
  readonly passphrase?: string;
  /** Where the state is, and what encrypts its secrets. Left out: a folder, and a key server. */
  readonly backend?: { readonly url: string; readonly keys: Keys };
  readonly attached?: Attached;
  /** Providers which are left to their real plugins. */
  readonly realProviders?: readonly ProviderName[];
  readonly signal?: AbortSignal;
}

/** What runs beside a session already, for programs that need more than it brings. */
export interface Attached {
  /** `name:port`. */
  readonly providers?: readonly string[];
  /** `runtime:port`. */
  readonly languages?: readonly string[];
  /** With plugins, for PATH. */
  readonly folders?: readonly string[];
}

/** What came of an up: the outputs in plain text, and which of them the stack keeps as secrets. */
export interface UpResult extends OperationResult, StackOutputs {}

type Operation = "preview" | "up" | "refresh" | "destroy";

// An interrupted engine finishes the calls that are under way, and writes its state, before it stops.
const GRACE_MS = 10_000;

/** One stack with its backend in a folder of its own, deployed by a real engine. */
export class Session {
  private constructor(
    private readonly options: SessionOptions,
    /** Has all but the project, where that has a folder already. */
    readonly folder: string,
    readonly projectFolder: string,
    private readonly pluginFolders: readonly string[],
    private readonly host: LanguageHost,
    private readonly keys: Keys,
    private standIns: StandIns,
  ) {}

  private environment: Readonly<Record<string, string>> = {};
  private operations = 0;

  /** Creates the folders and the stack, and starts the stand-ins. */
  static async open(options: SessionOptions): Promise<Session> {
    // gRPC for Node would take the way to the engine through a proxy of the user's.
    process.env["no_grpc_proxy"] ??= "127.0.0.1,localhost";
    const realPlugins = await findRealPlugins(options.realProviders ?? [], process.env);
    const pluginFolders = [...realPlugins, ...(options.attached?.folders ?? [])];
    const folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-rehearsal-"));
    let session: Session | undefined;
    try {
      await Promise.all(["bin", "home", "state", "project"].map((name) => mkdir(path.join(folder, name))));
      const projectFolder = await prepareProject(options.project, path.join(folder, "project"));
      const standIns = await startStandIns(options.environment, options.realProviders);
      const host = await startLanguageHost(options.program, options.environment);
      const keys =
        options.backend?.keys ??
        (options.passphrase === undefined ? await startKeyServer() : passphraseKeys(options.passphrase));
      session = new Session(options, folder, projectFolder, pluginFolders, host, keys, standIns);
      session.environment = options.environment;
      await installPulumi(session.binFolder, options.engine);
      await session.expectPulumi(
        "stack",
        "init",
        session.stackName,
        "--secrets-provider",
        keys.secretsProvider,
      );
      await session.configure(options.settings ?? {});
      return session;
    } catch (error) {
      await session?.close();
      await removeFolder(folder);
      throw error;
    }
  }

  get stackName(): string {
    return this.options.stackName ?? "rehearsal";
  }

  private get settingsFile(): string {
    return path.join(this.projectFolder, `Pulumi.${this.stackName}.yaml`);
  }

  /** With which another stack can be made whose secrets the same `pulumi` reads. */
  get secretsProvider(): string {
    return this.keys.secretsProvider;
  }

  /** Holds a `pulumi`, for PATH. */
  get binFolder(): string {
    return path.join(this.folder, "bin");
  }

  /** What a `pulumi` needs in its environment to work on this stack, beside PATH. The stand-ins have their own login. */
  get variables(): Record<string, string> {
    const { providers = [], languages = [] } = this.options.attached ?? {};
    return {
      ...extend(this.standIns.environment, "PULUMI_DEBUG_PROVIDERS", providers),
      ...extend(this.host.environment, "PULUMI_DEBUG_LANGUAGES", languages),
      PULUMI_HOME: path.join(this.folder, "home"),
      PULUMI_BACKEND_URL: this.options.backend?.url ?? pathToFileURL(path.join(this.folder, "state")).href,
      ...this.keys.environment,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  /** Changes settings of the stack; undefined removes one. */
  async configure(settings: Readonly<Record<string, string | undefined>>): Promise<void> {
    const { name: project } = parse(await readFile(path.join(this.projectFolder, "Pulumi.yaml"), "utf8")) as {
      name: string;
    };
    const file = this.settingsFile;
    const before = (parse(await readFile(file, "utf8").catch(() => "")) ?? {}) as { config?: object };
    const config: Record<string, unknown> = { ...before.config };
    for (const [name, value] of Object.entries(settings)) {
      if (value === undefined) delete config[`${project}:${name}`];
      else config[`${project}:${name}`] = value;
    }
    await writeFile(file, stringify({ ...before, config }));
  }

  /** From now on somebody else runs Pulumi. */
  async logIn(environment: Readonly<Record<string, string>>): Promise<void> {
    await this.standIns.close();
    this.standIns = await startStandIns(environment, this.options.realProviders);
    this.environment = environment;
  }

  /** Runs `pulumi` with these arguments, also if it fails. `kill` ends it at once, as a power cut would. */
  pulumi(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    kill?: AbortSignal,
  ): Promise<Finished> {
    const signals = [kill, this.options.signal].filter((one) => one !== undefined);
    return run(this.options.engine.path, [...args, "--non-interactive"], {
      cwd: this.projectFolder,
      env: { ...engineEnvironment(this.pluginFolders), ...this.environment, ...this.variables, ...env },
      graceMs: kill ? 0 : GRACE_MS,
      ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    });
  }

  /** `pulumi`, which must succeed; gives what it prints. */
  async expectPulumi(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.pulumi(args);
    if (exitCode === 0) return stdout;
    throw new EngineError(
      "ENGINE_FAILED",
      `${commandLine`pulumi ${args}`}: ${stderr.trim() || stdout.trim()}`,
    );
  }

  preview(): Promise<OperationResult> {
    return this.operate("preview");
  }

  /** `pulumi up`, and no reading of outputs after it. */
  deploy(): Promise<OperationResult> {
    return this.operate("up", "--yes", "--skip-preview");
  }

  async up(): Promise<UpResult> {
    const result = await this.deploy();
    return { ...result, ...(await this.outputs()) };
  }

  /** The outputs of the last run. */
  async outputs(): Promise<StackOutputs> {
    return this.keys.decryptKey === undefined
      ? readOutputs(await this.exportWith("--show-secrets"))
      : readOutputs(await this.exportState(), this.keys.decryptKey);
  }

  refresh(): Promise<OperationResult> {
    return this.operate("refresh", "--yes", "--skip-preview");
  }

  destroy(): Promise<OperationResult> {
    return this.operate("destroy", "--yes", "--skip-preview");
  }

  /** The state of the stack as the backend keeps it: secrets are encrypted in it. Read from its file: no process starts. */
  async exportState(): Promise<unknown> {
    const folder = path.join(this.folder, "state", ".pulumi", "stacks");
    const [file] = (await readdir(folder, { recursive: true })).filter(
      (name) => path.basename(name) === `${this.stackName}.json`,
    );
    const text = await readFile(path.join(folder, file!), "utf8");
    return (JSON.parse(text) as { checkpoint: { latest: unknown } }).checkpoint.latest ?? {};
  }

  private async exportWith(option: "--show-secrets"): Promise<unknown> {
    const text = await this.expectPulumi("stack", "export", "--stack", this.stackName, option);
    return (JSON.parse(text) as { deployment: unknown }).deployment;
  }

  /** Keeps state and settings as they are now. */
  async save(name: string): Promise<void> {
    const folder = path.join(this.folder, "saved", name);
    await rm(folder, { recursive: true, force: true });
    await cp(path.join(this.folder, "state"), path.join(folder, "state"), { recursive: true });
    await copyFile(this.settingsFile, path.join(folder, path.basename(this.settingsFile)));
  }

  /** Back to what was saved under this name; no process is needed for it. */
  async restore(name: string): Promise<void> {
    const folder = path.join(this.folder, "saved", name);
    const state = path.join(this.folder, "state");
    await rm(state, { recursive: true });
    await cp(path.join(folder, "state"), state, { recursive: true });
    await copyFile(path.join(folder, path.basename(this.settingsFile)), this.settingsFile);
  }

  /** Ends what was started and removes the folder, state and all. */
  async close(): Promise<void> {
    this.host.close();
    this.keys.close();
    await this.standIns.close();
    await removeFolder(this.folder);
  }

  private async operate(operation: Operation, ...options: string[]): Promise<OperationResult> {
    const events = path.join(this.folder, `events-${++this.operations}.jsonl`);
    const args = [operation, ...options, "--stack", this.stackName, "--event-log", events];
    // The Automation API reads in the same way what an operation did: `--event-log` is a command for debugging.
    const { exitCode, stdout, stderr } = await this.pulumi(args, { PULUMI_DEBUG_COMMANDS: "true" });
    const log = await OperationLog.read(events);
    if (exitCode === 0) return log.result();
    throw new EngineError("ENGINE_FAILED", log.errors() || stderr.trim() || stdout.trim());
  }
}

/** The environment with further entries in a variable that is a list. */
function extend(environment: Readonly<Record<string, string>>, name: string, more: readonly string[]) {
  return { ...environment, [name]: [environment[name], ...more].filter(Boolean).join(",") };
}

async function prepareProject(project: string, folder: string): Promise<string> {
  if ((await stat(project)).isDirectory()) return project;
  await copyFile(project, path.join(folder, "Pulumi.yaml"));
  return folder;
}

/** A `pulumi` for PATH. */
async function installPulumi(folder: string, engine: Engine): Promise<void> {
  if (process.platform === "win32") {
    await writeFile(path.join(folder, "pulumi.cmd"), `@"${engine.path}" %*\r\n`);
  } else {
    await symlink(engine.path, path.join(folder, "pulumi"));
  }
}

// This process's own environment, without what would lead engine and plugins to somebody's real Azure or real stacks.
function engineEnvironment(pluginFolders: readonly string[]): Record<string, string | undefined> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(ARM|AZURE|PULUMI)_/i.test(name));
  const pathName = entries.find(([name]) => name.toUpperCase() === "PATH")?.[0] ?? "PATH";
  const searched = [...pluginFolders, process.env[pathName]].filter(Boolean).join(path.delimiter);
  return { ...Object.fromEntries(entries), [pathName]: searched };
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
