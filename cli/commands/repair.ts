import { command, commandLine } from "../../components/plan/commands";
import { type Audit, audit, type AuditOptions } from "../audit/audit";
import type { Finding } from "../audit/findings";
import { formatFindings, formatUnanswered } from "../audit/report";
import { CliError } from "../errors";
import type { Io } from "../io";
import { formatPlan, isEmpty, type Plan, planRepair, type Step } from "../repair/plan";
import { requireConsent } from "../repair/consent";
import { remove } from "../repair/removals";
import { lookUntilDone, lookUntilReplicated } from "../repair/replication";
import { clearPendingOperations, mend, unlock, whileNobodyRuns } from "../repair/stack-steps";
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
}

/**
 * `himl-sp repair`: repairs the stack after a broken run. If it is interrupted, run it again: it plans each step from what
 * it finds, and skips what is done.
 */
export async function runRepair(io: Io, options: RepairOptions): Promise<void> {
  const { yes, up, purge, wait, ...auditOptions } = options;
  let wasDestroyed = false;
  const planOf = (result: Audit) =>
    planRepair(result.findings, {
      hasPrincipal: result.record.instances.length > 0,
      // What this repair forgets itself, such as pending operations, does not change what the last run was.
      wasDestroyed: (wasDestroyed ||= result.wasDestroyed),
      up,
      purge: purge ?? false,
    });
  const first = await audit(io, auditOptions);
  const { backend } = first;
  const look = () => audit(io, auditOptions, { backend });
  const blocker = planOf(first).blockers[0];
  if (blocker !== undefined) throw blocked(blocker);
  const found = await lookUntilReplicated(io, first, wait, look);
  const plan = planOf(found);
  if (found.unanswered.length > 0) io.stderr.write(formatUnanswered(found.unanswered, io.stderr));
  tell(io, found);
  if (isEmpty(plan)) {
    io.stderr.write(
      found.unanswered.length === 0
        ? "There is nothing to repair.\n"
        : "There is nothing to repair, as far as the questions were answered.\n",
    );
    tellWhatIsLeft(io, plan.left);
    return;
  }
  io.stderr.write(`To mend it:\n${formatPlan(plan)}`);
  tellWhatIsLeft(io, plan.left);
  if (!yes) await requireConsent(io, plan);

  for (const step of plan.stack) await doOnStack(io, auditOptions, found, step);
  const failures = await removeLeftovers(io, auditOptions, found, plan, planOf);
  if (plan.refreshed.length > 0 || plan.stack.length > 0) {
    const now = await lookUntilReplicated(io, await look(), wait, look);
    await refresh(io, auditOptions, planOf(now).refreshed);
  }
  if (plan.ending === "up") await pulumi(io, ["up", "--yes", "--skip-preview"], auditOptions);
  failures.push(...(await purgeAll(io, found, plan, failures.length > 0 ? 0 : wait, look, planOf)));
  if (failures.length > 0) throw failures[0]!;
  const isDone = (result: Audit) => {
    const { blockers, stack, ...rest } = planOf(result);
    // Of the stack itself no time makes anything better.
    return blockers.length + stack.length > 0 || isEmpty({ ...rest, blockers, stack, purges: [] });
  };
  tellTheEnd(io, plan, planOf(await lookUntilDone(io, wait, look, isDone)));
}

/** Says where the instance ID comes from, if not from the state. */
function tell(io: Io, { idsFrom, instanceIds }: Audit): void {
  if (idsFrom === "history") {
    io.stderr.write(
      `The state is empty; its history says that the instance was ${instanceIds.join(", ")}.\n`,
    );
  } else if (idsFrom === "nowhere") {
    io.stderr.write(
      "Neither state nor history has an instance ID, so nothing can be proved to be this stack's. Give it with --instance ID.\n",
    );
  }
}

function tellWhatIsLeft(io: Io, left: readonly Finding[]): void {
  if (left.length === 0) return;
  io.stderr.write(`Left to you:\n${formatFindings(left, io.stderr)}`);
}

