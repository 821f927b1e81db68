import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeJwt } from "jose";
import { run } from "../../cli/tools/process";
import program from "../../index";
import { SERVICES } from "../../local-azure/services";
import type { Engine } from "../../rehearsal/engine/engine";
import { Session, type UpResult } from "../../rehearsal/engine/session";
import type { ProviderName } from "../../rehearsal/stand-ins/provider-names";
import { expect, type StepReport, Story } from "../../rehearsal/story";
import { Created } from "./created";
import { type Comparison, compareExchange } from "./deviations";
import { type Answer, type Request, startGateway } from "./gateway";
import type { RunReport } from "./report";

export interface RealRunOptions {
  readonly engine: Engine;
  /** The user's login: ARM_CLIENT_ID, ARM_CLIENT_SECRET, ARM_TENANT_ID, ARM_SUBSCRIPTION_ID. */
  readonly login: Readonly<Record<string, string>>;
  readonly resourceGroup: string;
  readonly workspaceName: string;
  /** A token of a pipeline. Without it, the part without a password is skipped. */
  readonly token?: string;
  readonly realProviders?: readonly ProviderName[];
  readonly forward: (request: Request) => Promise<Answer>;
  readonly confirm: (question: string) => Promise<boolean>;
  readonly onStep: (step: StepReport) => void;
  readonly signal: AbortSignal;
}

/** The user declined before anything was written. */
export class DeclinedError extends Error {
  override readonly name = "DeclinedError";
}

const PROJECT = path.join(__dirname, "..", "..");
const COMMAND = path.join(PROJECT, "dist", "cli", "main.js");
const DAY_MS = 86_400_000;
const WAIT = "5m";

type Variables = Readonly<Record<string, string>>;

/** Runs the life of a service principal once, compares every answer, and removes everything, whatever happens. */
export async function realRun(options: RealRunOptions): Promise<RunReport> {
  const life = await Life.open(options);
  try {
    return await life.run();
  } finally {
    await life.close();
  }
}

class Life {
  private readonly steps: StepReport[] = [];
  private readonly comparisons: Comparison[] = [];
  private readonly created = new Created();
  private readonly story: Story;
  private now = new Date();
  private isRemoving = false;
  private hasWritten = false;
  private questions: Promise<unknown> = Promise.resolve();
  private session!: Session;
  private gateway!: Awaited<ReturnType<typeof startGateway>>;

  private constructor(private readonly options: RealRunOptions) {
    this.story = new Story("", options.signal, (step) => {
      this.steps.push(step);
      options.onStep(step);
    });
  }

  static async open(options: RealRunOptions): Promise<Life> {
    const life = new Life(options);
    life.gateway = await startGateway({
      forward: options.forward,
      allows: (request) => life.allows(request),
      onExchange: (exchange) => {
        life.created.take(exchange);
        life.comparisons.push(compareExchange(exchange));
      },
    });
    try {
      life.session = await Session.open({
        engine: options.engine,
        program: () => Promise.resolve(program(life.now)),
        project: path.join(PROJECT, "Pulumi.yaml"),
        stackName: "real-run",
        settings: { resourceGroup: options.resourceGroup, workspaceName: options.workspaceName },
        environment: { ...options.login, ...life.gateway.environment },
        realProviders: options.realProviders ?? [],
      });
      return life;
    } catch (error) {
      await life.gateway.close();
      throw error;
    }
  }

  async run(): Promise<RunReport> {
    let failure: unknown;
    try {
      await this.live();
    } catch (error) {
      failure = error;
    }
    const left = this.hasWritten ? await this.remove() : [];
    if (failure instanceof DeclinedError && !this.hasWritten) throw failure;
    return {
      ok: failure === undefined && left.length === 0 && this.steps.every(({ ok }) => ok),
      engine: this.options.engine.version,
      steps: this.steps,
      comparisons: this.comparisons,
      left,
    };
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.gateway.close();
  }

