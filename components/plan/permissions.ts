/** The actions that a role allows, and those that it excludes: of a role's definition, or of all that somebody has. */
export interface Permission {
  actions?: readonly string[];
  notActions?: readonly string[];
}

/**
 * A principal with one of these actions can give itself, or others, every other role: at once, for a time, or by a
 * policy for those who may. https://learn.microsoft.com/azure/role-based-access-control/permissions/management-and-governance
 */
const PRIVILEGED_ACTIONS = [
  "roleAssignments/write",
  "roleDefinitions/write",
  "elevateAccess/action",
  "roleAssignmentScheduleRequests/write",
  "roleEligibilityScheduleRequests/write",
  "roleManagementPolicies/write",
  "roleManagementPolicyAssignments/write",
  "classicAdministrators/write",
].map((action) => `Microsoft.Authorization/${action}`);

/** Who may write these gives roles to another tenant (Azure Lighthouse). */
const REGISTRATIONS = [
  "Microsoft.ManagedServices/registrationDefinitions/write",
  "Microsoft.ManagedServices/registrationAssignments/write",
];

/** Whether a role lets its holder give itself every other role. */
export function isPrivileged(permissions: readonly Permission[]): boolean {
  // Contributor's `*` covers registrations too, but Azure takes them only from who may also assign roles:
  // https://learn.microsoft.com/azure/lighthouse/how-to/onboard-customer. So a role must name them to count.
  const named = permissions.map(({ actions, notActions }) => ({
    actions: (actions ?? []).filter((pattern) => pattern !== "*"),
    ...(notActions && { notActions }),
  }));
  return (
    PRIVILEGED_ACTIONS.some((action) => mayDo(permissions, action)) ||
    REGISTRATIONS.some((action) => mayDo(named, action))
  );
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
