import { setTimeout as sleep } from "node:timers/promises";
import { command } from "../../components/plan/commands";
import { mayDo, type Permission } from "../../components/plan/permissions";
import { formatDays, formatDuration, formatLocalTime } from "../terminal/durations";
import { CliError } from "../errors";
import type { Io } from "../io";
import { checkVariables, type CheckedVariables, PASSWORD, type Variables } from "../variables";
import { VerificationError } from "./explanations";
import { logIn, type Login } from "./login";
import { ResourceManager } from "../azure/resource-manager";

interface VerifyOptions {
  /** Milliseconds in which what replication explains is tried again. @default 0 */
  wait?: number;
  /** When the password ends, where that is known. */
  passwordEnds?: string;
  /** The pipeline only reads: that the roles do not allow to submit is no failure. */
  readOnly?: boolean;
}

/** One line of the report. */
export interface CheckResult {
  check: string;
  ok: boolean;
  /** What was found, or the sentence that says what is wrong. */
  detail: string;
  code?: string;
  remedy?: string;
  /** The workspace that was found. */
  workspace?: { id: string; location: string };
}

export type Report = (result: CheckResult) => void;

const LONGEST_PAUSE_MS = 15_000;

/**
 * Checks what hi-ml needs, one after the other, until one fails; `report` is told of each.
 *
 * @returns what is wrong, if something is.
 */
