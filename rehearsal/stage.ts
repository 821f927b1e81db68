import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type program from "../index";
import { atTime } from "../components/clock";
import { type LocalAzure, startLocalAzure, type WorldOptions } from "../local-azure/local-azure";
import { run } from "../cli/tools/process";
import type { Engine } from "./engine/engine";
import { EngineError } from "./engine/engine-error";
import { Session } from "./engine/session";
import { openProduction, type Production } from "./production";
import { changesSomething, describe, listThings, onlySame, stepsInAzure } from "./operation-text";
import type { ProviderName } from "./stand-ins/provider-names";
import { expect, type Story } from "./story";

/** What hi-ml reads, by name. */
export type Variables = Readonly<Record<string, string>>;

/** What the login of a pipeline came to. */
type LoginResult =
  | { readonly ok: true; readonly id: string; readonly location: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What `himl-sp verify --json` prints, as far as it is read here. */
type VerifyReport =
  | { readonly ok: true; readonly workspace: { readonly id: string; readonly location: string } }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What `up` left behind in Azure, and how. */
export interface Traffic {
  /** Tokens are not counted. */
  readonly requests: number;
  readonly writes: number;
}

/** An Azure and the settings of a stack in it. */
export interface StageSetting {
  readonly azure?: WorldOptions;
  readonly settings?: Readonly<Record<string, string>>;
  /** The state is in Blob Storage, and a key of Key Vault encrypts it. */
  readonly production?: true;
}

/** How a stage is set up. */
export interface StageOptions {
  readonly setting?: StageSetting;
  readonly engine: Engine;
  readonly story: Story;
  readonly program: typeof program;
  readonly realProviders: readonly ProviderName[];
  readonly signal: AbortSignal;
}

const PROJECT = path.join(__dirname, "..");
/** Built by `npm ci`. */
const COMMAND = path.join(PROJECT, "dist", "cli", "main.js");
const PASSWORD = "HIML_SERVICE_PRINCIPAL_PASSWORD";
const VARIABLES = [
  "HIML_SERVICE_PRINCIPAL_ID",
  "HIML_TENANT_ID",
  "HIML_SUBSCRIPTION_ID",
  "HIML_RESOURCE_GROUP",
  "HIML_WORKSPACE_NAME",
];
const FIRST_DAY = new Date("2026-01-05T09:00:00Z");

/** One chapter's world: a fresh local Azure, a fresh stack, and the steps that every chapter is made of. */
export class Stage {
  private firstUp: Traffic | undefined;

  private constructor(
    readonly azure: LocalAzure,
    readonly session: Session,
    readonly story: Story,
    private readonly options: StageOptions,
    readonly production?: Production,
  ) {}

  static async open(options: StageOptions): Promise<Stage> {
    const { setting } = options;
    const world = { ...setting?.azure, now: FIRST_DAY };
    const production = setting?.production ? await openProduction(world, options.signal) : undefined;
    const azure = production?.azure ?? (await startLocalAzure(world));
    try {
      const session = await Session.open({
        engine: options.engine,
        program: () => Promise.resolve(atTime(azure.control.now(), options.program)),
        project: path.join(PROJECT, "Pulumi.yaml"),
        settings: setting?.settings ?? {
          resourceGroupName: azure.resourceGroup,
          workspaceName: azure.workspaceName,
        },
        environment: azure.direct,
        ...(production && { backend: production.backend }),
        realProviders: options.realProviders,
        signal: options.signal,
      });
      return new Stage(azure, session, options.story, options, production);
    } catch (error) {
      await azure.close();
      await production?.close();
      throw error;
    }
  }

  /** For an `up` that a chapter runs by itself. */
  countFirstUp(traffic: Traffic): void {
    this.firstUp ??= traffic;
  }

  /** The requests and writes of the first `up`. */
  get traffic(): Traffic {
    return this.firstUp ?? { requests: 0, writes: 0 };
  }

  /** How much there is in the directory which was not there at the start. */
  get leftovers(): number {
    const { applications, servicePrincipals, roleAssignments } = this.azure.control.state();
    return [...applications, ...servicePrincipals, ...roleAssignments].filter(({ initial }) => !initial)
      .length;
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.azure.close();
    await this.production?.close();
  }

  /** `pulumi up` of a new stack. The outputs are the variables. */
  createStack(): Promise<Variables> {
    return this.story.step("pulumi up creates everything", async () => {
      const { result, traffic, variables } = await this.up();
      this.firstUp = traffic;
      const created = stepsInAzure(result);
      expect(
        created.every(({ operation }) => operation === "create"),
        `It planned ${describe(result)}.`,
      );
      // Real providers write more than once for some resources.
      const oneWriteEach = this.options.realProviders.length > 0 || traffic.writes === created.length;
      expect(oneWriteEach, `It made ${traffic.writes} writes for ${created.length} resources in Azure.`);
      return [`${listThings(result)}; ${traffic.writes} writes to Azure`, variables];
    });
  }

  /** `pulumi up` that has to change nothing. */
  expectNoChange(name: string): Promise<void> {
    return this.story.step(name, async () => {
      const { result, traffic } = await this.up();
      expect(onlySame(result), `It planned ${describe(result)}.`);
      expect(traffic.writes === 0, `It made ${traffic.writes} writes.`);
      return ["nothing to change, nothing written", undefined];
    });
  }

  /** `pulumi up` that has to make one secret, may remove former ones, and does nothing else in Azure. */
  renewSecrets(name: string): Promise<Variables> {
    return this.story.step(name, async () => {
      const { result, variables } = await this.up();
      const changed = stepsInAzure(result).filter(changesSomething);
      const secretsOnly = changed.every(
        ({ type }) => type === "azuread:index/applicationPassword:ApplicationPassword",
      );
      const made = changed.filter(
        ({ operation }) => operation === "create" || operation === "replace",
      ).length;
      expect(secretsOnly && made === 1, `It planned ${describe(result)}.`);
      return ["1 new secret, nothing else changed", variables];
    });
  }

  /** `pulumi up` after a change of settings, which has to do these operations and nothing else; the client ID stays. */
  changeSettings(
    name: string,
    settings: Readonly<Record<string, string>>,
    operations: readonly string[],
    before: Variables,
  ): Promise<Variables> {
    return this.story.step(name, async () => {
      await this.session.configure(settings);
      const { result, variables } = await this.up();
      const changed = stepsInAzure(result).filter(changesSomething);
      const done = changed.map(({ operation, type }) => `${operation} ${type.split(":").at(-1) ?? type}`);
      expect(done.sort().join() === [...operations].sort().join(), `It planned ${describe(result)}.`);
      const id = "HIML_SERVICE_PRINCIPAL_ID";
      expect(variables[id] === before[id], "The client ID has changed.");
      return [`${describe(result)}; the client ID stays`, variables];
    });
  }

  /** `pulumi up` that Azure has to refuse, with this error. */
  expectUpToFail(name: string, error: string): Promise<void> {
    return this.story.step(name, async () => {
      let message: string | undefined;
      try {
        await this.session.up();
      } catch (thrown) {
        if (!(thrown instanceof EngineError) || thrown.code !== "ENGINE_FAILED") throw thrown;
        message = thrown.message;
      }
      expect(message !== undefined, "Nothing refused it.");
      expect(message.includes(error), `It failed with another error: ${message}`);
      return [`refused: ${error}`, undefined];
    });
  }

  /** A pipeline's login with these variables, and the token of its own if it has one; it must succeed. */
  expectLogin(name: string, variables: Variables, token?: string): Promise<void> {
    return this.story.step(name, async () => {
      const result = await this.logIn(variables, token);
      expect(result.ok, result.ok ? "" : `It was refused: ${result.code}: ${result.message}`);
      return [`logged in, read workspace ${result.id.split("/").at(-1)} in ${result.location}`, undefined];
    });
  }

  /** A pipeline's login with these variables, and the token of its own if it has one; it must be refused for the reason given. */
  expectRefusal(
    name: string,
    variables: Variables,
    code: string,
    reason: string,
    token?: string,
  ): Promise<void> {
    return this.story.step(name, async () => {
      const result = await this.logIn(variables, token);
      expect(!result.ok, "It was accepted.");
      expect(
        result.code === code,
        `It was refused with ${result.code} instead of ${code}: ${result.message}`,
      );
      return [`refused: ${code}, ${reason}`, undefined];
    });
  }

  /** The directory's clock moves on. */
  passDays(days: number): void {
    this.azure.control.advanceClock({ days });
  }

  /** `pulumi destroy`, after which nothing must be left. */
  async destroyStack(): Promise<void> {
    await this.story.step("pulumi destroy revokes and removes", async () => {
      const result = await this.session.destroy();
      return [listThings(result), undefined];
    });
    await this.story.step("what is left in Azure", () => {
      const count = this.leftovers;
      expect(count === 0, `${count} things are left.`);
      const bin = this.azure.control.state().deletedItems.filter(({ kind }) => kind === "application");
      const secrets = bin.flatMap((item) => ("passwords" in item ? item.passwords : [])).length;
      expect(secrets === 0, `A deleted application still holds ${secrets} secrets.`);
      const rest = `${bin.length} deleted application in the recycle bin for 30 days, without secrets`;
      return Promise.resolve([`nothing${bin.length > 0 ? `; ${rest}` : ""}`, undefined]);
    });
  }

  /** Counts what an operation sends to Azure. Tokens, the state and its key are not counted. */
  async observe<T>(action: () => Promise<T>): Promise<{ value: T; traffic: Traffic }> {
    this.azure.control.clearRequests();
    const value = await action();
    const calls = this.azure.control
      .requests()
      .filter((call) => call.api !== "oauth" && call.api !== "blob" && !call.path.startsWith("/keys/"));
    return {
      value,
      traffic: { requests: calls.length, writes: calls.filter(({ method }) => method !== "GET").length },
    };
  }

  private async up() {
    const { value, traffic } = await this.observe(() => this.session.up());
    const hasPassword = Object.hasOwn(value.outputs, PASSWORD);
    const variables: Record<string, string> = {};
    for (const name of [...VARIABLES, ...(hasPassword ? [PASSWORD] : [])]) {
      const output = value.outputs[name];
      expect(typeof output === "string" && output !== "", `The stack has no output ${name}.`);
      variables[name] = output;
    }
    const isSecret = value.secretOutputs.join() === (hasPassword ? PASSWORD : "");
    expect(isSecret, `The secret outputs are ${value.secretOutputs.join(", ") || "none"}.`);
    return { result: value, traffic, variables };
  }

  private async logIn(variables: Variables, token?: string): Promise<LoginResult> {
    if (token === undefined) return this.runLogin(variables);
    // As a runner hands its token over: azure/login and AzureCLI@2 put these three into the environment of the job.
    const folder = await mkdtemp(path.join(tmpdir(), "himl-job-"));
    try {
      const tokenFile = path.join(folder, "token");
      await writeFile(tokenFile, token, { mode: 0o600 });
      return await this.runLogin({
        ...variables,
        AZURE_CLIENT_ID: variables["HIML_SERVICE_PRINCIPAL_ID"]!,
        AZURE_TENANT_ID: variables["HIML_TENANT_ID"]!,
        AZURE_FEDERATED_TOKEN_FILE: tokenFile,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** `himl-sp verify`, as a pipeline runs it. */
  private async runLogin(variables: Variables): Promise<LoginResult> {
    const result = await run(process.execPath, [COMMAND, "verify", "--from", "environment", "--json"], {
      cwd: PROJECT,
      // Nothing but the variables, the proxy and the CA. (Without SystemRoot Node has no random numbers on Windows.)
      env: {
        ...variables,
        ...this.azure.public,
        ...(process.platform === "win32" && { SystemRoot: process.env["SystemRoot"] }),
      },
      graceMs: 0,
      signal: this.options.signal,
    });
    const isReport = result.stdout.startsWith("{");
    expect(isReport, `The login ended with exit code ${result.exitCode}: ${result.stderr.trim()}`);
    const report = JSON.parse(result.stdout) as VerifyReport;
    return report.ok
      ? { ok: true, ...report.workspace }
      : { ok: false, code: report.code, message: report.message };
  }
}
