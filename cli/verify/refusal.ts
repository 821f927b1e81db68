import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../terminal/durations";
import { CliError } from "../errors";
import type { Io } from "../io";
import { checkVariables, type CheckedVariables, type Variables } from "../variables";
import {
  checkHolder,
  describeVariables,
  failed,
  pauses,
  readMissingActions,
  readSubscription,
  readWorkspace,
  type Report,
} from "./checks";
import { VerificationError, WRONG_PASSWORD } from "./explanations";
import { logIn, type Login } from "./login";
import { ResourceManager } from "../azure/resource-manager";

/**
 * What a revocation does not take away at once, in the words of the README and SECURITY.md.
 *
 * Access tokens live for 60 to 90 minutes. Continuous access evaluation ends them sooner for workload identities at
 * Microsoft Graph only: https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation-workload
 */
export const TOKENS_GIVEN_BEFORE =
  "A token that was issued before stays valid at Azure Resource Manager until it expires, 60 to 90 minutes after it was issued. Without a role it can do nothing.";

interface RefusalOptions {
  /** Milliseconds in which a login that still succeeds is tried again. */
  wait?: number;
  /** Whether the stack handed out this password. Asked only where nothing else shows that it was one. */
  isHandedOut: () => boolean | Promise<boolean>;
}

const NOT_PROVED = new CliError(
  "NOT_PROVED",
  "Entra refuses this text (AADSTS7000215), as it refuses any text that is no password. Nothing here shows that it ever was the password.",
  "Name the stack that handed it out with --stack and --cwd, or start with --wait while the password still works. `himl-sp rotate` proves it by itself.",
);

/**
 * Checks that Entra refuses the login, as after a rotation or `pulumi destroy`. What is no proof of that (no network, a
 * policy of the tenant, another tenant, a text that never was the password) is a failure. Where the login still succeeds,
 * it is tried what that is good for.
 *
 * @returns what is wrong, if something is.
 */
export async function verifyRefused(
  io: Io,
  given: Variables,
  options: RefusalOptions,
  report: Report,
): Promise<CliError | undefined> {
  try {
    let variables: CheckedVariables;
    try {
      variables = checkVariables(given);
    } catch (error) {
      if (error instanceof CliError) report(failed("variables", error));
      throw error;
    }
    report({ check: "variables", ok: true, detail: describeVariables(variables) });

    const login = await untilRefused(io, options, variables, report);
    if (login === undefined) return undefined;
    const stillWorks = await tryAccess(new ResourceManager(login.token, io.signal), variables, report);
    return new CliError(
      "NOT_REFUSED",
      `The login must be refused. It still succeeds, ${login.how}. ${
        stillWorks.length === 0
          ? "It can do nothing in the workspace."
          : `With it, ${stillWorks.join(", and ")}.`
      }`,
      login.how.endsWith("of the Azure CLI")
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
  { wait = 0, isHandedOut }: RefusalOptions,
  variables: CheckedVariables,
  report: Report,
): Promise<Login | undefined> {
  const deadline = Date.now() + wait;
  let hasLoggedIn = false;
  for (const pause of pauses()) {
    let login: Login;
    try {
      login = await logIn(io, variables);
      checkHolder(login, variables);
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      const isProof =
        error.isRevocation && (error.code !== WRONG_PASSWORD || hasLoggedIn || (await isHandedOut()));
      if (isProof) {
        report({ check: "login", ok: true, detail: error.message, code: error.code });
        return undefined;
      }
      const reason = error.isRevocation ? NOT_PROVED : error;
      report(failed("login", reason));
      throw reason;
    }
    hasLoggedIn = true;
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
