import { AsyncResource } from "node:async_hooks";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { log, output, type Resource, ResourceError } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import * as automationServer from "@pulumi/pulumi/automation/server";
import * as languageServices from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as settings from "@pulumi/pulumi/runtime/settings";
import { run } from "../../cli/tools/process";
import { trustInThisProcess } from "./extra-authorities";

/**
 * How the SDK connects to an engine; internal in its types. grpc-js shares connections of the same address within a
 * process, also one that has failed and waits for its next try. The ports of engines come round again: where a new engine
 * has the port of an engine that has ended, the program would fail with "14 UNAVAILABLE: No connection established".
 */
export const { grpcClientOptions } = settings as unknown as { grpcClientOptions: grpc.ClientOptions };
grpcClientOptions["grpc.use_local_subchannel_pool"] = 1;

/** What runs the programs of an engine: an engine that is built from source comes without `pulumi-language-nodejs`. */
export interface LanguageHost {
  /** What makes an engine use it. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

type RunCall = grpc.ServerUnaryCall<language.RunRequest, language.RunResponse>;
type RunCallback = (error: Error | null, response?: language.RunResponse) => void;

/** The exit code with which Pulumi's runner says that it has told the user what is wrong. */
const TOLD_THE_USER = 32;

/**
 * Starts a host for Node programs. With a program it runs that one, in this process, which saves the start of a process
 * and the loading of all modules each time; without one, the project's own, as Pulumi's host does it.
 *
 * @param environment that of the engine, which a program in a process of its own would have.
 */
export async function startLanguageHost(
  program: PulumiFn | undefined,
  environment: Readonly<Record<string, string>>,
): Promise<LanguageHost> {
  const inline = program && new InlineRunner(program, environment["NODE_EXTRA_CA_CERTS"]);
  const host = await serveLanguageHost("nodejs", (call, callback, engineAddress) => {
    if (inline) return inline.run(engineAddress, call, callback);
    runProject(call.request, engineAddress, environment).then(
      (response) => callback(null, response),
      (error: unknown) => callback(error as Error),
    );
  });
  return {
    environment: host.environment,
    close: () => {
      host.close();
      inline?.close();
    },
  };
}

/** Serves a host of any language: `run` runs the program of a request. */
export async function serveLanguageHost(
  runtime: string,
  run: (call: RunCall, callback: RunCallback, engineAddress: string) => void,
): Promise<LanguageHost> {
  const server = new grpc.Server();
  let engineAddress = "";
  const { LanguageRuntimeService } = languageServices as unknown as {
    LanguageRuntimeService: grpc.ServiceDefinition;
  };
  server.addService(LanguageRuntimeService, {
    handshake: (
      call: { request: language.LanguageHandshakeRequest },
      callback: (error: null, response: language.LanguageHandshakeResponse) => void,
    ) => {
      engineAddress = call.request.getEngineAddress();
      callback(null, new language.LanguageHandshakeResponse());
    },
    getPluginInfo: reply(() => new plugin.PluginInfo().setVersion("3.0.0")),
    getRequiredPlugins: reply(() => new language.GetRequiredPluginsResponse()),
    getRequiredPackages: reply(() => new language.GetRequiredPackagesResponse()),
    runtimeOptionsPrompts: reply(() => new language.RuntimeOptionsResponse()),
    cancel: reply(() => new Empty()),
    run: (call: RunCall, callback: RunCallback) => run(call, callback, engineAddress),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    environment: { PULUMI_DEBUG_LANGUAGES: `${runtime}:${port}` },
    close: () => server.forceShutdown(),
  };
}

// Left out of the SDK's types: what the Automation API runs an inline program with. Nothing public does that without
// the Automation API, whose way to start an engine can neither be killed nor waited for when this process is interrupted.
const { LanguageServer } = automationServer as unknown as {
  LanguageServer: new (program: PulumiFn) => { run(call: RunCall, callback: RunCallback): void };
};

/** Runs a program in this process, for one engine after the other. */
class InlineRunner {
  private fail: ((error: unknown) => void) | undefined;

  private readonly distrust: () => void;

  constructor(
    private readonly program: PulumiFn,
    caFile: string | undefined,
  ) {
    process.on("unhandledRejection", this.onRejection);
    this.distrust = caFile === undefined ? () => undefined : trustInThisProcess(caFile);
  }

  close(): void {
    process.off("unhandledRejection", this.onRejection);
    this.distrust();
  }

  // A resource whose inputs fail never settles its outputs. As a process of its own a program ends then, since nothing is
  // left to do; within this one the SDK would wait for ever. So the first failure that nobody handles ends the run.
  private readonly onRejection = (error: unknown): void => {
    // What a run had still to say when its engine was gone. It can come while the next one runs, which it is no failure of.
    if (isConnectionGone(error)) return;
    // Without a run: one more promise that hung on what has failed already.
    this.fail?.(error);
  };

  run(engineAddress: string, call: RunCall, callback: RunCallback): void {
    let removeHandlers = (): void => undefined;
    const end = (): void => {
      if (this.fail === fail) this.fail = undefined;
      removeHandlers();
    };
    let hasAnswered = false;
    const answer: RunCallback = (error, response) => {
      end();
      if (!hasAnswered) callback(error, response);
      hasAnswered = true;
    };
    // The SDK keeps what belongs to a run in an asynchronous context, which an event of the process is not part of.
    let inContext = (action: () => void): void => action();
    const fail = (error: unknown): void => {
      end();
      inContext(() => void tell(error).finally(() => answer(null, new language.RunResponse().setBail(true))));
    };
    this.fail = fail;
    call.on("cancelled", end);
    const watched: PulumiFn = async () => {
      inContext = AsyncResource.bind((action: () => void) => action());
      try {
        const outputs = (await this.program()) ?? {};
        await (output(outputs) as unknown as { promise(): Promise<unknown> }).promise();
        return outputs;
      } catch (error) {
        fail(error);
        throw error;
      }
    };
    call.request.setArgsList([engineAddress]);
    removeHandlers = handlersOf(() => new LanguageServer(watched).run(call, answer));
  }
}

/**
 * Removes the handlers of the process that an action adds. The SDK removes its own where a run ends by itself, so those of
 * runs whose engine was killed would stay, and tell their dead engines of every failure of a later run.
 */
function handlersOf(action: () => void): () => void {
  const EVENTS = ["unhandledRejection", "uncaughtException"];
  const listeners = (event: string) => process.listeners(event as NodeJS.Signals);
  const before = EVENTS.map((event) => new Set(listeners(event)));
  action();
  const added = EVENTS.map((event, i) => listeners(event).filter((listener) => !before[i]!.has(listener)));
  return () => EVENTS.forEach((event, i) => added[i]!.forEach((listener) => process.off(event, listener)));
}

/** As the SDK reads it: the engine has ended the run, and has told why. */
function isConnectionGone(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === grpc.status.UNAVAILABLE || code === grpc.status.CANCELLED;
}

async function tell(error: unknown): Promise<void> {
  if (!ResourceError.isInstance(error))
    return log.error(error instanceof Error ? error.message : String(error));
  const text = error.hideStack ? error.message : (error.stack ?? error.message);
  // The SDK writes logs one after the other, through all runs of a process: one about a resource whose URN never comes,
  // since it is what failed, would hold up every later run.
  const { resource } = error;
  await ((await isRegistered(resource)) ? log.error(text, resource) : log.error(text));
}

function isRegistered(resource: Resource | undefined): Promise<boolean> {
  const urn = (resource?.urn as { promise?: () => Promise<unknown> } | undefined)?.promise?.();
  const known = Promise.resolve(urn).then(
    (value) => value !== undefined,
    () => false,
  );
  return Promise.race([known, new Promise<false>((resolve) => setImmediate(resolve, false))]);
}

/** Runs the project's own program by the runner of the Node SDK, in a process of its own. */
async function runProject(
  request: language.RunRequest,
  engineAddress: string,
  environment: Readonly<Record<string, string>>,
): Promise<language.RunResponse> {
  const info = request.getInfo()!;
  const folder = info.getProgramDirectory();
  const args = [
    ...["--monitor", request.getMonitorAddress(), "--engine", engineAddress],
    ...["--organization", request.getOrganization()],
    ...["--project", request.getProject(), "--stack", request.getStack()],
    ...["--pwd", folder, "--parallel", String(request.getParallel())],
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info.getEntryPoint(),
  ];
  // The program's own: state is kept in the package, and a program may have another copy of it than this one.
  const runner = require.resolve("@pulumi/pulumi/cmd/run", { paths: [folder] });
  const { exitCode } = await run(process.execPath, [runner, ...args], {
    cwd: folder,
    env: {
      ...process.env,
      ...environment,
      PULUMI_NODEJS_TYPESCRIPT: "true",
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
    onStdout: (text) => process.stdout.write(text),
    onStderr: (text) => process.stderr.write(text),
  });
  const response = new language.RunResponse();
  if (exitCode === TOLD_THE_USER) response.setBail(true);
  else if (exitCode !== 0) response.setError(`Program exited with non-zero exit code: ${exitCode}`);
  return response;
}

function reply<T>(create: () => T) {
  return (_call: unknown, callback: (error: null, response: T) => void) => callback(null, create());
}
