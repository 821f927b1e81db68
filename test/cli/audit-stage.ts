import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { instanceTag, PROGRAM_TAG } from "../../components/plan/ownership";
import type { Deployment } from "../../cli/audit/deployment";
import { start } from "../../cli/tools/process";
import { ok, Rig } from "../local-azure/rig";
import { useShared } from "../support/shared";
import { ASSIGNMENT, createDeployment, IDS, SOON } from "./audit-fixture";
import { bareEnvironment, buildCommand, type Finished } from "./command";
import { CommandHost } from "./command-host";
import { addOwnSecret, addOwnTrust, assignOwnRole } from "./own-things";
import { type Answer, StandIns } from "./stand-ins";

const SUBJECT = "repo:o/r:ref:refs/heads/main";
const ISSUER = "https://token.actions.githubusercontent.com";

/** What `himl-sp audit --json` prints, as far as tests read it. */
export interface Report {
  ok: boolean;
  instanceIds: string[];
  instanceIdsFrom: string;
  findings: { code: string; what: string; detail: string; remedy: string; repair: string | null }[];
  unanswered: { question: string; code: string; right: string }[];
  access: { logins: { kind: string; what: string; isRecorded: boolean }[]; rights: { what: string }[] }[];
}

/**
 * A local Azure with one instance in it, the record of it as a `pulumi` answers, and a backend of files. There is no
 * engine: what it would do is seen in how it was called.
 */
class AuditStage {
  private constructor(
    readonly rig: Rig,
    readonly folder: string,
    readonly pulumi: StandIns,
    readonly ids: { application: string; client: string; principal: string; secret: string; role: string },
    readonly deployment: Deployment,
    private readonly beginning: ReturnType<Rig["azure"]["control"]["snapshot"]>,
    private readonly host: CommandHost,
  ) {}

  static async create(): Promise<AuditStage> {
    await buildCommand();
    const rig = await Rig.start();
    const application = await rig.createApplication("himl-ws-ml-dev", {
      tags: [PROGRAM_TAG, instanceTag(IDS.instance)],
    });
    const principal = ok(await rig.graph("POST", "/servicePrincipals", { appId: application.appId }), 201);
    const secret = await addOwnSecret(rig, application.id, "a", { endDateTime: SOON });
    const trust = await addOwnTrust(rig, application.id, { name: "main", issuer: ISSUER, subject: SUBJECT });
    const role = await assignOwnRole(rig, principal.id, rig.group);

    let text = JSON.stringify(createDeployment()).replaceAll(`"owners":["${IDS.owner}"]`, '"owners":[]');
    const { azure } = rig;
    const changed = {
      [IDS.application]: application.id,
      [IDS.client]: application.appId,
      [IDS.principal]: principal.id,
      [IDS.secret]: secret.keyId,
      [IDS.trust]: trust.id,
      [IDS.subscription]: azure.subscriptionId,
      [IDS.tenant]: azure.tenantId,
      [ASSIGNMENT]: role,
    };
    for (const [from, to] of Object.entries(changed)) text = text.replaceAll(from, to);
    const folder = await mkdtemp(path.join(tmpdir(), "himl-sp-audit-"));
    const ids = {
      application: application.id,
      client: application.appId,
      principal: principal.id,
      secret: secret.keyId,
      role,
    };
    const deployment = JSON.parse(text) as Deployment;
    const stage = new AuditStage(
      rig,
      folder,
      await StandIns.create({}),
      ids,
      deployment,
      azure.control.snapshot(),
      CommandHost.start(azure.public),
    );
    await stage.reset();
    return stage;
  }

  /** Azure as it was, an empty backend, and a `pulumi` that knows the record. */
  async reset(): Promise<void> {
    this.rig.azure.control.restore(this.beginning);
    await rm(this.backend, { recursive: true, force: true });
    await mkdir(this.folderOf("locks"), { recursive: true });
    await mkdir(path.dirname(this.checkpoint), { recursive: true });
    await writeFile(path.join(this.backend, ".pulumi", "meta.yaml"), "version: 1\n");
    await this.pulumi.forgetCalls();
    await this.pulumi.uninstall("az");
    await this.answer();
  }

