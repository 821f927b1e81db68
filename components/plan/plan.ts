import { resolveTrusts, type ResolvedTrust } from "./trusts";
import {
  DEFAULT_ROLE,
  DEFAULTS,
  type Authentication,
  type HimlServicePrincipalArgs,
} from "../himl-service-principal-args";
import type { Problem } from "./problems";
import { resolveRoles, type PlannedRole } from "./roles";
import {
  canonicalArgument,
  checkAuthentication,
  checkDelivery,
  checkExistingApplication,
  checkGiven,
  readKeyVault,
  RULES,
  type CheckedArgument,
  type GivenArgs,
} from "./rules";
import type { SecretSchedule } from "./secret-schedule";

/** Every argument with one rule for its value: an argument without a rule does not compile. */
const ARGUMENTS = Object.keys(
  RULES satisfies Record<Exclude<keyof HimlServicePrincipalArgs, "transform">, unknown>,
).filter((argument) => argument !== "keyVault") as CheckedArgument[];

/** What follows from arguments that must be plain, since they decide how many resources there are. */
export interface PrincipalPlan {
  authentication: Authentication;
  existingClientId: string | undefined;
  /** None with `federated`: then there are no secrets. */
  schedule: SecretSchedule | undefined;
  trusts: readonly ResolvedTrust[];
  roles: readonly PlannedRole[];
  allowPrivilegedRoles: boolean;
  /** What goes into the Key Vault; undefined where there is none. */
  delivery: Delivery | undefined;
  /** What may be wrong, but cannot be checked here. */
  warnings: readonly string[];
}

/** What is delivered to a Key Vault. Which one, may come from another resource. */
export interface Delivery {
  password: boolean;
  otherVariables: boolean;
  /** Given by the program; left out, it is made from the stack's name. */
  prefix: string | undefined;
}

export type Planned =
  | { plan: PrincipalPlan; problems?: undefined }
  | { plan?: undefined; problems: readonly [Problem, ...Problem[]] };

const REQUIRED = ["workspaceName", "resourceGroupName"] as const;

/**
 * The plan that follows from the arguments, or every problem at once. Pure: the component and the settings of a stack
 * both call it. Only what needs Azure is checked elsewhere.
 */
export function planPrincipal(args: GivenArgs): Planned {
  const missing = REQUIRED.filter((argument) => args[argument] === undefined);
  const problems: Problem[] = missing.map((what) => ({
    what,
    must: "be given",
    remedy: RULES[what].remedy,
  }));
  const broken = new Set<CheckedArgument>();
  const keyVault = readKeyVault(args.keyVault);
  problems.push(...keyVault.problems);
  for (const argument of ARGUMENTS) {
    const problem = args[argument] === undefined ? undefined : checkGiven(argument, args[argument]);
    if (!problem) continue;
    problems.push(problem);
    broken.add(argument);
  }
  const valueOf = <T>(argument: CheckedArgument, otherwise: T): T =>
    args[argument] === undefined || broken.has(argument) ? otherwise : (args[argument] as T);

  const allowPrivilegedRoles = valueOf<boolean>("allowPrivilegedRoles", DEFAULTS.allowPrivilegedRoles);
  const roles = resolveRoles(
    valueOf<readonly unknown[]>("roles", [{ role: DEFAULT_ROLE }]),
    allowPrivilegedRoles,
  );
  const { trusts, problems: trustProblems } = resolveTrusts(
    "federatedCredentials",
    valueOf<readonly unknown[]>("federatedCredentials", []),
    valueOf<boolean>("allowBroadTrusts", DEFAULTS.allowBroadTrusts),
  );
  problems.push(...roles.problems, ...trustProblems, ...checkExistingApplication(args));
  const authentication = valueOf("authentication", defaultAuthentication(trusts));
  // If one of the two is invalid, the combination cannot be checked.
  if (!broken.has("authentication") && !broken.has("federatedCredentials") && trustProblems.length === 0)
    problems.push(...checkAuthentication(authentication, trusts.length));
  if (!broken.has("authentication") && keyVault.problems.length === 0)
    problems.push(...checkDelivery(keyVault, authentication, args.previewChecks));

  const [first, ...more] = problems;
  if (first) return { problems: [first, ...more] };
  const schedule = {
    renewSecretsEveryDays: valueOf<number>("renewSecretsEveryDays", DEFAULTS.renewSecretsEveryDays),
    secretGeneration: valueOf<number>("secretGeneration", DEFAULTS.secretGeneration),
  };
  return {
    plan: {
      authentication,
      existingClientId: canonicalArgument(
        "existingClientId",
        valueOf<string | undefined>("existingClientId", undefined),
      ),
      schedule: authentication === "federated" ? undefined : schedule,
      trusts,
      roles: roles.roles,
      allowPrivilegedRoles,
      delivery: planDelivery(keyVault, authentication),
      warnings: trusts.flatMap(({ warning }) => warning ?? []),
    },
  };
}

/** Trusts stand in the place of the password, unless both are asked for. */
function defaultAuthentication(trusts: readonly unknown[]): Authentication {
  return trusts.length > 0 ? "federated" : "secret";
}

function planDelivery(
  { vault, allVariables: otherVariables, secretPrefix: prefix }: ReturnType<typeof readKeyVault>,
  authentication: Authentication,
): Delivery | undefined {
  return vault === undefined
    ? undefined
    : { password: authentication !== "federated", otherVariables, prefix };
}
