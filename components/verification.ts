import * as pulumi from "@pulumi/pulumi";
import { lookUpExistingApplication, type ExistingApplication } from "./existing-application";
import type { HimlServicePrincipalArgs } from "./himl-service-principal-args";
import { Hidden, lookUpLogin, lookUpWorkspace, type Login } from "./look-ups";
import { checkCustomRoles } from "./privileges";
import { DEFERRABLE, LATER, type GivenArgs, type PrincipalPlan } from "./plan";
import { InvalidValuesError, printAsMessage, type Problem } from "./problems";
import { canonicalArgument, checkArgument, type CheckedArgument } from "./rules";
import type { WorkspaceLocation } from "./scopes";

const PENDING = new Promise<never>(() => undefined);

/** What the component knows of the world, and what has to be waited for before anything is registered. */
export interface World {
  login: pulumi.Output<Login>;
  subscriptionId: pulumi.Output<string>;
  resourceGroupName: pulumi.Output<string>;
  workspaceName: pulumi.Output<string>;
  location: pulumi.Output<WorkspaceLocation>;
  /** Stays pending where the look-up failed. */
  existing: Promise<ExistingApplication> | undefined;
  /** All was checked; with the resources on which the component itself depends. */
  verified: pulumi.Output<pulumi.Resource[]>;
}

/** As Pulumi shows it without a stack trace, tied to the component. */
export function toResourceError(error: unknown, component: pulumi.Resource): unknown {
  return error instanceof InvalidValuesError
    ? printAsMessage(new pulumi.ResourceError(error.message, component, true))
    : error;
}

/** The arguments that are there already; the others are marked, and checked when they are. */
export function withoutOutputs(args: HimlServicePrincipalArgs): GivenArgs {
  const entries = Object.entries(args).map(([name, value]: [string, unknown]) => [
    name,
    isPlain(value) ? value : LATER,
  ]);
  return Object.fromEntries(entries) as GivenArgs;
}

function isPlain(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  // Nothing of a resource, or of another thing with methods, is looked into.
  const isRecord =
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return !isRecord || Object.values(value).every(isPlain);
}

/**
 * Looks login, workspace and existing application up, and checks what was not there before.
 *
 * `verified` alone fails, and nothing is computed from it: what needs the answer of a look-up that failed stays pending.
 * A failure further up would be walked through every value that depends on it, by V8, since Pulumi's runner has the
 * debugger on: that took minutes and all memory (docs/decisions/0003-fail-where-nothing-is-computed-from.md).
 */
export function lookUpWorld(
  component: pulumi.Resource,
  args: HimlServicePrincipalArgs,
  plan: PrincipalPlan,
  dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
): World {
  const loggedIn = lookUpLogin(component);
  const found = plan.existingClientId && lookUpExistingApplication(plan.existingClientId, component);
  const login = pulumi.output(ifFulfilled(loggedIn));
  const given = {
    subscriptionId:
      args.subscriptionId === undefined
        ? undefined
        : canonical<string>("subscriptionId", args.subscriptionId),
    resourceGroupName: pulumi.output(args.resourceGroupName),
    workspaceName: pulumi.output(args.workspaceName),
  };
  const listed = (all: unknown) => (all === undefined ? [] : [all].flat()) as pulumi.Resource[];
  const dependencies: pulumi.Output<pulumi.Resource[]> = outputOf(dependsOn).apply(listed);
  const outcome = pulumi
    .all([pulumi.output(given), checkLater(args), areThere(dependencies)])
    .apply(async ([names, problems]) => {
      const verify = async () => {
        const { subscriptionId, ...known } = await loggedIn;
        if (found) await found;
        if (problems.length > 0) throw new InvalidValuesError("HimlServicePrincipal", problems);
        const location = { ...names, subscriptionId: names.subscriptionId ?? subscriptionId.toLowerCase() };
        const hidden = new Hidden(await secretsAmong(given));
        const [spelled, warnings] = await Promise.all([
          args.workspaceLookup === false
            ? location
            : lookUpWorkspace(location, { subscriptionId, ...known }, component, hidden),
          plan.allowPrivilegedRoles ? [] : checkCustomRoles(plan.roles, location, component),
        ]);
        for (const warning of warnings) void pulumi.log.warn(hidden.text(warning), component);
        return spelled;
      };
      return (await Promise.allSettled([verify()]))[0];
    });
  const verified = outcome.apply((result) => {
    if (result.status === "rejected") throw toResourceError(result.reason, component);
    return dependencies;
  });

  const answered = outcome.apply((result) => (result.status === "fulfilled" ? result.value : PENDING));
  // One that is a secret must not make a secret of the others.
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
  return { login, ...names, location: pulumi.output({ ...given, subscriptionId }), existing, verified };
}

/** Those of these values that are secrets. */
async function secretsAmong<Name extends string>(
  values: Record<Name, pulumi.Output<string> | undefined>,
): Promise<Partial<Record<Name, string>>> {
  const secrets: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(values) as [Name, pulumi.Output<string> | undefined][])
    if (value && (await pulumi.isSecret(value))) secrets[name] = await valueIfKnown(value);
  return secrets;
}

// Pulumi's own types give up on an unknown value.
const outputOf = (value: unknown) => pulumi.output(value) as unknown as pulumi.OutputInstance<unknown>;

/** An argument in its one spelling. */
export function canonical<T>(argument: CheckedArgument, value: pulumi.Input<unknown>): pulumi.Output<T> {
  const spell = (given: unknown) => canonicalArgument(argument, given as T);
  return outputOf(value).apply(spell);
}

/** What is wrong with arguments whose values were not there yet. */
function checkLater(args: HimlServicePrincipalArgs): pulumi.Output<Problem[]> {
  const problems = DEFERRABLE.filter((argument) => !isPlain(args[argument])).map((argument) => {
    const value = outputOf(args[argument]);
    return value.apply(async (known) => {
      const problem = known === undefined ? undefined : checkArgument(argument, known);
      return problem && (await pulumi.isSecret(value)) ? { ...problem, received: "[secret]" } : problem;
    });
  });
  return pulumi.all(problems).apply((found) => found.filter((problem) => problem !== undefined));
}

/** Not known in a preview that creates one of these resources: then there is nothing to look up yet. */
function areThere(resources: pulumi.Output<pulumi.Resource[]>): pulumi.Output<unknown> {
  return resources.apply((all) =>
    pulumi.all(all.map((one) => (pulumi.CustomResource.isInstance(one) ? one.id : one.urn))),
  );
}

/** The value of a promise. Where it fails this one stays pending: the failure is told elsewhere, and ends the program. */
export function ifFulfilled<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve) => void promise.then(resolve, () => undefined));
}

/** The value of an output; undefined where a preview cannot know it. */
export async function valueIfKnown<T>(output: pulumi.Output<T>): Promise<T | undefined> {
  // Internal in the types of Pulumi.
  const internal = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
  const value = await internal.promise();
  return (await internal.isKnown) ? value : undefined;
}
