import { instanceOf } from "../../components/plan/ownership";
import type { AzureAnswers } from "./read-azure";
import { COMPONENT, type Deployment, type StateResource, TYPES } from "./deployment";
import { createFinding, type Finding } from "./findings";

const REPAIR = "`himl-sp repair`";

/** What in the state itself keeps the next `up` from succeeding, or makes it do what nobody meant. */
export function compareState(deployment: Deployment, azure: AzureAnswers, now: Date): Finding[] {
  const { resources = [], pending_operations: pending = [] } = deployment;
  const components = resources.filter(({ type }) => type === COMPONENT);
  return [
    ...describePending(pending),
    ...components.flatMap((component) => {
      const family = [component, ...resources.filter(({ parent }) => parent === component.urn)];
      return family.flatMap((one) => [
        ...(one.delete ? describeReplaced(one, family, azure, now) : []),
        ...(one.taint && !one.delete ? [describeTaint(one)] : []),
        ...(isWronglyExternal(one, component, family) ? [describeExternal(one)] : []),
      ]);
    }),
  ];
}

function describePending(pending: NonNullable<Deployment["pending_operations"]>): Finding[] {
  if (pending.length === 0) return [];
  const list = pending.map(({ resource, type }) => `${type} ${nameOf(resource)}`).join(", ");
  return [
    createFinding(
      "PENDING_OPERATIONS",
      `the stack's state: ${list}`,
      "The engine was stopped during the operation. Azure may or may not have carried it out.",
      REPAIR,
      { kind: "clearPending" },
    ),
  ];
}

/** The engine deletes it at the beginning of the next run; where it is the same thing as its successor, that goes too. */
function describeReplaced(
  replaced: StateResource,
  family: readonly StateResource[],
  azure: AzureAnswers,
  now: Date,
): Finding[] {
  const id = replaced.id?.toLowerCase() ?? "";
  const isInUse = family.some(
    (one) => !one.delete && one.type === replaced.type && one.id?.toLowerCase() === id && id !== "",
  );
  if (isInUse) {
    return [
      createFinding(
        "REPLACED_IN_USE",
        `${nameOf(replaced)} in the state`,
        "It was replaced and waits for its deletion, but it is the same thing as the one in use: the next run would delete that.",
        `${REPAIR} takes this record out of the state, and leaves Azure as it is.`,
        { kind: "forget", urn: replaced.urn, id: replaced.id! },
      ),
    ];
  }
  if (replaced.type === TYPES.secret) {
    const keyId = id.split("/").at(-1);
    const secrets = azure.instances.flatMap(({ application }) => application?.secrets ?? []);
    const found = secrets.find((one) => one.keyId.toLowerCase() === keyId);
    // Of one that is gone, the comparison with Azure tells.
    if (found === undefined) return [];
    if (new Date(found.ends) > now) {
      return [
        createFinding(
          "REPLACED_SECRET",
          `secret ${nameOf(replaced)} (key ID ${keyId})`,
          "It was replaced, and the run ended before it was removed: whoever has it can still log in.",
          "`pulumi up` removes it; so does `himl-sp repair`.",
          { kind: "up" },
        ),
      ];
    }
  }
  return [
    createFinding(
      "REPLACED_NOT_DELETED",
      `${nameOf(replaced)} in the state`,
      "It was replaced, and the run ended before it was deleted.",
      "`pulumi up` deletes it; so does `himl-sp repair`.",
      { kind: "up" },
    ),
  ];
}

function describeTaint(one: StateResource): Finding {
  const becomes =
    one.type === TYPES.application
      ? " It gets another client ID: pipelines cannot log in until the variables are pushed."
      : "";
  return createFinding(
    "RESOURCE_TAINTED",
    `${nameOf(one)} in the state`,
    `It is marked as tainted: the next \`pulumi up\` deletes it and creates another one.${becomes}`,
    `${REPAIR} takes the mark away (\`pulumi state untaint\`). If you meant it: \`pulumi up\`.`,
    { kind: "untaint", urn: one.urn },
  );
}

/** Only an application that somebody else registered, and its principal, are read and not managed. */
function isWronglyExternal(
  one: StateResource,
  component: StateResource,
  family: readonly StateResource[],
): boolean {
  if (!one.external || one.delete) return false;
  if (one.type !== TYPES.application && one.type !== TYPES.principal) return true;
  const details = component.outputs?.["details"] as { existingClientId?: unknown } | null | undefined;
  if (details?.existingClientId !== undefined) return false;
  const tagsOf = ({ outputs }: StateResource) => outputs?.["tags"];
  const application = family.find(({ type, delete: waits }) => type === TYPES.application && !waits);
  if (application === undefined) return false;
  const tags = tagsOf(application);
  return Array.isArray(tags) && instanceOf(tags as string[]) !== undefined;
}

function describeExternal(one: StateResource): Finding {
  return createFinding(
    "RESOURCE_EXTERNAL",
    `${nameOf(one)} in the state`,
    "Its record says that somebody else made it: no run updates it, and `pulumi destroy` leaves it behind.",
    `${REPAIR} records it as this stack's again.`,
    { kind: "manage", urn: one.urn },
  );
}

/** The name is everything after the type: it may contain `::`. */
function nameOf({ urn }: StateResource): string {
  return urn.split("::").slice(3).join("::");
}
