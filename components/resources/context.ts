import type * as pulumi from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { clock } from "../clock";
import type { HimlServicePrincipalArgs } from "../himl-service-principal-args";
import { lookUpTarget, withoutOutputs, type Target } from "../look-ups/target";
import { checkClouds, readClouds } from "../plan/clouds";
import { planPrincipal, type PrincipalPlan } from "../plan/plan";
import { dayOf } from "../plan/secret-schedule";
import { InvalidValuesError, type Problem } from "../plan/problems";
import { unknownIfLeftOut } from "../pulumi-internals";
import { toResourceError, warn } from "../report";
import { REPLACEABLE, type RevocationGuard } from "./revocation-guard";

/** What every child is made from. */
export interface Context {
  component: pulumi.ComponentResource;
  name: string;
  args: HimlServicePrincipalArgs;
  plan: PrincipalPlan;
  target: Target;
  /** The ID by which this instance's resources can be found again: names are the same in every clone. */
  instanceId: pulumi.Output<string>;
  /** The day of the first `up`, from which the periods of the secrets count: `YYYY-MM-DD`, in UTC. */
  firstDay: pulumi.Output<string>;
  guard: RevocationGuard;
}

/**
 * Checks the arguments, asks Azure, and gives what the children are made from.
 *
 * @throws pulumi.ResourceError with every problem that plain values show
 */
export function createContext(
  given: Pick<Context, "component" | "name" | "args" | "guard">,
  opts: pulumi.ComponentResourceOptions,
): Context {
  const { component, name, args } = given;
  const { plan, problems: planned = [] } = planPrincipal(withoutOutputs(args));
  const problems = [...checkOptions(opts), ...planned, ...checkClouds(readClouds(component))];
  if (!plan || problems.length > 0)
    throw toResourceError(new InvalidValuesError(`HimlServicePrincipal "${name}"`, problems), component);
  for (const warning of plan.warnings) warn(component, warning);
  const target = lookUpTarget(component, args, plan, opts.dependsOn);
  // The state keeps the keepers of the day of creation, and gives them back in every preview.
  const today = dayOf(clock.now());
  const instance = new RandomUuid(
    `${name}-instance`,
    { keepers: { since: today } },
    { ...REPLACEABLE, parent: component, dependsOn: target.verified, ignoreChanges: ["keepers"] },
  );
  const firstDay = instance.keepers.apply((kept) => kept?.["since"] ?? today);
  return { ...given, plan, target, instanceId: unknownIfLeftOut(instance.result), firstDay };
}

function checkOptions({ deletedWith }: pulumi.ComponentResourceOptions): Problem[] {
  if (deletedWith === undefined) return [];
  // A child without this option inherits the parent's: the secrets would not be removed.
  const problem = {
    what: "The resource option deletedWith",
    must: "be left out: a destroy would not remove the secrets",
    remedy: "A deleted application can be restored for 30 days, with all the secrets that it still holds.",
  };
  return [problem];
}
