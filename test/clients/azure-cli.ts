import assert from "node:assert/strict";
import type { LocalAzure } from "../../local-azure/local-azure";
import type { PythonEnvironment } from "./environments";
import { run, type Finished } from "./processes";
import { withoutLogin, type Sandbox, type WayIn } from "./sandbox";

/** Who logs in, and how. */
export type Login = { clientId: string; tenantId: string } & (
  { secret: string } | { federatedToken: string }
);

/** An `az` with settings, cloud and token cache of its own. */
export class AzureCli {
  private constructor(
    private readonly python: string,
    readonly env: NodeJS.ProcessEnv,
  ) {}

  /**
   * Each login that must be judged by itself needs a fresh one: `az login` with a wrong secret succeeds without
   * asking while its cache holds a token for that client.
   */
  static async create(
    environment: PythonEnvironment,
    azure: LocalAzure,
    way: WayIn,
    sandbox: Sandbox,
  ): Promise<AzureCli> {
    const env = await sandbox.environment(
      {
        ...withoutLogin(azure[way]),
        AZURE_CONFIG_DIR: await sandbox.newFolder("az"),
        AZURE_CORE_COLLECT_TELEMETRY: "false",
        // Asked of the public host for any host that is not Microsoft's; through the proxy it can be answered.
        ...(way === "direct" ? { AZURE_CORE_INSTANCE_DISCOVERY: "false" } : {}),
      },
      [environment.commands],
    );
    const az = new AzureCli(environment.python, env);
    if (way === "direct") {
      await az.succeed("cloud", "register", "--name", "local", "--endpoint-resource-manager", azure.url);
      await az.succeed("cloud", "set", "--name", "local");
    }
    return az;
  }

  /** Runs a command of `az`, whatever its exit code. */
  run(...args: string[]): Promise<Finished> {
    // Not the command `az`, which is a batch file on Windows and cannot be run without a shell there.
    return run(this.python, ["-m", "azure.cli", ...args], { env: this.env });
  }

  /** Runs a command that must succeed, and returns the document it prints. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.succeed(...args, "--output", "json")) as T;
  }

  /** Runs a command that must succeed, and returns what it prints. */
  async succeed(...args: string[]): Promise<string> {
    const finished = await this.run(...args);
    assert.equal(finished.exitCode, 0, `az ${args.join(" ")} failed:\n${finished.stderr}`);
    return finished.stdout;
  }

  /** Runs a command that must fail, and returns what a user would read. */
  async refusal(...args: string[]): Promise<string> {
    const finished = await this.run(...args);
    assert.equal(
      finished.exitCode,
      1,
      `az ${args.join(" ")} must fail:\n${finished.stdout}${finished.stderr}`,
    );
    return finished.stderr;
  }

  static loginArguments(login: Login): string[] {
    const credential =
      // A secret may begin with a dash.
      "secret" in login ? [`--password=${login.secret}`] : ["--federated-token", login.federatedToken];
    return [
      "login",
      "--service-principal",
      "--username",
      login.clientId,
      "--tenant",
      login.tenantId,
      ...credential,
    ];
  }
}
