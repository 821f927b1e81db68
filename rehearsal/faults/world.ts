import { type FSWatcher, statSync, watch } from "node:fs";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Agent, fetch } from "undici";
import { atTime } from "../../components/clock";
import program from "../../index";
import { run } from "../../cli/tools/process";
import { type LocalAzure, type Snapshot, startLocalAzure } from "../../local-azure/local-azure";
import type { Engine } from "../engine/engine";
import { Session } from "../engine/session";
import type { PhaseRecord } from "./cases";
import { DAYS_TO_LAST_RENEWAL, LIFE, nameRequests, type Phase } from "./life";

const PROJECT = path.resolve(__dirname, "../..");
const COMMAND = path.join(PROJECT, "dist", "cli", "main.js");
/** So long before today that the last renewal is today. */
const firstDay = (): Date => new Date(Date.now() - DAYS_TO_LAST_RENEWAL * 86_400_000);

/** azure-native tries again after 20, 60 and 120 seconds. The order of things is the same with short ones. */
function environmentOf(azure: LocalAzure): Record<string, string> {
  return { ...azure.direct, STAND_IN_SECOND_MS: "10" };
}

/** A login that a pipeline may hold. */
export interface Held {
  readonly clientId: string;
  readonly password: string;
}

/** How a command ended, and all that it printed. */
export interface Printed {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly text: string;
}

/** A local Azure and a stack that can be put back to the start of each phase. */
export class World {
  private readonly starts = new Map<Phase["name"], { azure: Snapshot; held: Held | undefined }>();
  private readonly connections: Agent;

  private constructor(
    readonly azure: LocalAzure,
    readonly session: Session,
  ) {
    this.connections = new Agent({ connect: { ca: azure.caPem } });
  }

