import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as grpc from "@grpc/grpc-js";
import * as automationServer from "@pulumi/pulumi/automation/server";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import program from "../../index";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import type { Engine } from "../../rehearsal/engine/engine";
import { runToItsEnd } from "../../rehearsal/engine/session";
import { type StandIns, startStandIns } from "../../rehearsal/stand-ins/stand-ins";
import { buildCommand, type Finished, REPOSITORY, runCommand, runNode } from "./command";

/**
 * A stack of a user's, with the real engine as `pulumi` on PATH, against a local Azure. Two things differ from what a
 * user has: the providers are the stand-ins, and the program runs in this process, where its clock can be moved.
 */
export class RealStack {
  private constructor(
    readonly azure: LocalAzure,
    readonly folder: string,
    private readonly standIns: StandIns,
    private readonly languageHost: grpc.Server,
  ) {}

  static async create(engine: Engine, settings: Readonly<Record<string, string>> = {}): Promise<RealStack> {
    await buildCommand();
    const azure = await startLocalAzure();
    const standIns = await startStandIns(azure.direct);
    const { server, port } = await serveProgram(() =>
      runToItsEnd(() => Promise.resolve(program(azure.control.now()))),
    );
    const folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-sp-stack-"));
    const stack = new RealStack(azure, folder, standIns, server);
    await Promise.all(["bin", "home", "state", "project"].map((name) => mkdir(path.join(folder, name))));
    await copyFile(path.join(REPOSITORY, "Pulumi.yaml"), path.join(stack.project, "Pulumi.yaml"));
    await installPulumi(path.join(folder, "bin"), engine, port);
    await stack.expectPulumi("stack", "init", "dev");
    const all = { resourceGroup: azure.resourceGroup, workspaceName: azure.workspaceName, ...settings };
    for (const [name, value] of Object.entries(all)) await stack.expectPulumi("config", "set", name, value);
    return stack;
  }

  get project(): string {
    return path.join(this.folder, "project");
  }

  /** For the command: Pulumi with its backend and login, and the way to the local Azure. */
  get env(): Record<string, string> {
    return {
      ...this.azure.public,
      ...this.standIns.environment,
      ...this.login,
      PATH: path.join(this.folder, "bin"),
      HOME: this.folder,
      PULUMI_HOME: path.join(this.folder, "home"),
      PULUMI_BACKEND_URL: pathToFileURL(path.join(this.folder, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: "rehearsal",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  /** That of whoever runs the command and Pulumi. */
  get login(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.azure.direct).filter(([name]) =>
        /^ARM_(CLIENT_ID|CLIENT_SECRET|TENANT_ID|SUBSCRIPTION_ID)$/.test(name),
      ),
    );
  }

  himlSp(...args: string[]): Promise<Finished> {
    return runCommand(args, { cwd: this.project, env: this.env });
  }

  pulumi(...args: string[]): Promise<Finished> {
    return runNode([path.join(this.folder, "bin", "pulumi.mjs"), ...args, "--non-interactive"], {
      cwd: this.project,
      env: this.env,
    });
  }

  async expectPulumi(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.pulumi(...args);
    if (exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: ${exitCode}\n${stdout}\n${stderr}`);
    return stdout;
  }

  async close(): Promise<void> {
    this.languageHost.forceShutdown();
    await this.standIns.close();
    await this.azure.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Left out of Pulumi's types, as internal; what the Automation API does with it for an inline program is done here.
const { LanguageServer } = automationServer as unknown as {
  LanguageServer: new (run: () => Promise<unknown>) => grpc.UntypedServiceImplementation;
};

async function serveProgram(run: () => Promise<unknown>): Promise<{ server: grpc.Server; port: number }> {
  const server = new grpc.Server();
  server.addService(LanguageRuntimeService, new LanguageServer(run));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, port };
}

/** A `pulumi` that is the engine, and knows where the program runs. */
async function installPulumi(folder: string, engine: Engine, port: number): Promise<void> {
  const script = path.join(folder, "pulumi.mjs");
  await writeFile(
    script,
    `import { spawn } from "node:child_process";
import process from "node:process";
const args = process.argv.slice(2);
const runsProgram = ["up", "preview", "destroy", "refresh"].includes(args[0]);
const inline = runsProgram ? ["--client=127.0.0.1:${port}", "--exec-kind=auto.inline"] : [];
const child = spawn(${JSON.stringify(engine.path)}, [...args, ...inline], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("close", (code) => (process.exitCode = code ?? 1));
`,
  );
  if (process.platform === "win32") {
    await writeFile(path.join(folder, "pulumi.cmd"), `@"${process.execPath}" "${script}" %*\r\n`);
  } else {
    await writeFile(path.join(folder, "pulumi"), `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
    await chmod(path.join(folder, "pulumi"), 0o755);
  }
}
