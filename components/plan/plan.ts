import { resolveTrusts, type ResolvedTrust } from "./trusts";
import {
  DEFAULT_ROLE,
  DEFAULTS,
  type Authentication,
  type HimlServicePrincipalArgs,
} from "../himl-service-principal-args";
import type { Problem } from "./problems";
import { resolveRoles, type PlannedRole } from "./roles";
import { canonicalArgument, checkArgument, RULES, type CheckedArgument } from "./rules";
import type { SecretSchedule } from "./secret-schedule";
import { WORKSPACE_VAULT } from "./vaults";

/** Placeholder for an argument whose value is not known yet. It is checked later. */
export const LATER = Symbol("later");

/** Arguments that may be outputs. The others decide how many resources there are. */
export const DEFERRABLE = [
  "workspaceName",
  "resourceGroupName",
  "subscriptionId",
  "displayName",
  "description",
  "serviceManagementReference",
  "owners",
  "keyVault",
] as const satisfies CheckedArgument[];

/** Every argument that is a value: one without a rule does not compile. */
const ARGUMENTS = Object.keys(
  RULES satisfies Record<Exclude<keyof HimlServicePrincipalArgs, "transform">, unknown>,
) as CheckedArgument[];

/** Unchecked arguments, of unknown types. */
export type GivenArgs = { readonly [Argument in keyof HimlServicePrincipalArgs]?: unknown };

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

/** Arguments that describe an application: not allowed for somebody else's application. */
const DESCRIBING = ["displayName", "description", "serviceManagementReference", "owners"] as const;

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
  const otherVariables = valueOf<boolean>("keyVaultAllVariables", DEFAULTS.keyVaultAllVariables);
  if (!broken.has("authentication") && !broken.has("keyVaultAllVariables"))
    problems.push(...checkKeyVault(args, authentication, otherVariables));

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
      delivery: planDelivery(args, authentication, otherVariables),
      warnings: trusts.flatMap(({ warning }) => warning ?? []),
    },
  };
}

/** Trusts stand in the place of the password, unless both are asked for. */
function defaultAuthentication(trusts: readonly unknown[]): Authentication {
  return trusts.length > 0 ? "federated" : "secret";
}

function checkGiven(argument: CheckedArgument, value: unknown): Problem | undefined {
  if (value !== LATER) return checkArgument(argument, value);
  if ((DEFERRABLE as readonly string[]).includes(argument)) return undefined;
  const remedy = "It decides how many resources there are, so it cannot come from another resource.";
  return { what: argument, must: "be a plain value, not an output", remedy };
}

/** Checks that there are trusts if and only if the authentication needs them. */
function checkAuthentication(authentication: Authentication, trusts: number): Problem[] {
  if (authentication === "secret" && trusts > 0) {
    return [
      {
        what: "authentication",
        must: "be federated or both if there are federatedCredentials",
        received: authentication,
        remedy: "Choose both to keep the password while pipelines move, federated afterwards.",
      },
    ];
  }
  if (authentication === "secret" || trusts > 0) return [];
  return [
    {
      what: "federatedCredentials",
      must: `name whose tokens to trust if authentication is ${authentication}`,
      remedy: 'For example: [{"github": {"repository": "owner/name", "environment": "production"}}]',
    },
  ];
}

function planDelivery(
  { keyVault, keyVaultSecretPrefix }: GivenArgs,
  authentication: Authentication,
  otherVariables: boolean,
): Delivery | undefined {
  if (keyVault === undefined) return undefined;
  const password = authentication !== "federated";
  const prefix = canonicalArgument("keyVaultSecretPrefix", keyVaultSecretPrefix as string | undefined);
  return { password, otherVariables, prefix };
}

/** Checks that with a Key Vault there is something to write to it, and that nothing asks for a missing Key Vault. */
function checkKeyVault(args: GivenArgs, authentication: Authentication, otherVariables: boolean): Problem[] {
  const { keyVault, workspaceLookup } = args;
  if (keyVault === undefined) {
    // False is the default, so it needs no Key Vault.
    const without = [
      ...(otherVariables ? ["keyVaultAllVariables"] : []),
      ...(args.keyVaultSecretPrefix === undefined ? [] : ["keyVaultSecretPrefix"]),
    ];
    return without.map((what) => ({
      what,
      must: "be left out if there is no keyVault",
      remedy: "keyVault says to which vault the variables are delivered.",
    }));
  }
  const problems: Problem[] = [];
  if (authentication === "federated" && !otherVariables) {
    problems.push({
      what: "keyVault",
      must: "be left out if authentication is federated: there is no password to deliver",
      remedy: "keyVaultAllVariables delivers the five other variables.",
    });
  }
  const isWorkspace =
    typeof keyVault === "string" && canonicalArgument("keyVault", keyVault) === WORKSPACE_VAULT;
  if (isWorkspace && workspaceLookup === false) {
    problems.push({
      what: "keyVault",
      must: "name the vault if workspaceLookup is false: only the look-up finds the vault of the workspace",
      received: keyVault,
      remedy: RULES.keyVault.remedy,
    });
  }
  return problems;
}

function checkExistingApplication(args: GivenArgs): Problem[] {
  if (args.existingClientId === undefined) return [];
  return DESCRIBING.filter((name) => args[name] !== undefined).map((name) => ({
    what: name,
    must: "be left out if existingClientId is set",
    remedy: "Somebody else registered that application, and decides on its name and owners.",
  }));
}
