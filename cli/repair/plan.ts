import type { Finding, RepairAction } from "../audit/findings";
import { printable } from "../terminal/printable";

/** What a repair will do, in this order. It comes from the findings alone, so that it can be shown first. */
export interface Plan {
  /** In the stack's state. */
  readonly stack: readonly Step[];
  /** What is provably the stack's and not recorded. */
  readonly removals: readonly Step[];
  /** URNs of what is to be read anew. */
  readonly refreshed: readonly string[];
  readonly ending: Ending;
  /** In the recycle bin; only where that was asked for. */
  readonly purges: readonly Step[];
  /** Object IDs of applications that come into the recycle bin by a removal, and leave it for good; only where asked for. */
  readonly purgedAfterRemoval: readonly string[];
  /** What a person made, or has to decide. */
  readonly left: readonly Finding[];
}

/** `destroy`: perhaps it is to be destroyed, and an `up` would create everything again. */
type Ending = "up" | "destroy" | "nothing";

export interface Step {
  readonly sentence: string;
  readonly action: RepairAction;
}

export interface PlanOptions {
  /** Whether the stack has a service principal, as its state says. */
  readonly hasPrincipal: boolean;
  readonly isDestroyUnfinished: boolean;
  readonly up: boolean;
  readonly purge: boolean;
}

const IN_STATE: readonly RepairAction["kind"][] = ["clearPending", "forget", "manage", "untaint"];
/** In the order of removal: first what grants access. */
const REMOVALS: readonly RepairAction["kind"][] = [
  "removeRole",
  "removeSecret",
  "removeTrust",
  "removePrincipal",
  "removeApplication",
];

export function planRepair(findings: readonly Finding[], options: PlanOptions): Plan {
  const stepsOf = (kinds: readonly RepairAction["kind"][]) =>
    kinds.flatMap((kind) =>
      findings.flatMap(({ action, what }) =>
        action?.kind === kind ? [{ sentence: describe(action, what, options.purge), action }] : [],
      ),
    );
  const removals = stepsOf(REMOVALS);
  const refreshed = [
    ...new Set(findings.flatMap(({ action }) => (action?.kind === "refresh" ? action.urns : []))),
  ];
  const plan = {
    stack: stepsOf(IN_STATE),
    removals,
    refreshed,
    purges: options.purge ? stepsOf(["purge"]) : [],
    purgedAfterRemoval: removals.flatMap(({ action }) =>
      options.purge && action.kind === "removeApplication" ? [action.id] : [],
    ),
    left: findings.filter((one) => one.level !== "notice" && one.action === undefined),
  };
  const changesSomething =
    plan.stack.length + plan.removals.length + refreshed.length > 0 ||
    findings.some(({ action }) => action?.kind === "up");
  return { ...plan, ending: changesSomething ? endingOf(options) : "nothing" };
}

function endingOf({ hasPrincipal, isDestroyUnfinished, up }: PlanOptions): Ending {
  if (!hasPrincipal) return "nothing";
  if (isDestroyUnfinished) return "destroy";
  return up ? "up" : "nothing";
}

export function isEmpty({ stack, removals, refreshed, ending, purges }: Plan): boolean {
  return stack.length + removals.length + refreshed.length + purges.length === 0 && ending !== "up";
}

function describe(action: RepairAction, what: string, purge: boolean): string {
  switch (action.kind) {
    case "untaint":
      return `Take the mark of a taint from ${what}`;
    case "forget":
      return `Take the replaced record out: ${what}`;
    case "manage":
      return `Record as this stack's own: ${what}`;
    case "clearPending":
      return `Remove the pending operations from ${what}`;
    case "purge":
      return `Delete permanently, which cannot be undone: ${what}`;
    case "removeApplication":
      return `Remove the ${what}${purge ? ", permanently, which cannot be undone" : ""}`;
    default:
      return `Remove the ${what}`;
  }
}

/** The plan for people: one line for each step. */
export function formatPlan(plan: Plan): string {
  const { stack, removals, refreshed, ending, purges } = plan;
  const names = refreshed.map((urn) => urn.split("::").at(-1)).join(", ");
  const lines = [
    ...[...stack, ...removals].map(({ sentence }) => sentence),
    ...(refreshed.length > 0 ? [`\`pulumi refresh\` of ${names}, and of nothing else`] : []),
    ...(ending === "up" ? ["`pulumi up`"] : []),
    ...purges.map(({ sentence }) => sentence),
  ];
  const steps = lines.map((line, i) => `  ${i + 1}. ${printable(line)}\n`).join("");
  return ending === "destroy"
    ? `${steps}  No \`pulumi up\`: perhaps the stack is to be destroyed, since a \`pulumi destroy\` did not finish.\n`
    : steps;
}
