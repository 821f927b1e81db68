import type { Finding, RepairAction } from "../audit/findings";
import { printable } from "../terminal/printable";

/** What a repair will do, in this order. It comes from the findings alone, so that it can be shown first. */
export interface Plan {
  /** Locks that nobody but a person can judge, or a state that is lost: nothing else is possible before. */
  readonly blockers: readonly Finding[];
  /** On the stack itself: unlocks, mends, clears. */
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

/** `destroy`: the last run was a `destroy` that did not finish, so an `up` would create everything again. */
type Ending = "up" | "destroy" | "nothing";

export interface Step {
  readonly sentence: string;
  readonly action: RepairAction;
}

export interface PlanOptions {
  /** Whether the stack has a service principal, as its state says. */
  readonly hasPrincipal: boolean;
  readonly wasDestroyed: boolean;
  readonly up: boolean;
  readonly purge: boolean;
}

const ON_STACK: readonly RepairAction["kind"][] = ["unlock", "mend", "clearPending"];
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
  const isBlocking = ({ code, action }: Finding) =>
    action === undefined && (code === "STACK_LOCKED" || code === "STATE_UNREADABLE");
  const plan = {
    blockers: findings.filter(isBlocking),
    stack: stepsOf(ON_STACK),
    removals,
    refreshed,
    purges: options.purge ? stepsOf(["purge"]) : [],
    purgedAfterRemoval: removals.flatMap(({ action }) =>
      options.purge && action.kind === "removeApplication" ? [action.id] : [],
    ),
    left: findings.filter((one) => one.level !== "notice" && one.action === undefined && !isBlocking(one)),
  };
  const changesSomething =
    plan.stack.length + plan.removals.length + refreshed.length > 0 ||
    findings.some(({ action }) => action?.kind === "up");
  return { ...plan, ending: changesSomething ? endingOf(options) : "nothing" };
}

function endingOf({ hasPrincipal, wasDestroyed, up }: PlanOptions): Ending {
  if (!hasPrincipal) return "nothing";
  if (wasDestroyed) return "destroy";
  return up ? "up" : "nothing";
}

export function isEmpty({ stack, removals, refreshed, ending, purges }: Plan): boolean {
  return stack.length + removals.length + refreshed.length + purges.length === 0 && ending !== "up";
}

function describe(action: RepairAction, what: string, purge: boolean): string {
  switch (action.kind) {
    case "unlock":
      return `Unlock ${what}`;
    case "mend":
      return action.backup === undefined
        ? `Remove the incomplete file ${what}`
        : `Put ${action.backup} in the place of the checkpoint ${what}; what is there now is kept beside it`;
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
    ? `${steps}  No \`pulumi up\`: the last run was a \`pulumi destroy\` that did not finish.\n`
    : steps;
}
