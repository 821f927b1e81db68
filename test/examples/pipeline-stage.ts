import { randomBytes } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Engine } from "../../rehearsal/engine/engine";
import { run } from "../../cli/tools/process";
import { buildCommand, REPOSITORY } from "../cli/command";
import { RealStack } from "../cli/real-stack";
import { type Answer, type Call, StandIns } from "../cli/stand-ins";
import { withoutLogin } from "../clients/sandbox";
import { callKeyVault } from "../../rehearsal/stand-ins/azure-native/resource-manager";
import { asAdmin, requestToken, requireEngine } from "../rehearsal/support";
import { useShared } from "../support/shared";

/** What became of a step of a job. */
export interface StepResult {
  name: string;
  /** `pretended`: it needs the network, and what it would bring is there already. */
  outcome: "succeeded" | "failed" | "skipped" | "pretended";
  output: string;
}

/** A script of a step, in the environment that the runner gives it. */
export interface Script {
  text: string;
  /** How the runner starts its shell, such as `-e`. */
  shellArgs: readonly string[];
  env: Record<string, string>;
  cwd: string;
}

const OF_THE_STACK = ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"];

/** Commands that need the network. Whole command lines: another one is run. */
const FROM_THE_NETWORK = [
  /^npm ci --omit=dev$/,
  /^pip install hi-ml-azure==[\d.]+$/,
  /https:\/\/github\.com\/pulumi\/pulumi\/releases\/download\//,
];

/**
 * Where jobs run: a stack on the real engine against a local Azure, folders as after a checkout, and a PATH with
 * `pulumi`, `npx --no -- himl-sp` (the built command), and recording stand-ins of `gh` and `az`.
 */
export class PipelineStage {
  private constructor(
    readonly stack: RealStack,
    readonly tools: StandIns,
    /** The repository that trains. */
    readonly training: string,
    private readonly folder: string,
  ) {}

  static async create(engine: Engine): Promise<PipelineStage> {
    const stack = await RealStack.create(engine, { passphrase: randomBytes(16).toString("hex") });
    // Only PULUMI_STACK says which one is meant.
    await stack.expectPulumi("stack", "unselect");
    const tools = await StandIns.create({});
    await writeFile(
      path.join(tools.folder, "npx"),
      `#!/bin/sh\n[ "$1 $2 $3" = '--no -- himl-sp' ] || exit 99\nshift 3\nexec '${process.execPath}' '${await buildCommand()}' "$@"\n`,
      { mode: 0o755 },
    );
    const folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-sp-pipeline-"));
    const training = path.join(folder, "work", "s");
    await mkdir(path.join(training, "himl-service-principal"), { recursive: true });
    await mkdir(path.join(folder, "work", "principal"));
    for (const file of ["train.py", "environment.yml"])
      await copyFile(path.join(REPOSITORY, "examples", file), path.join(training, file));
    return new PipelineStage(stack, tools, training, folder);
  }

  /** Variables of the pipeline that provisions. Its login is not used: the stand-ins of the providers have their own. */
  get provisioning(): Record<string, string> {
    return {
      PULUMI_BACKEND_URL: this.stack.env["PULUMI_BACKEND_URL"]!,
      PULUMI_STACK: "dev",
      AZURE_TENANT_ID: this.stack.azure.tenantId,
      AZURE_SUBSCRIPTION_ID: this.stack.azure.subscriptionId,
      PROVISIONER_CLIENT_ID: this.stack.azure.admin.clientId,
    };
  }

  /** Of the stack; the pipelines have it as a secret. */
  get passphrase(): string {
    return this.stack.env["PULUMI_CONFIG_PASSPHRASE"]!;
  }

  /** What every process of the machine has: nothing of the stack's, and no login. */
  get machine(): Record<string, string> {
    const env = Object.fromEntries(
      Object.entries(withoutLogin(this.stack.env)).filter(([name]) => !OF_THE_STACK.includes(name)),
    );
    const PATH = [this.tools.folder, env["PATH"], path.dirname(process.execPath), "/usr/bin", "/bin"].join(
      ":",
    );
    return { ...env, PATH, NO_COLOR: "1", CI: "true" };
  }

  /** Whether the script only brings what is there already. */
  isPretended(text: string): boolean {
    return FROM_THE_NETWORK.some((pattern) => pattern.test(text.trim()));
  }

  async runBash({
    text,
    shellArgs,
    env,
    cwd,
  }: Script): Promise<{ exitCode: number | undefined; output: string }> {
    const file = path.join(await mkdtemp(path.join(this.folder, "step-")), "script.sh");
    await writeFile(file, text);
    let output = "";
    const take = (chunk: string) => (output += chunk);
    const { exitCode } = await run("bash", [...shellArgs, file], {
      cwd,
      env,
      onStdout: take,
      onStderr: take,
    });
    return { exitCode, output };
  }

