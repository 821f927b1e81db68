/** The actions that a role allows, and those that it excludes. */
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

/** Whether a role lets its holder give itself every other role. Exceptions count within each permission, as Azure has it. */
export function isPrivileged(permissions: readonly Permission[]): boolean {
  const covers = (patterns: readonly string[] | undefined, action: string) =>
    (patterns ?? []).some((pattern) => matches(pattern, action));
  return permissions.some(({ actions, notActions }) =>
    PRIVILEGED_ACTIONS.some((action) => covers(actions, action) && !covers(notActions, action)),
  );
}

function matches(pattern: string, action: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(action);
}
