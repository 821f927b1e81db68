import { command, commandLine } from "../../components/plan/commands";
import { answer } from "../answer";
import { type Audit, audit, type AuditOptions } from "../audit/audit";
import type { Finding } from "../audit/findings";
import { formatFindings, formatUnanswered } from "../audit/report";
import { CliError } from "../errors";
import type { Io } from "../io";
import { askForFormerInstances, requireConsent, requireUnlocking } from "../repair/consent";
import { formatPlan, isEmpty, type Plan, planRepair, type Step } from "../repair/plan";
import { remove } from "../repair/removals";
import { lookUntilDone, lookUntilReplicated } from "../repair/replication";
import { editState, requireNobody, StackLocked, unlock } from "../repair/state";
import { tellIfSlow } from "../terminal/progress";
import { printable } from "../terminal/printable";
import { watchPulumi } from "../tools/pulumi";

interface RepairOptions extends AuditOptions {
  /** Do not ask. */
  yes?: boolean;
  /** False skips the `pulumi up` at the end. */
  up: boolean;
  /** Also deletes permanently what is in the recycle bin. */
  purge?: boolean;
  /** Milliseconds in which what was made or changed may seem to be missing, and what was removed to be there. */
  wait: number;
  json?: boolean;
}

/**
 * `himl-sp repair`: repairs the stack after a broken run. If it is interrupted, run it again: it plans each step from what
 * it finds, and skips what is done.
 */
export async function runRepair(io: Io, { json, ...options }: RepairOptions): Promise<void> {
  const repair = new Repair(io, options);
  await answer(io, { json: json ?? false }, async () => {
    await repair.run();
    return repair.report();
  });
}

class Repair {
  private readonly selection;
  private readonly done: string[] = [];
  private left: readonly Finding[] = [];
  private hasNewPassword = false;
  private formerIds: string[] = [];
  /** What this repair refreshes itself does not change what the last run was. */
  private isDestroyUnfinished: boolean | undefined;

  constructor(
    private readonly io: Io,
    private readonly options: Omit<RepairOptions, "json">,
  ) {
    const { stack, cwd } = options;
    this.selection = { ...(stack !== undefined && { stack }), ...(cwd !== undefined && { cwd }) };
  }

  /** For programs. Fields are stable: new ones may be added, none change. */
  report() {
    return {
      done: this.done,
      left: this.left.map(({ action: _, ...finding }) => finding),
      hasNewPassword: this.hasNewPassword,
    };
  }

  async run(): Promise<void> {
    const { io, options } = this;
    const { wait } = options;
    let first = await tellIfSlow(io, "Comparing the stack with Azure", this.look());
    this.formerIds = options.yes ? [] : await askForFormerInstances(io, first);
    if (this.formerIds.length > 0) first = await this.look();
    const found = await lookUntilReplicated(io, first, wait, () => this.look());
    const plan = this.planOf(found);
    this.left = plan.left;
    if (found.unanswered.length > 0)
      io.stderr.write(formatUnanswered(found.unanswered, found.askedAs, io.stderr));
    if (found.instanceIds.length === 0) {
      io.stderr.write(
        "The state has no instance ID, so nothing can be proved to be this stack's. Give it with --instance ID.\n",
      );
    }
    if (isEmpty(plan)) {
      await this.requireNobody(found);
      const limit = found.unanswered.length === 0 ? "" : ", as far as the questions were answered";
      io.stderr.write(`There is nothing ${this.done.length > 0 ? "else " : ""}to repair${limit}.\n`);
      this.tellWhatIsLeft();
      return;
    }
    io.stderr.write(`This would repair it:\n${formatPlan(plan)}`);
    this.tellWhatIsLeft();
    if (!options.yes) await requireConsent(io, plan);
    await this.requireNobody(found);
    await this.carryOut(found, plan);
  }

  private async carryOut(found: Audit, plan: Plan): Promise<void> {
    const { io } = this;
    const { wait } = this.options;
    if (plan.stack.length > 0) {
      for (const { sentence } of plan.stack) this.tell(sentence);
      await editState(
        io,
        this.selection,
        plan.stack.map(({ action }) => action),
      );
    }
    const failures = await this.removeLeftovers(plan);
    if (plan.refreshed.length > 0 || plan.stack.length > 0) {
      const now = await lookUntilReplicated(io, await this.look(), wait, () => this.look());
      const targets = this.planOf(now).refreshed.flatMap((urn) => ["--target", urn]);
      if (targets.length > 0) await this.pulumi("refresh", targets);
    }
    if (plan.ending === "up") await this.pulumi("up");
    failures.push(...(await this.purge(found, plan, failures.length > 0 ? 0 : wait)));
    if (failures.length > 0) throw failures[0]!;
    const isDone = (result: Audit) => {
      const { stack, ...rest } = this.planOf(result);
      // Of the state no time makes anything better.
      return stack.length > 0 || isEmpty({ ...rest, stack, purges: [] });
    };
    const last = await lookUntilDone(io, wait, () => this.look(), isDone);
    this.hasNewPassword = hasNewSecret(found, last);
    this.tellTheEnd(plan, this.planOf(last));
  }

