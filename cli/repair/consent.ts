import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import type { Plan } from "./plan";

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
  const answer = await io.ask(`Do it?${warning} [yes/no] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new CliError("DECLINED", "Nothing was changed.", "Answer yes to repair.");
}
