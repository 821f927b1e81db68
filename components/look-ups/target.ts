import * as pulumi from "@pulumi/pulumi";
import type { HimlServicePrincipalArgs, KeyVaultArgs } from "../himl-service-principal-args";
import type { PrincipalPlan } from "../plan/plan";
import { InvalidValuesError, type Problem } from "../plan/problems";
import {
  canonicalArgument,
  checkArgument,
  DEFERRABLE,
  describeSecretName,
  LATER,
  RULES,
  type CheckedArgument,
  type GivenArgs,
} from "../plan/rules";
import type { WorkspaceLocation } from "../plan/scopes";
import type { VaultLocation } from "../plan/vaults";
import { checked, ifFulfilled, toResourceError } from "../report";
import { lookUpExistingApplication, type ExistingApplication } from "./application";
import { lookUpLogin, type Login } from "./login";
import { checkCustomRoles } from "./roles";
import type * as vaultLookUp from "./vault";
import { lookUpWorkspace, type FoundWorkspace } from "./workspace";

// Loaded only if a Key Vault is set. `require`, since TypeScript leaves `import()` alone in CommonJS, and Node
// then wants file names with extensions.
// oxlint-disable-next-line typescript/no-require-imports
const loadVaultLookUp = () => require("./vault") as typeof vaultLookUp;

const PENDING = new Promise<never>(() => undefined);

/** For what the principal is made: a login's tenant, a workspace, perhaps a vault and an application that exist. */
export interface Target {
  login: pulumi.Output<Login>;
  subscriptionId: pulumi.Output<string>;
  /** As Azure spells them. */
  resourceGroupName: pulumi.Output<string>;
  workspaceName: pulumi.Output<string>;
  /** The names as given: known before Azure has answered. */
  given: { [Name in keyof WorkspaceLocation]: pulumi.Output<string> };
  /** Undefined if there is none, or if a preview does not know it yet. */
  vault: pulumi.Output<VaultLocation | undefined>;
  /** Stays pending if the look-up failed. */
  existing: Promise<ExistingApplication> | undefined;
  /** Resolves when everything is checked, and the resources on which the component depends exist. */
  verified: pulumi.Output<pulumi.Resource[]>;
}

/** What the look-ups found. */
interface Found extends FoundWorkspace {
  vault: VaultLocation | undefined;
}

/** The arguments that are known already. The others are marked, and checked later. */
export function withoutOutputs(args: HimlServicePrincipalArgs): GivenArgs {
  const plainOf = (all: object) =>
    Object.fromEntries(
      Object.entries(all).map(([name, value]: [string, unknown]) => [name, isPlain(value) ? value : LATER]),
    );
  const { keyVault } = args;
  return { ...plainOf(args), ...(isObject(keyVault) && { keyVault: plainOf(keyVault) }) };
}

const isObject = (value: HimlServicePrincipalArgs["keyVault"]): value is KeyVaultArgs =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The arguments with the Key Vault alone, which may come from another resource: the rest of its object is in the plan. */
function withVaultAlone(args: HimlServicePrincipalArgs) {
  const { keyVault } = args;
  return { ...args, keyVault: isObject(keyVault) ? keyVault.vault : keyVault };
}

function isPlain(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  // Do not look into resources, or into other objects with methods.
  const isRecord =
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return !isRecord || Object.values(value).every(isPlain);
}

/**
 * Looks up login, workspace, vault and existing application, and checks the values that were not known before.
 *
 * `verified` alone fails, and nothing is computed from it: what needs the answer of a look-up that failed stays pending.
 * A failure further up would be walked through every value that depends on it, by V8, since Pulumi's runner has the
 * debugger on: that took minutes and all memory (docs/decisions/0003-fail-where-nothing-is-computed-from.md).
 */
