import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as languageServices from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { start } from "../../cli/processes";

/** What makes a `pulumi` command run programs through this host. */
export interface LanguageHost {
  environment: Record<string, string>;
  close(): void;
}

/** The exit code with which Pulumi's runner says that it has told the user what is wrong. */
const TOLD_THE_USER = 32;

/**
 * Runs Node programs for the `pulumi` command as its own `pulumi-language-nodejs` does: by starting the runner of the
 * Node SDK (`@pulumi/pulumi/cmd/run`) in a process of its own. An engine built from source comes without that plugin.
 */
export async function startLanguageHost(): Promise<LanguageHost> {
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
    run: (
      call: { request: language.RunRequest },
      callback: (error: Error | null, response?: language.RunResponse) => void,
    ) => {
      runProgram(call.request, engineAddress).then(
        (response) => callback(null, response),
        (error: unknown) => callback(error as Error),
      );
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    environment: { PULUMI_DEBUG_LANGUAGES: `nodejs:${port}` },
    close: () => server.forceShutdown(),
  };
}

async function runProgram(
  request: language.RunRequest,
  engineAddress: string,
): Promise<language.RunResponse> {
  const config = Object.fromEntries(request.getConfigMap().toArray());
  const info = request.getInfo()!;
  const args = [
    ...["--monitor", request.getMonitorAddress(), "--engine", engineAddress],
    ...["--organization", request.getOrganization()],
    ...["--project", request.getProject(), "--stack", request.getStack()],
    ...["--pwd", info.getProgramDirectory(), "--parallel", String(request.getParallel())],
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info.getEntryPoint(),
  ];
  // The program's own: state is kept in the package, and a program may have another copy of it than this one.
  const runner = require.resolve("@pulumi/pulumi/cmd/run", { paths: [info.getProgramDirectory()] });
  const child = start(process.execPath, [runner, ...args], {
    cwd: info.getProgramDirectory(),
    env: {
      ...process.env,
      PULUMI_NODEJS_TYPESCRIPT: "true",
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  const response = new language.RunResponse();
  if (exitCode === TOLD_THE_USER) response.setBail(true);
  else if (exitCode !== 0) response.setError(`Program exited with non-zero exit code: ${exitCode}`);
  return response;
}

function reply<T>(create: () => T) {
  return (_call: unknown, callback: (error: null, response: T) => void) => callback(null, create());
}
