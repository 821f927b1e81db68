import type { Audit } from "../audit/audit";
import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import { instanceOf, isManagedBy } from "../../components/plan/ownership";
import { printable, printableLines } from "../terminal/printable";
import type { Plan } from "./plan";
import type { StackLocked } from "./state";

// What only a person can say.

/** @throws CliError unless a person accepts the plan that was shown. */
export async function requireConsent(io: Io, plan: Plan): Promise<void> {
  if (!io.canAsk) {
    throw new MisuseError(
      "NOBODY_TO_ASK",
      "Without a terminal, repair must be given --yes.",
      "Nothing was changed: the plan above is what it would do.",
    );
  }
  const isForGood = plan.purges.length + plan.purgedAfterRemoval.length > 0;
  const warning = isForGood ? " What is deleted permanently cannot be restored." : "";
  if (await isYes(io, `Do it?${warning}`)) return;
  throw new CliError("DECLINED", "Nothing was changed.", "Answer yes to repair.");
}

/**
 * The instances of the applications that are named as this stack's and that it does not record: nothing but a person knows
 * whether this stack made them before a `pulumi destroy`, or one of the same name in another clone.
 */
export async function askForFormerInstances(
  io: Io,
  { answers, stack, instanceIds }: Audit,
): Promise<string[]> {
  if (stack === undefined || instanceIds.length > 0 || !io.canAsk) return [];
  const confirmed: string[] = [];
  for (const { displayName, clientId, created, description, tags } of answers.taggedApplications ?? []) {
    const instance = instanceOf(tags);
    if (instance === undefined || !isManagedBy(description, stack)) continue;
    const question = `The application ${displayName} (client ID ${clientId}, created ${created}) is named as this stack's, which records nothing. Did this stack make it, and is it to be removed?`;
    if (await isYes(io, question)) confirmed.push(instance);
  }
  return confirmed;
}

/** @throws StackLocked unless a person says that the run has ended. */
export async function requireUnlocking(io: Io, lock: StackLocked, isAnswered: boolean): Promise<void> {
  if (isAnswered || !io.canAsk) throw lock;
  io.stderr.write(printableLines(`${lock.said}\n`));
  if (!(await isYes(io, "Has that run ended for certain, so that its lock may go (`pulumi cancel`)?")))
    throw lock;
}

async function isYes(io: Io, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await io.ask(`${printable(question)} [yes/no] `)).trim());
}
