import * as pulumi from "@pulumi/pulumi";
import { resolveTrusts, type ResolvedTrust } from "./federated-subjects";
import { DEFAULTS, type HimlServicePrincipalArgs, type RoleArgs } from "./himl-service-principal-args";
import { InvalidValuesError, printAsMessage, type Problem } from "./problems";
import { resolveRole, type ResolvedRole } from "./roles";
import { checkValue, describePrivilegedRole, describeProblem, isFutureDate, RULES, type Rule } from "./rules";
import type { RoleScope } from "./scopes";
import { planSecrets, type PlannedSecret } from "./secret-schedule";

/** What follows from arguments that must be plain, since they decide how many resources there are. */
export interface Plan {
  /** The current one first; none with `federated`. */
  secrets: readonly PlannedSecret[];
  nextRenewal: Date;
  trusts: readonly ResolvedTrust[];
  roles: readonly (ResolvedRole & { scope: RoleScope })[];
}

/** Arguments whose values may be outputs, each with one rule of its own. */
const SCALARS = [
  "subscriptionId",
  "resourceGroupName",
  "workspaceName",
  "existingApplicationId",
  "displayName",
  "description",
  "serviceManagementReference",
  "owners",
] as const;

/**
 * Checks every argument whose value is there already, and plans what to declare.
 *
 * @throws pulumi.ResourceError with all problems at once.
 */
export function validateArgs(name: string, args: HimlServicePrincipalArgs, component: pulumi.Resource): Plan {
  const problems: Problem[] = [];
  const check = (rule: Rule, what: string, value: unknown) => {
    const { problem } = checkValue(rule, what, value);
    if (problem) problems.push(problem);
  };

  for (const argument of SCALARS) {
    const value: unknown = args[argument];
    if (value !== undefined && isPlain(value)) check(RULES[argument], argument, value);
  }
  const now = args.now ?? new Date();
  const schedule = {
    renewSecretsEveryDays: args.renewSecretsEveryDays ?? DEFAULTS.renewSecretsEveryDays,
    secretsSince: args.secretsSince ?? DEFAULTS.secretsSince,
    secretGeneration: args.secretGeneration ?? DEFAULTS.secretGeneration,
  };
  check(RULES.renewSecretsEveryDays, "renewSecretsEveryDays", schedule.renewSecretsEveryDays);
  check(RULES.secretsSince, "secretsSince", schedule.secretsSince);
  check(RULES.secretGeneration, "secretGeneration", schedule.secretGeneration);
  if (isFutureDate(schedule.secretsSince, now)) {
    problems.push(describeProblem(RULES.secretsSince, "secretsSince", schedule.secretsSince));
  }
  const roles = resolveRoles(args.roles ?? [{ role: DEFAULTS.role }], args.allowPrivilegedRoles);
  const trusts = resolveTrusts("federatedCredentials", args.federatedCredentials ?? []);
  problems.push(...roles.problems, ...trusts.problems, ...checkAuthentication(args));
  problems.push(...checkExistingApplication(args));

  if (problems.length > 0) {
    throw toResourceError(new InvalidValuesError(`HimlServicePrincipal "${name}"`, problems), component);
  }
  for (const { warning } of trusts.trusts) if (warning) void pulumi.log.warn(warning, component);
  const { secrets, nextRenewal } = planSecrets(schedule, now);
  return {
    secrets: args.authentication === "federated" ? [] : secrets,
    nextRenewal,
    trusts: trusts.trusts,
    roles: roles.roles,
  };
}

/** What is wrong with arguments whose values were not there yet; never fails, so that its caller decides where to. */
export function checkOutputs(args: HimlServicePrincipalArgs): pulumi.Output<Problem[]> {
  const values = SCALARS.map((argument) => args[argument] as pulumi.Input<unknown>);
  return pulumi.all(values).apply((known) =>
    SCALARS.flatMap((argument, i) => {
      const value = known[i];
      return value === undefined ? [] : (checkValue<unknown>(RULES[argument], argument, value).problem ?? []);
    }),
  );
}