async function doOnStack(
  io: Io,
  options: AuditOptions,
  found: Audit,
  { action, sentence }: Step,
): Promise<void> {
  io.stderr.write(`${printable(sentence)}\n`);
  if (action.kind === "unlock") await unlock(found.backend, action.file);
  if (action.kind === "mend") await mend(action.file, action.backup);
  if (action.kind === "clearPending") await clearPendingOperations(io, selectionOf(options));
}

/** Looks again while nobody else can run, and removes only what was shown and is still left over. */
async function removeLeftovers(
  io: Io,
  options: AuditOptions,
  found: Audit,
  plan: Plan,
  planOf: (result: Audit) => Plan,
): Promise<CliError[]> {
  if (plan.removals.length === 0) return [];
  return whileNobodyRuns(io, selectionOf(options), found.backend, async () => {
    const now = await audit(io, options, { ownsLock: true, backend: found.backend });
    const keys = new Set(planOf(now).removals.map(keyOf));
    return removeAll(
      io,
      now,
      plan.removals.filter((step) => keys.has(keyOf(step))),
    );
  });
}

function keyOf({ action }: Step): string {
  return JSON.stringify(action).toLowerCase();
}

/** A failed removal does not stop the others. */
async function removeAll(io: Io, found: Audit, steps: readonly Step[]): Promise<CliError[]> {
  const failures: CliError[] = [];
  for (const { action, sentence } of steps) {
    io.signal.throwIfAborted();
    io.stderr.write(`${printable(sentence)}\n`);
    try {
      await remove(found, action);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      io.stderr.write(`  It failed: ${printable(error.message)}\n`);
      failures.push(error);
    }
  }
  return failures;
}

async function refresh(io: Io, options: AuditOptions, urns: readonly string[]): Promise<void> {
  if (urns.length === 0) return;
  const targets = urns.flatMap((urn) => ["--target", urn]);
  await pulumi(io, ["refresh", "--yes", "--skip-preview", ...targets], options);
}

/** Includes what this repair itself moved to the recycle bin. */
async function purgeAll(
  io: Io,
  found: Audit,
  plan: Plan,
  wait: number,
  look: () => Promise<Audit>,
  planOf: (result: Audit) => Plan,
): Promise<CliError[]> {
  if (plan.purgedAfterRemoval.length === 0) return removeAll(io, found, plan.purges);
  const inBin = (result: Audit) =>
    planOf(result).purges.filter(({ action }) =>
      action.kind === "purge" ? action.ids.some((id) => plan.purgedAfterRemoval.includes(id)) : false,
    );
  const now = await lookUntilDone(
    io,
    wait,
    look,
    (result) => inBin(result).length === plan.purgedAfterRemoval.length,
  );
  return removeAll(io, now, [...plan.purges, ...inBin(now)]);
}

async function pulumi(io: Io, args: readonly string[], options: AuditOptions): Promise<void> {
  io.stderr.write(`${commandLine`pulumi ${args[0]}`}\n`);
  const exitCode = await watchPulumi(io, args, selectionOf(options));
  if (exitCode === 0 && !io.signal.aborted) return;
  throw new CliError(
    "REPAIR_UNFINISHED",
    io.signal.aborted
      ? "The repair is not finished. It was interrupted."
      : `The repair is not finished. ${command`pulumi ${args[0]}`} ended with exit code ${exitCode ?? "none"}.`,
    "See its output above, then run `himl-sp repair` again. You can repeat it at any point.",
  );
}

function selectionOf({ stack, cwd }: AuditOptions) {
  return { ...(stack !== undefined && { stack }), ...(cwd !== undefined && { cwd }) };
}

/** Reports what an audit finds at the end. */
function tellTheEnd(io: Io, plan: Plan, after: Plan): void {
  if (!isEmpty({ ...after, purges: [] })) {
    throw new CliError(
      "REPAIR_UNFINISHED",
      `The repair is not finished. There is still something to do:\n${formatPlan(after).trimEnd()}`,
      "Run `himl-sp repair` again. You can repeat it at any point.",
    );
  }
  io.stderr.write("Repaired: a new audit finds nothing else to repair.\n");
  if (plan.ending === "destroy") io.stderr.write("Run `pulumi destroy` again, or `pulumi up`.\n");
}

function blocked({ code, what, detail, remedy }: Finding): CliError {
  return new CliError(code, `${what}: ${detail}`, remedy);
}
