import * as pulumi from "@pulumi/pulumi";
import { lookUpExistingApplication, type ExistingApplication } from "./application";
import type { HimlServicePrincipalArgs } from "../himl-service-principal-args";
import { Hidden, lookUpLogin, lookUpWorkspace, type FoundWorkspace, type Login } from "./look-ups";
import { checkCustomRoles } from "./roles";
import { DEFERRABLE, LATER, type GivenArgs, type PrincipalPlan } from "../plan/plan";
import { InvalidValuesError, printAsMessage, type Problem } from "../plan/problems";
import { canonicalArgument, checkArgument, RULES, type CheckedArgument } from "../plan/rules";
import type { WorkspaceLocation } from "../plan/scopes";
import type * as vaultLookUp from "./vault";
import type { NamedSecret, VaultLocation } from "../plan/vaults";

// Loaded only if a Key Vault is set. `require`, since TypeScript leaves `import()` alone in CommonJS, and Node
// then wants file names with extensions.
// oxlint-disable-next-line typescript/no-require-imports
const loadVaultLookUp = () => require("./vault") as typeof vaultLookUp;

const PENDING = new Promise<never>(() => undefined);

/** What the look-ups returned, and the checks that must finish before any resource is registered. */
export interface World {
  login: pulumi.Output<Login>;
  subscriptionId: pulumi.Output<string>;
  resourceGroupName: pulumi.Output<string>;
  workspaceName: pulumi.Output<string>;
  /** The names as given. Each is secret only if it was given as a secret. */
  named: { [Name in keyof WorkspaceLocation]: pulumi.Output<string> };
  /** Undefined if there is none, or if a preview does not know it yet. */
  vault: pulumi.Output<VaultLocation | undefined>;
  /** Stays pending if the look-up failed. */
  existing: Promise<ExistingApplication> | undefined;
  /** Resolves when everything is checked, and the resources on which the component depends exist. */
  verified: pulumi.Output<pulumi.Resource[]>;
}

/** What the look-ups found. */
interface Verified extends FoundWorkspace {
  vault: VaultLocation | undefined;
}

/** An error that Pulumi shows without a stack trace, tied to the component. */
export function toResourceError(error: unknown, component: pulumi.Resource): unknown {
  return error instanceof InvalidValuesError
    ? printAsMessage(new pulumi.ResourceError(error.message, component, true))
    : error;
}

/** The arguments that are known already. The others are marked, and checked later. */
export function withoutOutputs(args: HimlServicePrincipalArgs): GivenArgs {
  const entries = Object.entries(args).map(([name, value]: [string, unknown]) => [
    name,
    isPlain(value) ? value : LATER,
  ]);
  return Object.fromEntries(entries) as GivenArgs;
}

export function isPlain(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  // Do not look into resources, or into other objects with methods.
  const isRecord =
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return !isRecord || Object.values(value).every(isPlain);
}

/**
 * Looks up login, workspace and existing application, and checks the values that were not known before.
 *
 * `verified` alone fails, and nothing is computed from it: what needs the answer of a look-up that failed stays pending.
 * A failure further up would be walked through every value that depends on it, by V8, since Pulumi's runner has the
 * debugger on: that took minutes and all memory (docs/decisions/0003-fail-where-nothing-is-computed-from.md).
 */
export function lookUpWorld(
  component: pulumi.Resource,
  args: HimlServicePrincipalArgs,
  plan: PrincipalPlan,
  vaultSecrets: readonly NamedSecret[],
  dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
): World {
  const loggedIn = lookUpLogin(component);
  const found = plan.existingClientId && lookUpExistingApplication(plan.existingClientId, component);
  const login = pulumi.output(ifFulfilled(loggedIn));
  const given = namesOf(args);
  const dependencies = listOf(dependsOn);
  const outcome = pulumi
    .all([pulumi.output(given), checkLater(args), areThere(dependencies), outputOf(args.keyVault)])
    .apply(async ([names, problems, , keyVault]) => {
      const verify = async (): Promise<Verified> => {
        const loggedInAs = await loggedIn;
        if (found) await found;
        if (problems.length > 0) throw new InvalidValuesError("HimlServicePrincipal", problems);
        const subscriptionId = names.subscriptionId ?? loggedInAs.subscriptionId.toLowerCase();
        const location = { ...names, subscriptionId };
        const secrets = await secretsAmong({ ...given, keyVault: args.keyVault });
        const known = { location, login: loggedInAs, keyVault, vaultSecrets, secrets };
        return askAzure(component, args.workspaceLookup !== false, plan, known);
      };
      return (await Promise.allSettled([verify()]))[0];
    });
  const verified = outcome.apply((result) => {
    if (result.status === "rejected") throw toResourceError(result.reason, component);
    return dependencies;
  });

  const answered = outcome.apply((result): Promise<Verified> =>
    result.status === "fulfilled" ? Promise.resolve(result.value) : PENDING,
  );
  // A secret value must not make the others secret.
  const spelled = pulumi.unsecret(answered);
  const spellingOf = (name: "resourceGroupName" | "workspaceName") =>
    args.workspaceLookup === false
      ? given[name]
      : pulumi.all([given[name], spelled]).apply(([, names]) => names[name]);
  const subscriptionId = given.subscriptionId ?? login.apply((known) => known.subscriptionId.toLowerCase());
  const names = {
    subscriptionId,
    resourceGroupName: spellingOf("resourceGroupName"),
    workspaceName: spellingOf("workspaceName"),
  };
  const existing = found ? ifFulfilled(found) : undefined;
  const vault = answered.apply((known) => known.vault);
  return { login, ...names, named: { ...given, subscriptionId }, vault, existing, verified };
}

