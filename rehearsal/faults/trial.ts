import { type FaultCase, faultOf, idOf, isRequestFault } from "./cases";
import { LIFE } from "./life";
import type { Held, Printed, World } from "./world";

/** What became of one case: a row of the table. */
export interface Outcome {
  readonly id: string;
  /** Whether the operation that was hit went on to its end. */
  readonly operation: "ends well" | "fails" | "is killed";
  /** What the same command again made of it: `mends it`, or what is wrong then. */
  readonly plain: string;
  /** What `himl-sp repair` made of the rest. */
  readonly repair: string;
  /** Things in Azure after `pulumi destroy`. */
  readonly left: number;
  /** Whether a pipeline that held the previous password could log in all the time, and one with the new one does. */
  readonly keptAccess: boolean;
  /** Whether a secret was printed. */
  readonly toldSecret: boolean;
  readonly seconds: number;
}

const WITH_PERSON = "mends it, with a person's yes";

/** What the matrix is for: nothing left over, no access lost, no secret told, all of it repaired. */
export function isAsItShouldBe(outcome: Outcome): boolean {
  return outcome.left === 0 && outcome.keptAccess && !outcome.toldSecret && isRepaired(outcome);
}

export function isRepaired({ repair }: Outcome): boolean {
  return ["nothing to do", "mends it", WITH_PERSON].includes(repair);
}

/** Whether a person had to say that the backup of the state is right, or that another run has ended. */
export function needsPerson({ repair }: Outcome): boolean {
  return repair === WITH_PERSON;
}