  /** @param ending ends the engine of a run that is under way */
  static async open(engine: Engine, ending?: AbortSignal): Promise<World> {
    const azure = await startLocalAzure({ now: firstDay() });
    try {
      const session = await Session.open({
        engine,
        program: () => Promise.resolve(atTime(azure.control.now(), program)),
        project: path.join(PROJECT, "Pulumi.yaml"),
        settings: { resourceGroupName: azure.resourceGroup, workspaceName: azure.workspaceName },
        environment: environmentOf(azure),
        ...(ending && { signal: ending }),
      });
      return new World(azure, session);
    } catch (error) {
      await azure.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.connections.close();
    await this.session.close();
    await this.azure.close();
  }

  /** Lives the life once, without a fault, and keeps what each phase starts from. */
  async live(): Promise<PhaseRecord[]> {
    const records: PhaseRecord[] = [];
    for (const phase of LIFE) {
      await phase.prepare(this.azure, this.session);
      await this.keepStart(phase.name);
      this.azure.control.clearRequests();
      const writes = this.watchState();
      await this.session[phase.operation]();
      await writes.settle();
      const requests = nameRequests(phase.name, this.azure.control.requests());
      records.push({ phase: phase.name, requests, stateWrites: writes.count() });
    }
    return records;
  }

  /** Back to the start of a phase; gives the login that pipelines hold then. */
  async backTo(phase: Phase["name"]): Promise<Held | undefined> {
    const start = this.starts.get(phase);
    if (!start) throw new Error(`${phase} must have been lived before.`);
    this.azure.control.restore(start.azure);
    this.azure.control.setLatency(0);
    // `himl-sp` has the machine's clock.
    this.azure.control.setClock(new Date());
    await this.session.restore(phase);
    return start.held;
  }

  /** `pulumi up` or `destroy`, whatever comes of it. */
  async pulumi(operation: "up" | "destroy", kill?: AbortSignal): Promise<Printed> {
    const args = [operation, "--yes", "--skip-preview", "--stack", this.session.stackName];
    try {
      const { exitCode, stdout, stderr } = await this.session.pulumi(args, { NO_COLOR: "1" }, kill);
      return { exitCode, stdout, text: stdout + stderr };
    } catch (error) {
      if (!kill?.aborted) throw error;
      // Calls that the dead engine's providers are still waiting for must not reach the next one.
      await this.session.logIn(environmentOf(this.azure));
      return { exitCode: undefined, stdout: "", text: "" };
    }
  }

  async himlSp(...args: string[]): Promise<Printed> {
    const { session } = this;
    const { exitCode, stdout, stderr } = await run(process.execPath, [COMMAND, ...args], {
      cwd: session.projectFolder,
      env: {
        ...this.login,
        ...session.variables,
        PATH: session.binFolder,
        HOME: session.folder,
        PULUMI_STACK: session.stackName,
      },
    });
    return { exitCode, stdout, text: stdout + stderr };
  }

  /** Of whoever looks after the stack: through the proxy, as to the public cloud. */
  private get login(): Record<string, string> {
    const { azure } = this;
    return {
      ...azure.public,
      ARM_CLIENT_ID: azure.admin.clientId,
      ARM_CLIENT_SECRET: azure.admin.clientSecret,
      ARM_TENANT_ID: azure.tenantId,
      ARM_SUBSCRIPTION_ID: azure.subscriptionId,
    };
  }

  /** The login in the outputs of the stack. Undefined where it has none. */
  async readHeld(): Promise<Held | undefined> {
    const { outputs } = await this.session.outputs();
    const { HIML_SERVICE_PRINCIPAL_ID: clientId, HIML_SERVICE_PRINCIPAL_PASSWORD: password } = outputs;
    return typeof clientId === "string" && typeof password === "string" ? { clientId, password } : undefined;
  }

  /** Whether Entra gives a token for it. */
  async canLogIn({ clientId, password }: Held): Promise<boolean> {
    const response = await fetch(`${this.azure.url}/${this.azure.tenantId}/oauth2/v2.0/token`, {
      dispatcher: this.connections,
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: password,
        scope: "https://management.azure.com/.default",
      }),
    });
    await response.body?.cancel();
    return response.ok;
  }

  /** What is in the directories and was not there at the start, secrets in the recycle bin included. */
  countLeft(): number {
    const { deletedItems } = this.azure.control.state();
    return (
      this.countPresent() + deletedItems.flatMap((item) => ("passwords" in item ? item.passwords : [])).length
    );
  }

  /** Applications, their secrets and trusts, principals and role assignments that were not there at the start. */
  countPresent(): number {
    const { applications, servicePrincipals, roleAssignments } = this.azure.control.state();
    const made = applications.filter(({ initial }) => !initial);
    const parts = made.flatMap(({ passwords, federatedCredentials }) => [
      ...passwords,
      ...federatedCredentials,
    ]);
    const others = [...servicePrincipals, ...roleAssignments].filter(({ initial }) => !initial);
    return made.length + parts.length + others.length;
  }

  /** Counts the writes of the state from now on; `onWrite` is called at each. */
  watchState(onWrite: (count: number) => void = () => undefined) {
    // Several events can come of one write.
    const version = () => statSync(this.stateFile, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
    let count = 0;
    let last = version();
    let watcher: FSWatcher | undefined = watch(path.dirname(this.stateFile), () => {
      const now = version();
      if (now === undefined || now === last) return;
      last = now;
      onWrite(++count);
    });
    return {
      count: () => count,
      settle: async () => {
        // Events come a moment after the writes.
        await new Promise((resolve) => setTimeout(resolve, 100));
        watcher?.close();
        watcher = undefined;
      },
    };
  }

  /** As a file system may leave it where the power goes while it is written. */
  async cutStateInHalf(): Promise<void> {
    const state = await readFile(this.stateFile);
    await writeFile(this.stateFile, state.subarray(0, Math.floor(state.length / 2)));
  }

  /** What docs/after-a-broken-run.md says for a damaged state. */
  async restoreState(): Promise<void> {
    await rm(`${this.stateFile}.attrs`, { force: true });
    await copyFile(`${this.stateFile}.bak`, this.stateFile);
  }

  private get stateFile(): string {
    return path.join(
      this.session.folder,
      "state/.pulumi/stacks/himl-service-principal",
      `${this.session.stackName}.json`,
    );
  }

  private async keepStart(phase: Phase["name"]): Promise<void> {
    await this.session.save(phase);
    this.starts.set(phase, { azure: this.azure.control.snapshot(), held: await this.readHeld() });
  }
}
