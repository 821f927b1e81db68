/** The actions that a role allows, and those that it excludes: of a role's definition, or of all that somebody has. */
export interface Permission {
  actions?: readonly string[];
  notActions?: readonly string[];
}

/** A principal with one of these actions can give itself every other role. */
const PRIVILEGED_ACTIONS = [
  "Microsoft.Authorization/roleAssignments/write",
  "Microsoft.Authorization/roleDefinitions/write",
  "Microsoft.Authorization/elevateAccess/action",
];

/** Whether a role lets its holder give itself every other role. */
export function isPrivileged(permissions: readonly Permission[]): boolean {
  return PRIVILEGED_ACTIONS.some((action) => mayDo(permissions, action));
}

/** Whether one of these allows an action. Exceptions count within each, as Azure has it: another may still allow it. */
export function mayDo(permissions: readonly Permission[], action: string): boolean {
  const covers = (patterns: readonly string[] | undefined) =>
    (patterns ?? []).some((pattern) => matches(pattern, action));
  return permissions.some(({ actions, notActions }) => covers(actions) && !covers(notActions));
}

function matches(pattern: string, action: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(action);
}