  /** What `pulumi` answers: `more` before what it always does. */
  async answer(more: readonly Answer[] = [], deployment: Deployment = this.deployment): Promise<void> {
    await this.pulumi.install("pulumi", [
      ...more,
      { args: ["whoami"], stdout: JSON.stringify({ url: pathToFileURL(this.backend).href }) },
      { args: ["stack", "--show-name"], stdout: "organization/himl-service-principal/dev\n" },
      { args: ["stack", "export"], stdout: JSON.stringify({ version: 3, deployment }) },
      { args: ["stack", "import"] },
      { args: ["refresh"] },
      { args: ["up"] },
    ]);
  }

  get backend(): string {
    return path.join(this.folder, "state");
  }

  /** Without its ending, `.json` or `.json.gz`. */
  get checkpoint(): string {
    return path.join(this.backend, ".pulumi", "stacks", "himl-service-principal", "dev");
  }

  folderOf(what: "locks" | "history" | "backups"): string {
    const below = what === "locks" ? ["organization"] : [];
    return path.join(this.backend, ".pulumi", what, ...below, "himl-service-principal", "dev");
  }

  async lock(holder: { pid: number; hostname: string }): Promise<void> {
    const content = { ...holder, username: "ada", timestamp: "2026-11-25T10:00:00Z" };
    await writeFile(path.join(this.folderOf("locks"), "one.json"), JSON.stringify(content));
  }

  locks(): Promise<string[]> {
    return readdir(this.folderOf("locks"));
  }

  /** A run of the past, with the state that it left, and how many resources it deleted or found missing. */
  async addHistory(at: number, kind: string, latest: Deployment, deleted = 0): Promise<void> {
    const folder = this.folderOf("history");
    await mkdir(folder, { recursive: true });
    const write = (what: string, content: object) =>
      writeFile(path.join(folder, `dev-${at}.${what}.json`), JSON.stringify(content));
    await write("history", { kind, resourceChanges: { same: 1, delete: deleted } });
    await write("checkpoint", { version: 3, checkpoint: { latest } });
  }

  /** A state that Pulumi has kept of a run of the past. */
  async addSaved(what: "history" | "backups", at: number, checkpoint: string): Promise<void> {
    const folder = this.folderOf(what);
    await mkdir(folder, { recursive: true });
    const name = what === "history" ? `dev-${at}.checkpoint.json` : `dev.${at}.json`;
    await writeFile(path.join(folder, name), checkpoint);
  }

  run(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
    return this.host.run(args, { ...this.environment, ...env });
  }

  /** In a process of its own, which can be killed. */
  async start(args: readonly string[]): Promise<ChildProcess> {
    const env = { ...bareEnvironment(), ...this.environment };
    return start(process.execPath, [await buildCommand(), ...args], { env, stdio: "ignore" });
  }

  private get environment(): Record<string, string> {
    const { direct, public: proxied } = this.rig.azure;
    const login = Object.fromEntries(
      ["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID"].map((name) => [name, direct[name]!]),
    );
    return { ...proxied, ...login, PATH: this.pulumi.folder, PULUMI_CONFIG_PASSPHRASE: "" };
  }

  async audit(args: readonly string[] = [], env?: Record<string, string>): Promise<Report & Finished> {
    const finished = await this.run(["audit", "--json", ...args], env);
    const report = finished.stdout === "" ? {} : (JSON.parse(finished.stdout) as Report);
    return { ...finished, ...report } as Report & Finished;
  }

  async codes(): Promise<string[]> {
    const { findings, stderr } = await this.audit();
    assert.ok(findings, stderr);
    return findings.map(({ code }) => code);
  }

  /** How Pulumi was called, without what is always there, and without what only reads. */
  async changes(): Promise<string[]> {
    const calls = await this.pulumi.calls("pulumi");
    return calls
      .map(({ args }) => args.filter((arg) => arg !== "--non-interactive").join(" "))
      .filter((call) => !/^(whoami|config|stack (--show-name|export|ls|history))/.test(call));
  }

  async close(): Promise<void> {
    this.host.close();
    await Promise.all([this.pulumi.remove(), rm(this.folder, { recursive: true, force: true })]);
    await this.rig.close();
  }
}

/** One stage for all tests of a file, as it was at the beginning before each of them. */
export function useAuditStage(): AuditStage {
  const stage = useShared(() => AuditStage.create());
  beforeEach(() => stage.reset());
  return stage;
}