export async function verify(
  io: Io,
  given: Variables,
  options: VerifyOptions,
  report: Report,
): Promise<CliError | undefined> {
  const deadline = Date.now() + (options.wait ?? 0);

  async function check<T>(
    name: string,
    run: () => T | Promise<T>,
    describe: (found: T) => string,
    more?: (found: T) => Partial<CheckResult>,
  ): Promise<T> {
    try {
      const found = await untilReplicated(io, deadline, name, run);
      report({ check: name, ok: true, detail: describe(found), ...more?.(found) });
      return found;
    } catch (error) {
      if (error instanceof CliError) report(failed(name, error));
      throw error;
    }
  }

  try {
    const variables = await check("variables", () => checkVariables(given), describeVariables);
    const login = await check(
      "token",
      () => logIn(io, variables),
      ({ how }) => `as the service principal, ${how}`,
    );
    await check(
      "tenant",
      () => checkHolder(login, variables),
      () => variables.HIML_TENANT_ID,
    );
    const azure = new ResourceManager(login.token, io.signal);
    await check(
      "subscription",
      () => readSubscription(azure, variables),
      ({ displayName }) => `${displayName} (${variables.HIML_SUBSCRIPTION_ID})`,
    );
    await check(
      "workspace",
      () => readWorkspace(azure, variables),
      ({ name, location }) => `${name} in ${variables.HIML_RESOURCE_GROUP}, ${location}; may be read`,
      ({ id, location }) => ({ workspace: { id, location } }),
    );
    await check(
      "role",
      async () => checkRole(await readMissingActions(azure, variables), options.readOnly ?? false),
      (maySubmit) => (maySubmit ? "may submit jobs" : "may not submit jobs, as intended"),
    );
    if (variables[PASSWORD] !== undefined) {
      const ends = options.passwordEnds;
      const detail =
        ends === undefined
          ? "not known here: the stack knows it (`himl-sp status`)"
          : `${formatLocalTime(ends)}, ${formatDays(ends, io.now())}`;
      report({ check: "password ends", ok: true, detail });
    }
    return undefined;
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
}

/** The line of a check that has failed. */
export function failed(check: string, { code, message, remedy }: CliError): CheckResult {
  return { check, ok: false, detail: message, code, remedy };
}

/** Tries again while replication explains the failure and there is time. */
async function untilReplicated<T>(
  io: Io,
  deadline: number,
  name: string,
  run: () => T | Promise<T>,
): Promise<T> {
  for (const pause of pauses()) {
    try {
      return await run();
    } catch (error) {
      const left = deadline - Date.now();
      if (!(error instanceof VerificationError && error.mayBeReplication) || left <= 0) throw error;
      io.stderr.write(
        `${name}: not yet (${error.code}). Replication may be the cause: trying again for ${formatDuration(left)}\n`,
      );
      await sleep(Math.min(pause, left), undefined, { signal: io.signal });
    }
  }
  throw new Error("unreachable");
}

/** Milliseconds between attempts, longer each time. */
export function* pauses(): Generator<number, never> {
  for (let pause = 1_000; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) yield pause;
}

export function describeVariables(variables: CheckedVariables): string {
  return variables[PASSWORD] === undefined
    ? `5 present and well formed; no ${PASSWORD}`
    : "6 present and well formed";
}

/** A login of the Azure CLI may be anybody's: that theirs works says nothing of the pipeline's. */
export function checkHolder({ claims, how }: Login, variables: CheckedVariables): void {
  if (!isSame(claims.tid, variables.HIML_TENANT_ID)) {
    throw new VerificationError(
      "OTHER_TENANT",
      `The login must be in the tenant of HIML_TENANT_ID. It is in ${claims.tid} (asked ${how}).`,
      command`az login --tenant ${variables.HIML_TENANT_ID}`,
    );
  }
  if (!isSame(claims.appid, variables.HIML_SERVICE_PRINCIPAL_ID)) {
    throw new VerificationError(
      "OTHER_IDENTITY",
      `The login must be that of the service principal, ${variables.HIML_SERVICE_PRINCIPAL_ID}. It belongs to another identity, with the object ID ${claims.oid} (asked ${how}).`,
      `Run it in the pipeline, after its login; or set ${PASSWORD}.`,
    );
  }
}

function isSame(id: string | undefined, other: string): boolean {
  return id?.toLowerCase() === other.toLowerCase();
}

function checkRole(missing: readonly string[], readOnly: boolean): boolean {
  if (missing.length > 0 && !readOnly) {
    throw new VerificationError(
      "ROLE_LACKS_SUBMIT",
      `The roles of the service principal must allow it to submit jobs. They lack ${missing.join(" and ")}.`,
      'Give it "AzureML Data Scientist" on the workspace. If it should only read, add --read-only.',
      true,
    );
  }
  return missing.length === 0;
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles#common-scenarios */
const SUBMIT_ACTIONS = [
  "Microsoft.MachineLearningServices/workspaces/jobs/write",
  "Microsoft.MachineLearningServices/workspaces/experiments/runs/submit/action",
];

export function readSubscription(
  azure: ResourceManager,
  variables: CheckedVariables,
): Promise<{ displayName: string }> {
  return azure.get(subscriptionPath(variables), "2022-12-01", "the subscription");
}

export function readWorkspace(
  azure: ResourceManager,
  variables: CheckedVariables,
): Promise<{ id: string; name: string; location: string }> {
  return azure.get(workspacePath(variables), "2024-10-01", "the workspace");
}

/** What the roles on the workspace lack for submitting jobs. "May", not "can": compute and quota are another matter. */
export async function readMissingActions(
  azure: ResourceManager,
  variables: CheckedVariables,
): Promise<string[]> {
  const path = `${workspacePath(variables)}/providers/Microsoft.Authorization/permissions`;
  const { value } = await azure.get<{ value: Permission[] }>(
    path,
    "2022-04-01",
    "the roles on the workspace",
  );
  return SUBMIT_ACTIONS.filter((action) => !mayDo(value, action));
}

function subscriptionPath(variables: CheckedVariables): string {
  return `/subscriptions/${variables.HIML_SUBSCRIPTION_ID}`;
}

function workspacePath(variables: CheckedVariables): string {
  const { HIML_RESOURCE_GROUP, HIML_WORKSPACE_NAME } = variables;
  return `${subscriptionPath(variables)}/resourceGroups/${HIML_RESOURCE_GROUP}/providers/Microsoft.MachineLearningServices/workspaces/${HIML_WORKSPACE_NAME}`;
}
