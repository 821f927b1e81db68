import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import type { Fault } from "../../local-azure/local-azure";
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
  askedAs: string;
  findings: { code: string; what: string; detail: string; remedy: string; repair: string | null }[];
  unanswered: { question: string; code: string; right: string }[];
  access: { logins: { kind: string; what: string; isRecorded: boolean }[]; rights: { what: string }[] }[];
}

/**
 * A local Azure with one instance in it, and the record of it as a `pulumi` answers. There is no engine, and no process is
 * started: what Pulumi would do is seen in how it was called.
 */
class AuditStage {
  private constructor(
    readonly rig: Rig,
    readonly tools: StandIns,
    readonly ids: { application: string; client: string; principal: string; secret: string; role: string },
    readonly deployment: Deployment,
    private readonly beginning: ReturnType<Rig["azure"]["control"]["snapshot"]>,
    private host: CommandHost,
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
      await StandIns.create({}),
      ids,
      deployment,
      azure.control.snapshot(),
      CommandHost.start(azure.public),
    );
    await stage.reset();
    return stage;
  }

  /** Azure as it was, and a `pulumi` that knows the record. */
  async reset(): Promise<void> {
    this.rig.azure.control.restore(this.beginning);
    await this.tools.forgetCalls();
    await this.tools.uninstall("az");
    await this.answer();
  }

  /** What `pulumi` answers: `more` before what it always does. */
  async answer(more: readonly Answer[] = [], deployment: Deployment | null = this.deployment): Promise<void> {
    await this.tools.install("pulumi", [
      ...more,
      { args: ["stack", "--show-name"], stdout: "organization/himl-service-principal/dev\n" },
      { args: ["stack", "export"], stdout: JSON.stringify({ version: 3, deployment }) },
      { args: ["stack", "history"], stdout: JSON.stringify([{ kind: "update", result: "succeeded" }]) },
      { args: ["stack", "import"] },
      { args: ["cancel"] },
      { args: ["refresh"] },
      { args: ["up"] },
    ]);
  }

  /** @param answers of a person at a terminal; without them nobody is there. */
  run(
    args: readonly string[],
    env: Record<string, string> = {},
    answers: readonly string[] = [],
  ): Promise<Finished> {
    return this.host.run(args, { ...this.environment, ...env }, answers);
  }

  /** Kills the command as soon as Azure has met the fault. */
  async killAt(fault: Fault, args: readonly string[]): Promise<void> {
    const { struck } = this.rig.azure.control.addFault(fault);
    void this.run(args);
    await struck;
    await this.host.kill();
    this.rig.azure.control.clearFaults();
    this.host = CommandHost.start(this.rig.azure.public);
  }

  /** In a process of its own. */
  async start(args: readonly string[]): Promise<ChildProcess> {
    const env = { ...bareEnvironment(), ...this.environment };
    return start(process.execPath, [await buildCommand(), ...args], { env, stdio: "ignore" });
  }

  private get environment(): Record<string, string> {
    const { direct, public: proxied } = this.rig.azure;
    const login = Object.fromEntries(
      ["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID"].map((name) => [name, direct[name]!]),
    );
    return { ...proxied, ...login, PATH: this.tools.folder, PULUMI_CONFIG_PASSPHRASE: "" };
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
    return (await this.tools.calls("pulumi"))
      .map(({ args }) => args.filter((arg) => arg !== "--non-interactive").join(" "))
      .filter((call) => !/^(config|stack (--show-name|export|history)|refresh .*Stack::)/.test(call));
  }

  async close(): Promise<void> {
    this.host.close();
    await this.tools.remove();
    await this.rig.close();
  }
}

/** One stage for all tests of a file, as it was at the beginning before each of them. */
export function useAuditStage(): AuditStage {
  const stage = useShared(() => AuditStage.create());
  beforeEach(() => stage.reset());
  return stage;
}