  private async live(): Promise<void> {
    const { signal, confirm, token } = this.options;
    const planned = await this.story.step("preview", async () => {
      const { steps } = await this.session.preview();
      const names = steps.filter(({ type }) => /^azure(ad|-native):/.test(type)).map(({ name }) => name);
      return [`${names.length} resources in Azure would be created`, names] as const;
    });
    const { resourceGroup } = this.options;
    const question = `This creates ${planned.join(", ")}, with Contributor on resource group ${resourceGroup}, and removes everything at the end. Continue?`;
    if (!(await confirm(question))) throw new DeclinedError("Nothing was created.");

    const first = await this.up("provision");
    await this.expectLogin("log in", first, "accepted");
    signal.throwIfAborted();

    this.now = new Date(Date.now() + 90 * DAY_MS);
    const renewed = await this.up("renew, as in 90 days");
    await this.expectLogin("log in with the previous secret", first, "accepted");
    await this.expectLogin("log in with the new secret", renewed, "accepted");
    signal.throwIfAborted();

    await this.session.configure({ secretGeneration: "2" });
    const rotated = await this.up("rotate");
    await this.expectLogin("log in with the secret before the rotation", renewed, "refused");
    await this.expectLogin("log in after the rotation", rotated, "accepted");
    signal.throwIfAborted();
    if (token !== undefined) await this.goPasswordless(token);
    await this.revoke(rotated);
  }

  private async goPasswordless(token: string): Promise<void> {
    const { iss, sub, aud } = decodeJwt(token);
    await this.session.configure({
      authentication: "federated",
      federatedCredentials: JSON.stringify([{ issuer: iss, subject: sub, audience: aud }]),
    });
    const federated = await this.up("go without a password");
    const folder = await mkdtemp(path.join(tmpdir(), "himl-job-"));
    try {
      const tokenFile = path.join(folder, "token");
      await writeFile(tokenFile, token, { mode: 0o600 });
      const job = {
        ...federated,
        AZURE_CLIENT_ID: federated["HIML_SERVICE_PRINCIPAL_ID"]!,
        AZURE_TENANT_ID: federated["HIML_TENANT_ID"]!,
        AZURE_FEDERATED_TOKEN_FILE: tokenFile,
      };
      await this.expectLogin("log in with the pipeline's token", job, "accepted");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async revoke(last: Variables): Promise<void> {
    this.isRemoving = true;
    await this.story.step("destroy", async () => {
      await this.session.destroy();
      return ["everything removed", undefined];
    });
    await this.expectLogin("log in afterwards", last, "refused");
  }

  private up(name: string): Promise<Variables> {
    return this.story.step(name, async () => {
      const { outputs, counts }: UpResult = await this.session.up();
      const done = Object.entries(counts).map(([operation, count]) => `${operation} ${count}`);
      const texts = Object.entries(outputs).filter(([output]) => output.startsWith("HIML_"));
      return [done.join(", "), Object.fromEntries(texts.map(([key, value]) => [key, String(value)]))];
    });
  }

  private expectLogin(name: string, variables: Variables, outcome: "accepted" | "refused"): Promise<void> {
    return this.story.step(name, async () => {
      const source = ["--from", "environment", "--json", "--wait", WAIT, "--expect", outcome];
      const { stdout } = await run(process.execPath, [COMMAND, "verify", ...source], {
        cwd: PROJECT,
        env: {
          ...variables,
          ...this.gateway.environment,
          ...(process.platform === "win32" && { SystemRoot: process.env["SystemRoot"] }),
        },
        graceMs: 0,
        signal: this.options.signal,
      });
      const report = JSON.parse(stdout) as { ok: boolean; code?: string };
      expect(report.ok, `The login was not ${outcome}: ${report.code}.`);
      return [outcome, undefined];
    });
  }

  /** One question at a time, although providers write concurrently. Removal needs no question: the first one covers it. */
  private allows(request: Request): Promise<boolean> {
    if (this.isRemoving) return Promise.resolve(true);
    const answer = this.questions.then(async () => {
      if (this.options.signal.aborted) return false;
      const isAllowed = await this.options.confirm(`${describeWrite(request)}. Send it?`);
      this.hasWritten ||= isAllowed;
      return isAllowed;
    });
    this.questions = answer.catch(() => undefined);
    return answer;
  }

  /** Removes what is still there, also after an interruption. Returns what it could not remove. */
  private async remove(): Promise<string[]> {
    this.isRemoving = true;
    try {
      // Refresh first: an interrupted run may not have recorded what it did.
      await this.session.refresh();
      await this.session.destroy();
    } catch {
      // The line below removes what the engine could not.
    }
    return this.created.remove(this.options.forward);
  }
}

function describeWrite({ method, host, path: target }: Request): string {
  const pathname = target.split("?", 1)[0]!;
  const last = pathname.split("/").slice(-2).join("/");
  const does = Object.values(SERVICES)
    .flatMap(({ routes }) => routes)
    .find(
      (route) =>
        route.method === method && pathname.toLowerCase().endsWith(route.path.split(":")[0]!.toLowerCase()),
    )?.does;
  return `${method} ${host} …/${last}${does ? ` (${does})` : ""}`;
}
