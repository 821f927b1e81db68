import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../terminal/durations";
import { CliError } from "../errors";
import type { Io } from "../io";
import type { Variables } from "../variables";
import { readMissingActions, readSubscription, readWorkspace } from "./access";
import { checkGiven, checkHolder, describeVariables, failed, pauses, type Report } from "./checks";
import { VerificationError } from "./explanations";
import { logIn, type Login } from "./login";
import { ResourceManager } from "../azure/resource-manager";
import type { CheckedVariables } from "./variables";

/**
 * Checks that Entra refuses the login, as after a rotation or `pulumi destroy`. What is no proof of that (no network, a
 * policy of the tenant, another tenant) is a failure. Where the login still succeeds, it is tried what that is good for.
 *
 * @param options.wait milliseconds in which a login that still succeeds is tried again.
 * @returns what is wrong, if something is.
 */
export async function verifyRefused(
  io: Io,
  given: Variables,
  options: { wait?: number },
  report: Report,
): Promise<CliError | undefined> {
  try {
    let variables: CheckedVariables;
    try {
      variables = checkGiven(given);
    } catch (error) {
      if (error instanceof CliError) report(failed("variables", error));
      throw error;
    }
    report({ check: "variables", ok: true, detail: describeVariables(variables) });

    const deadline = Date.now() + (options.wait ?? 0);
    const login = await untilRefused(io, deadline, variables, report);
    if (login === undefined) return undefined;
    const stillWorks = await tryAccess(new ResourceManager(login.token, io.signal), variables, report);
    return new CliError(
      "NOT_REFUSED",
      `The login must be refused. It still succeeds, ${login.how}. ${
        stillWorks.length === 0
          ? "It can do nothing in the workspace."
          : `With it, ${stillWorks.join(", and ")}.`
      }`,
      login.how === "with the login of the Azure CLI"
        ? "The Azure CLI keeps tokens until they expire. `az logout`, and log in again as the pipeline does: that must fail."
        : "Entra needs some minutes to apply a removal everywhere: add --wait 5m. `himl-sp audit` shows what can log in.",
    );
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
}

/** @returns the login, if it still succeeds when the time is over. */
async function untilRefused(
  io: Io,
  deadline: number,
  variables: CheckedVariables,
  report: Report,
): Promise<Login | undefined> {
  for (const pause of pauses()) {
    let login: Login;
    try {
      login = await logIn(io, variables);
      checkHolder(login, variables);
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      if (!error.isRevocation) {
        report(failed("login", error));
        throw error;
      }
      report({ check: "login", ok: true, detail: error.message, code: error.code });
      return undefined;
    }
    const left = deadline - Date.now();
    if (left <= 0) {
      report({ check: "login", ok: false, detail: `still succeeds, ${login.how}`, code: "NOT_REFUSED" });
      return login;
    }
    io.stderr.write(`login: still succeeds; trying again for ${formatDuration(left)}\n`);
    await sleep(Math.min(pause, left), undefined, { signal: io.signal });
  }
  throw new Error("unreachable");
}

/** @returns what may be done with the token, in words that follow "With it, ". */
async function tryAccess(
  azure: ResourceManager,
  variables: CheckedVariables,
  report: Report,
): Promise<string[]> {
  const stillWorks: string[] = [];
  const attempt = async (check: string, works: string, isAllowed: () => Promise<boolean>) => {
    try {
      if (await isAllowed()) {
        stillWorks.push(works);
        report({ check, ok: false, detail: works, code: "STILL_WORKS" });
      } else report({ check, ok: true, detail: "refused" });
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      // No answer is no refusal. What may be read and is not there tells nothing either.
      const isRefusal = error.mayBeReplication;
      report({ check, ok: isRefusal, detail: error.message, code: error.code });
    }
  };
  await attempt("subscription", "the subscription may be read", async () => {
    await readSubscription(azure, variables);
    return true;
  });
  await attempt("workspace", "the workspace may be read", async () => {
    await readWorkspace(azure, variables);
    return true;
  });
  await attempt("role", "jobs may be submitted", async () => {
    return (await readMissingActions(azure, variables)).length === 0;
  });
  return stillWorks;
}