/** As Pulumi shows it without a stack trace, tied to the component. */
export function toResourceError(error: Error, component: pulumi.Resource): pulumi.ResourceError {
  return printAsMessage(new pulumi.ResourceError(error.message, component, true));
}

/** The roles that the arguments stand for, and everything that is wrong with them. `nameOf` spells a place in the list. */
export function resolveRoles(
  args: readonly RoleArgs[],
  allowPrivilegedRoles: boolean = DEFAULTS.allowPrivilegedRoles,
  nameOf = (index: number, field: string) => `roles[${index}]${field}`,
): { roles: Plan["roles"]; problems: Problem[] } {
  const problems: Problem[] = [];
  const roles = args.map(({ role, scope = "resourceGroup", ...rest }, i) => {
    for (const field of Object.keys(rest)) {
      problems.push({
        code: "UnknownField",
        what: nameOf(i, `.${field}`),
        must: "be one of role, scope",
        received: field,
        remedy: "Remove it, or correct its name: a role would be given on the resource group otherwise.",
      });
    }
    const { problem } = checkValue<string>(RULES.scope, nameOf(i, ".scope"), scope);
    if (problem) problems.push(problem);
    const found = resolveRole(role);
    if (!found) problems.push(describeProblem(RULES.role, nameOf(i, ".role"), role));
    else if (found.isPrivileged && !allowPrivilegedRoles)
      problems.push(describePrivilegedRole(nameOf(i, ".role"), role));
    return found && { ...found, scope };
  });
  const keys = roles.map((role) => role && `${role.id} ${String(role.scope).toLowerCase()}`);
  keys.forEach((key, i) => {
    if (key === undefined || keys.indexOf(key) === i) return;
    problems.push({
      code: "DuplicateRole",
      what: nameOf(i, ""),
      must: "be a role and scope that are not in the list yet",
      received: { role: args[i]!.role, scope: roles[i]!.scope },
      remedy: "Azure knows one assignment for each principal, role and scope: remove one of the two.",
    });
  });
  return { roles: roles.filter((role) => role !== undefined), problems };
}

/** What is wrong with the way of logging in: there are trusts where there have to be, and only there. */
export function checkAuthentication({
  authentication = DEFAULTS.authentication,
  federatedCredentials = [],
}: Pick<HimlServicePrincipalArgs, "authentication" | "federatedCredentials">): Problem[] {
  const problems: Problem[] = [];
  const { problem } = checkValue<string>(RULES.authentication, "authentication", authentication);
  if (problem) return [problem];
  if (authentication === "secret" && federatedCredentials.length > 0) {
    problems.push({
      code: "UnusedTrusts",
      what: "authentication",
      must: "be federated or both where there are federatedCredentials",
      received: authentication,
      remedy: "Choose both to keep the password while pipelines move, federated afterwards.",
    });
  } else if (authentication !== "secret" && federatedCredentials.length === 0) {
    problems.push({
      code: "MissingTrusts",
      what: "federatedCredentials",
      must: `name whose tokens to trust where authentication is ${authentication}`,
      remedy: 'For example: [{"github": {"repository": "owner/name", "environment": "production"}}]',
    });
  }
  return problems;
}

/** Arguments that describe an application, and so cannot be given for one that is somebody else's. */
const DESCRIBING = ["displayName", "description", "serviceManagementReference", "owners"] as const;

/** What is wrong with the arguments beside `existingApplicationId`. */
export function checkExistingApplication(
  args: Pick<HimlServicePrincipalArgs, "existingApplicationId" | (typeof DESCRIBING)[number]>,
): Problem[] {
  if (args.existingApplicationId === undefined) return [];
  return DESCRIBING.filter((name) => args[name] !== undefined).map((name) => ({
    code: "NotOfExistingApplication",
    what: name,
    must: "be left out where existingApplicationId is set",
    remedy: "That application belongs to whoever registered it, who decides on its name and owners.",
  }));
}

function isPlain(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return !Array.isArray(value) || value.every(isPlain);
}