  /** What jq, which is on the machines of runners, makes of a value. */
  async runJq(expression: string, value: unknown, env: Record<string, string>): Promise<string> {
    const file = await this.newFile("value.json");
    await writeFile(file, JSON.stringify(value));
    const text = `jq -r '${expression}' '${file}'`;
    const { exitCode, output } = await this.runBash({
      text,
      shellArgs: [],
      env: { ...this.machine, ...env },
      cwd: this.folder,
    });
    if (exitCode !== 0) throw new Error(`${text}: ${output}`);
    return output.trim();
  }

  /** A new empty file, such as the ones for file commands. */
  async newFile(name: string): Promise<string> {
    const file = path.join(await mkdtemp(path.join(this.folder, "file-")), name);
    await writeFile(file, "");
    return file;
  }

  /** The outputs of the stack, as hi-ml would have them. */
  async variables(): Promise<Record<string, string>> {
    const { stdout, stderr, exitCode } = await this.stack.himlSp("env", "--format", "json", "--stack", "dev");
    if (exitCode !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, string>;
  }

  /**
   * Makes a vault, has the stack deliver to it all variables, named after `training`, and runs `up`. What the vault then
   * holds, by the names of the secrets; the stack's own login may delete in it.
   */
  async deliverToVault(vault: string): Promise<Record<string, string>> {
    const { azure } = this.stack;
    const secrets = ["get", "list", "delete"] as const;
    azure.control.createKeyVault({
      ...{ name: vault, rbac: false },
      accessPolicies: [{ objectId: azure.admin.objectId, secrets: [...secrets] }],
    });
    const keyVault = JSON.stringify({ vault, allVariables: true, secretPrefix: "training" });
    await this.stack.expectPulumi("config", "set", "keyVault", keyVault, "--stack", "dev");
    await this.stack.expectPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    const held = azure.control.state().vaults.find(({ name }) => name === vault)!.secrets;
    return asAdmin(azure, async (connection) => {
      const values = await Promise.all(
        held.map(async ({ name }) => {
          const call = { method: "GET", path: `/secrets/${name}` } as const;
          const { json } = await callKeyVault(connection, vault, call, [200]);
          return [name, String(json["value"])] as const;
        }),
      );
      return Object.fromEntries(values);
    });
  }

  /** `az`, logged in with a federated token of the job; what it is asked besides is `more`. */
  async logInAzureCli(clientId: string, federatedToken: string, more: readonly Answer[] = []): Promise<void> {
    const { azure } = this.stack;
    const answer = await requestToken(azure, clientId, { client_assertion: federatedToken });
    await this.tools.install("az", [
      answer.access_token === undefined
        ? { args: ["account"], exitCode: 1, stderr: `${answer.error_description}\n` }
        : {
            args: ["account", "get-access-token"],
            stdout: JSON.stringify({ accessToken: answer.access_token }),
          },
      { args: ["account", "show", "--query", "id", "--output", "tsv"], stdout: `${azure.subscriptionId}\n` },
      ...more,
    ]);
  }

  /** Where a text is found in the calls of a tool: `argv`, `stdin`, or the name of a variable. */
  async placesOf(text: string, tool: string): Promise<string[]> {
    return [...new Set((await this.tools.calls(tool)).flatMap((call) => placesIn(call, text)))].sort();
  }

  async close(): Promise<void> {
    await this.tools.remove();
    await this.stack.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function placesIn({ args, stdin, env }: Call, text: string): string[] {
  return [
    ...(args.some((arg) => arg.includes(text)) ? ["argv"] : []),
    ...(stdin.includes(text) ? ["stdin"] : []),
    ...Object.keys(env).filter((name) => env[name]!.includes(text)),
  ];
}

/** Names and outcomes, for comparison; the output of what failed is on stderr. */
export function outcomesOf(results: readonly StepResult[]): string[] {
  for (const { name, outcome, output } of results)
    if (outcome === "failed") process.stderr.write(`${name}: ${output}\n`);
  return results.map(({ name, outcome }) => `${name}: ${outcome}`);
}

/** An example. */
export function readExample(...names: string[]): Promise<string> {
  return readFile(path.join(REPOSITORY, "examples", ...names), "utf8");
}

/** One stage for all tests of a `describe`. Its steps are for bash: on Windows the tests are skipped, and say so. */
export function usePipelineStage(): PipelineStage {
  const stage = useShared(async (context) => {
    if (process.platform === "win32") {
      process.stderr.write("\n!! The steps of the examples and pages are NOT tested: they are for bash\n\n");
      context.skip();
    }
    return PipelineStage.create(await requireEngine(context));
  });
  afterEach(() => stage.tools.forgetCalls());
  return stage;
}