/** Runs one case from the start of its phase to the end of the life. */
export async function runTrial(world: World, fault: FaultCase): Promise<Outcome> {
  const started = performance.now();
  const phase = LIFE.find(({ name }) => name === fault.phase)!;
  const before = await world.backTo(phase.name);
  const trial = new Trial(world, phase.operation, before);
  const operation = await trial.hit(fault);
  const plain = await trial.runAgain();
  const repair = await trial.repair();
  const keptAccess = phase.operation === "destroy" || (await trial.hasAccess());
  await trial.destroy();
  return {
    id: idOf(fault),
    operation,
    plain,
    repair,
    left: world.countLeft(),
    keptAccess,
    toldSecret: trial.toldSecret(),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

class Trial {
  private readonly printed: string[] = [];
  private readonly secrets = new Set<string>();
  private lostAccess = false;
  private isStateDamaged = false;
  /** Of the last audit, as long as nothing has happened since. */
  private findings: readonly string[] | undefined;

  constructor(
    private readonly world: World,
    private readonly operation: "up" | "destroy",
    private readonly before: Held | undefined,
  ) {
    this.secrets.add(world.azure.admin.clientSecret);
    if (before) this.secrets.add(before.password);
  }

  /** The operation, hit by the fault. */
  async hit(fault: FaultCase): Promise<Outcome["operation"]> {
    const { world, operation } = this;
    const kill = new AbortController();
    if (fault.request && isRequestFault(fault.fault)) {
      const { fault: answer, kill: dies } = faultOf(fault.fault, fault.request);
      const { struck } = world.azure.control.addFault(answer);
      if (dies) void struck.then(() => kill.abort());
      const result = await this.note(world.pulumi(operation, kill.signal));
      world.azure.control.clearFaults();
      return this.ending(result, kill.signal);
    }
    // Else the engine would be through with everything before it can be killed.
    world.azure.control.setLatency(50);
    try {
      if (fault.fault === "two runs at once") {
        const results = await Promise.all([world.pulumi(operation), world.pulumi(operation)]);
        for (const result of results) this.printed.push(result.text);
        return results.some(({ exitCode }) => exitCode === 0) ? "ends well" : "fails";
      }
      const writes = world.watchState((count) => count === fault.stateWrite && kill.abort());
      const result = await this.note(world.pulumi(operation, kill.signal));
      await writes.settle();
      this.isStateDamaged = kill.signal.aborted && fault.fault === "power cut, checkpoint cut in half";
      if (this.isStateDamaged) await world.cutStateInHalf();
      return this.ending(result, kill.signal);
    } finally {
      world.azure.control.setLatency(0);
    }
  }

  /** The same command again, as anybody would try first. */
  async runAgain(): Promise<string> {
    const result = await this.note(this.world.pulumi(this.operation));
    await this.checkAccess();
    if (result.exitCode !== 0) return `fails: ${reasonOf(result)}`;
    const findings = await this.audit();
    return findings.length === 0 ? "mends it" : `leaves ${findings.join(", ")}`;
  }

  /** `himl-sp repair`, after which the audit must find nothing. */
  async repair(): Promise<string> {
    if (this.isStateDamaged) return this.restoreState();
    if ((this.findings ?? (await this.audit())).length === 0) return "nothing to do";
    const things = this.world.countPresent();
    const result = await this.note(this.world.himlSp("repair", "--yes", "--wait", "0s"));
    if (result.exitCode !== 0) return `fails: ${reasonOf(result)}`;
    if (this.operation === "destroy" && this.world.countPresent() > things)
      return "makes again what was to go";
    const findings = await this.audit();
    return findings.length === 0 ? "mends it" : `leaves ${findings.join(", ")}`;
  }

  /** The commands of docs/after-a-broken-run.md, which only a person runs. */
  private async restoreState(): Promise<string> {
    await this.world.restoreState();
    this.findings = undefined;
    const things = this.world.countPresent();
    const repaired = await this.note(this.world.himlSp("repair", "--yes", "--wait", "0s"));
    if (repaired.exitCode !== 0) return `fails: ${reasonOf(repaired)}`;
    if (this.operation === "destroy" && this.world.countPresent() > things)
      return "makes again what was to go";
    if (this.operation === "up") await this.note(this.world.pulumi("up"));
    const findings = await this.audit();
    return findings.length === 0 ? WITH_PERSON : `leaves ${findings.join(", ")}`;
  }

  async destroy(): Promise<void> {
    await this.note(this.world.pulumi("destroy"));
  }

  /** Whether the previous password has been good all the time, and the one that is handed out now is. */
  async hasAccess(): Promise<boolean> {
    await this.checkAccess();
    const current = await this.world.readHeld().catch(() => undefined);
    // After a first \`up\` that was cut short nobody holds a password yet.
    if (current === undefined) return this.before === undefined;
    this.secrets.add(current.password);
    return !this.lostAccess && (await this.world.canLogIn(current));
  }

  toldSecret(): boolean {
    return this.printed.some((text) => [...this.secrets].some((secret) => text.includes(secret)));
  }

  private async checkAccess(): Promise<void> {
    if (this.operation === "destroy" || this.before === undefined) return;
    if (!(await this.world.canLogIn(this.before))) this.lostAccess = true;
  }

  /** Codes of what has to be done, each once. */
  private async audit(): Promise<string[]> {
    const { stdout, text } = await this.note(this.world.himlSp("audit", "--json"));
    if (!stdout.startsWith("{")) return [`an audit that fails: ${text.trim().split("\n").at(-1)}`];
    const { findings } = JSON.parse(stdout) as { findings: { code: string; level: string }[] };
    const codes = findings.filter(({ level }) => level !== "notice").map(({ code }) => code);
    this.findings = [...new Set(codes)].sort();
    return [...this.findings];
  }

  private async note(running: Promise<Printed>): Promise<Printed> {
    const result = await running;
    this.printed.push(result.text);
    return result;
  }

  private ending({ exitCode }: Printed, kill: AbortSignal): Outcome["operation"] {
    if (kill.aborted) return "is killed";
    return exitCode === 0 ? "ends well" : "fails";
  }
}

/** The code of an error in what a command printed, or else its shortest description. */
function reasonOf({ text }: Printed): string {
  if (/the stack is currently locked/.test(text)) return "locked";
  const code =
    /^himl-sp: ([A-Z_]+):/m.exec(text)?.[1] ??
    /\b(?:Code|code|error)[="': ]+([A-Z][A-Za-z_]+[A-Za-z])\b/.exec(text)?.[1];
  return code ?? /error: (.*)/.exec(text)?.[1]?.slice(0, 80) ?? "without a word";
}