export function lookUpTarget(
  component: pulumi.Resource,
  all: HimlServicePrincipalArgs,
  plan: PrincipalPlan,
  dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
): Target {
  const args = withVaultAlone(all);
  const loggedIn = lookUpLogin(component);
  const application = plan.existingClientId && lookUpExistingApplication(plan.existingClientId, component);
  const login = pulumi.output(ifFulfilled(loggedIn));
  const named = {
    subscriptionId:
      args.subscriptionId === undefined
        ? undefined
        : canonical<string>("subscriptionId", args.subscriptionId),
    resourceGroupName: pulumi.output(args.resourceGroupName),
    workspaceName: pulumi.output(args.workspaceName),
  };
  const subscriptionId = named.subscriptionId ?? login.apply((known) => known.subscriptionId);
  const given = { ...named, subscriptionId };
  const dependencies = listOf(dependsOn);
  const noSecretName = checked(refuseSecretNames(args), component);
  const outcome = pulumi
    .all([pulumi.output(named), checkLater(args), areThere(dependencies), outputOf(args.keyVault)])
    .apply(async ([names, problems, , keyVault]) => {
      await noSecretName;
      const look = async (): Promise<Found> => {
        const loggedInAs = await loggedIn;
        if (application) await application;
        if (problems.length > 0) throw new InvalidValuesError("HimlServicePrincipal", problems);
        const location = { ...names, subscriptionId: names.subscriptionId ?? loggedInAs.subscriptionId };
        return askAzure(component, args, plan, { location, login: loggedInAs, keyVault });
      };
      return (await Promise.allSettled([look()]))[0];
    });
  const verified = outcome.apply((result) => {
    if (result.status === "rejected") throw toResourceError(result.reason, component);
    return dependencies;
  });

  // One argument that is secret, such as the description, must not make the names secret.
  const found = pulumi.unsecret(
    outcome.apply((result): Promise<Found> =>
      result.status === "fulfilled" ? Promise.resolve(result.value) : PENDING,
    ),
  );
  const spellingOf = (name: "resourceGroupName" | "workspaceName") =>
    args.previewChecks === false ? given[name] : found.apply((names) => names[name]);
  return {
    login,
    subscriptionId,
    resourceGroupName: spellingOf("resourceGroupName"),
    workspaceName: spellingOf("workspaceName"),
    given,
    vault: found.apply(({ vault }) => vault),
    existing: application ? ifFulfilled(application) : undefined,
    verified,
  };
}

/** Looks up the workspace, custom roles and the Key Vault, and warns about them. */
async function askAzure(
  component: pulumi.Resource,
  { previewChecks }: HimlServicePrincipalArgs,
  plan: PrincipalPlan,
  { location, login, keyVault }: { location: WorkspaceLocation; login: Login; keyVault: unknown },
): Promise<Found> {
  const looksUp = previewChecks !== false;
  const [workspace] = await Promise.all([
    looksUp ? lookUpWorkspace(location, login, component) : location,
    plan.allowPrivilegedRoles ? undefined : checkCustomRoles(plan.roles, location, component),
  ]);
  if (!plan.delivery) return { ...workspace, vault: undefined };
  const question = {
    vault: canonicalArgument("keyVault", keyVault as string),
    workspace: { ...location, ...workspace },
    login,
    looksUp,
    password: plan.delivery.password,
  };
  return { ...workspace, vault: await loadVaultLookUp().lookUpVault(question, component) };
}

/** Names that outputs, messages and Azure's own logs show. */
export const NAMES_IN_AZURE = ["subscriptionId", "resourceGroupName", "workspaceName", "keyVault"] as const;

/** @throws InvalidValuesError if a name of Azure is a secret: it would stand in outputs and messages all the same. */
async function refuseSecretNames(args: HimlServicePrincipalArgs): Promise<void> {
  const secret = await Promise.all(NAMES_IN_AZURE.map((name) => pulumi.isSecret(outputOf(args[name]))));
  const problems = NAMES_IN_AZURE.filter((_, i) => secret[i]).map(describeSecretName);
  if (problems.length > 0) throw new InvalidValuesError("HimlServicePrincipal", problems);
}

function listOf(dependsOn: pulumi.ComponentResourceOptions["dependsOn"]): pulumi.Output<pulumi.Resource[]> {
  const listed = (all: unknown) => (all === undefined ? [] : [all].flat()) as pulumi.Resource[];
  return outputOf(dependsOn).apply(listed);
}

// Pulumi's own types do not work for a value of type unknown.
const outputOf = (value: unknown) => pulumi.output(value) as unknown as pulumi.OutputInstance<unknown>;

/** An argument in its canonical spelling. */
export function canonical<T>(argument: CheckedArgument, value: pulumi.Input<unknown>): pulumi.Output<T> {
  const spell = (known: unknown) => canonicalArgument(argument, known as T);
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