/** Looks up the workspace, custom roles and the Key Vault, and warns about them. */
async function askAzure(
  component: pulumi.Resource,
  looksUp: boolean,
  plan: PrincipalPlan,
  known: {
    location: WorkspaceLocation;
    login: Login;
    keyVault: unknown;
    vaultSecrets: readonly NamedSecret[];
    /** Those of the arguments that are secrets, by their names. */
    secrets: Readonly<Record<string, string>>;
  },
): Promise<Verified> {
  const { location, login, keyVault, vaultSecrets, secrets } = known;
  const hidden = new Hidden(secrets);
  const [spelled] = await Promise.all([
    looksUp ? lookUpWorkspace(location, login, component, hidden) : location,
    plan.allowPrivilegedRoles ? undefined : checkCustomRoles(plan.roles, location, component),
  ]);
  if (vaultSecrets.length === 0) return { ...spelled, vault: undefined };
  const question = {
    vault: canonicalArgument("keyVault", keyVault as string),
    workspace: { ...location, ...spelled },
    login,
    looksUp,
    vaultSecrets,
    secrets,
  };
  return { ...spelled, vault: await loadVaultLookUp().lookUpVault(question, component) };
}

/**
 * Checks in a preview what only the planned resources tell. As with `verified`, only this fails, and nothing is computed
 * from it.
 */
export function checkInPreview(check: () => Promise<void>): void {
  if (!pulumi.runtime.isDryRun()) return;
  // Without this the preview would end, green, while the check still asks Azure. It ends after the failure was reported.
  const done = pulumi.runtime.rpcKeepAlive();
  void check().finally(() => setImmediate(done));
}

/** The names of the workspace as outputs, unchanged. */
function namesOf({ subscriptionId, resourceGroupName, workspaceName }: HimlServicePrincipalArgs) {
  return {
    subscriptionId:
      subscriptionId === undefined ? undefined : canonical<string>("subscriptionId", subscriptionId),
    resourceGroupName: pulumi.output(resourceGroupName),
    workspaceName: pulumi.output(workspaceName),
  };
}

function listOf(dependsOn: pulumi.ComponentResourceOptions["dependsOn"]): pulumi.Output<pulumi.Resource[]> {
  const listed = (all: unknown) => (all === undefined ? [] : [all].flat()) as pulumi.Resource[];
  return outputOf(dependsOn).apply(listed);
}

/** Those of these values that are secrets. */
async function secretsAmong(values: Record<string, unknown>): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (!pulumi.Output.isInstance(value) || !(await pulumi.isSecret(value))) continue;
    const known = await valueIfKnown(value);
    if (typeof known === "string") secrets[name] = known;
  }
  return secrets;
}

// Pulumi's own types do not work for a value of type unknown.
const outputOf = (value: unknown) => pulumi.output(value) as unknown as pulumi.OutputInstance<unknown>;

/** An argument in its canonical spelling. */
export function canonical<T>(argument: CheckedArgument, value: pulumi.Input<unknown>): pulumi.Output<T> {
  const spell = (given: unknown) => canonicalArgument(argument, given as T);
  return outputOf(value).apply(spell);
}

/** Problems with arguments whose values were not known before. */
function checkLater(args: HimlServicePrincipalArgs): pulumi.Output<Problem[]> {
  const problems = DEFERRABLE.filter((argument) => !isPlain(args[argument])).map((argument) => {
    const value = outputOf(args[argument]);
    return value.apply(async (known) => {
      const problem = known === undefined ? undefined : checkArgument(argument, known);
      // The remedy may name the value that was meant.
      return problem && (await pulumi.isSecret(value))
        ? { ...problem, received: "[secret]", remedy: RULES[argument].remedy }
        : problem;
    });
  });
  return pulumi.all(problems).apply((found) => found.filter((problem) => problem !== undefined));
}

/** Unknown in a preview that creates one of these resources: then there is nothing to look up yet. */
function areThere(resources: pulumi.Output<pulumi.Resource[]>): pulumi.Output<unknown> {
  return resources.apply((all) =>
    pulumi.all(all.map((one) => (pulumi.CustomResource.isInstance(one) ? one.id : one.urn))),
  );
}

/** The value of a promise. If it fails, this one stays pending: the failure is reported elsewhere, and ends the program. */
export function ifFulfilled<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve) => void promise.then(resolve, () => undefined));
}

/** The value of an output. Undefined if a preview does not know it. */
export async function valueIfKnown<T>(output: pulumi.Output<T>): Promise<T | undefined> {
  // Internal in the types of Pulumi.
  const internal = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
  const value = await internal.promise();
  return (await internal.isKnown) ? value : undefined;
}