  private look(): Promise<Audit> {
    return audit(this.io, this.options, this.formerIds);
  }

  private planOf(result: Audit): Plan {
    return planRepair(result.findings, {
      hasPrincipal: result.record.instances.length > 0,
      isDestroyUnfinished: (this.isDestroyUnfinished ??= result.isDestroyUnfinished),
      up: this.options.up,
      purge: this.options.purge ?? false,
    });
  }

  private tell(sentence: string): void {
    this.done.push(sentence);
    this.io.stderr.write(`${printable(sentence)}\n`);
  }

  private tellWhatIsLeft(): void {
    if (this.left.length === 0) return;
    this.io.stderr.write(`Left to you:\n${formatFindings(this.left, this.io.stderr)}`);
  }

  /** Removes a lock that was left behind. @throws StackLocked where somebody may still run */
  private async requireNobody({ record }: Audit): Promise<void> {
    const { io, selection } = this;
    try {
      await requireNobody(io, selection, record.stackUrn);
    } catch (error) {
      if (!(error instanceof StackLocked)) throw error;
      if (!error.isLeftBehind) await requireUnlocking(io, error, this.options.yes ?? false);
      this.tell("Unlock the stack, whose last run has ended");
      await unlock(io, selection);
      await requireNobody(io, selection, record.stackUrn);
    }
  }

  /**
   * Looks again, and removes only what was shown and is still left over. Nobody ran in between: what another run made would
   * be in the state by now, and what one makes that has begun since was not shown.
   */
  private async removeLeftovers(plan: Plan): Promise<CliError[]> {
    if (plan.removals.length === 0) return [];
    const now = await this.look();
    const keys = new Set(this.planOf(now).removals.map(keyOf));
    return this.removeAll(
      now,
      plan.removals.filter((step) => keys.has(keyOf(step))),
    );
  }

  /** A failed removal does not stop the others. */
  private async removeAll(found: Audit, steps: readonly Step[]): Promise<CliError[]> {
    const failures: CliError[] = [];
    for (const { action, sentence } of steps) {
      this.io.signal.throwIfAborted();
      this.tell(sentence);
      try {
        await remove(found, action);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        this.io.stderr.write(`  It failed: ${printable(error.message)}\n`);
        failures.push(error);
      }
    }
    return failures;
  }

  /** Includes what this repair itself moved to the recycle bin. */
  private async purge(found: Audit, plan: Plan, wait: number): Promise<CliError[]> {
    const moved = plan.purgedAfterRemoval;
    if (moved.length === 0) return this.removeAll(found, plan.purges);
    const inBin = (result: Audit) =>
      this.planOf(result).purges.filter(
        ({ action }) => action.kind === "purge" && action.ids.some((id) => moved.includes(id)),
      );
    const now = await lookUntilDone(
      this.io,
      wait,
      () => this.look(),
      (result) => inBin(result).length === moved.length,
    );
    return this.removeAll(now, [...plan.purges, ...inBin(now)]);
  }

  private async pulumi(operation: "up" | "refresh", more: readonly string[] = []): Promise<void> {
    const { io } = this;
    this.tell(commandLine`pulumi ${operation}`);
    const args = [operation, "--yes", "--skip-preview", ...more];
    const exitCode = await watchPulumi(io, args, this.selection);
    if (exitCode === 0 && !io.signal.aborted) return;
    throw unfinished(
      io.signal.aborted
        ? "It was interrupted."
        : `${command`pulumi ${operation}`} ended with exit code ${exitCode ?? "none"}.`,
      "See its output above, then run",
    );
  }

  private tellTheEnd(plan: Plan, after: Plan): void {
    if (!isEmpty({ ...after, purges: [] })) {
      throw unfinished(`There is still something to do:\n${formatPlan(after).trimEnd()}`, "Run");
    }
    const { stderr } = this.io;
    stderr.write("Repaired: a new audit finds nothing else to repair.\n");
    if (plan.ending === "destroy") {
      stderr.write("Now run `pulumi destroy` again; or `pulumi up`, which makes the stack whole.\n");
    }
    if (this.hasNewPassword) {
      stderr.write("The password is a new one. Now push it to your pipelines: `himl-sp push`.\n");
    }
  }
}

function keyOf({ action }: Step): string {
  return JSON.stringify(action).toLowerCase();
}

function hasNewSecret(before: Audit, after: Audit): boolean {
  const keysOf = ({ record }: Audit) =>
    record.instances.flatMap(({ secrets }) => secrets.map(({ keyId }) => keyId.toLowerCase()));
  const known = new Set(keysOf(before));
  return keysOf(after).some((keyId) => !known.has(keyId));
}

function unfinished(why: string, run: string): CliError {
  return new CliError(
    "REPAIR_UNFINISHED",
    `The repair is not finished. ${why}`,
    `${run} \`himl-sp repair\` again. You can repeat it at any point.`,
  );
}
