import type * as pulumi from "@pulumi/pulumi";
import { getRoleDefinition } from "@pulumi/azure-native/authorization/getRoleDefinition";
import { askOnce, azureCodeOf } from "./ask";
import { command } from "../plan/commands";
import { isPrivileged } from "../plan/permissions";
import { describePrivilegedRole, type PlannedRole } from "../plan/roles";
import { InvalidValuesError, messageOf, type Problem } from "../plan/problems";
import { resolveScope, type WorkspaceLocation } from "../plan/scopes";

/**
 * Looks up the actions of roles that this program does not know.
 *
 * @throws InvalidValuesError if one of them is privileged, or if its definition cannot be read: then it may be
 */
export async function checkCustomRoles(
  roles: readonly PlannedRole[],
  location: WorkspaceLocation,
  parent: pulumi.Resource,
): Promise<void> {
  const unknown = roles.filter((role) => role.isPrivileged === undefined);
  const problems = await Promise.all(
    unknown.map(async (role): Promise<Problem | undefined> => {
      const scope = resolveScope(role.scope, location);
      const args = { roleDefinitionId: role.id, scope: scope.slice(1) };
      try {
        const { permissions } = await askOnce(
          parent,
          "azure-native:authorization:getRoleDefinition",
          `${scope} ${role.id}`,
          () => getRoleDefinition(args, { parent }),
        );
        if (permissions === undefined) return describeUnreadable(role, "no permissions");
        return isPrivileged(permissions) ? describePrivilegedRole("roles", role.label) : undefined;
      } catch (error) {
        return describeUnreadable(role, azureCodeOf(messageOf(error)) || "an error");
      }
    }),
  );
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new InvalidValuesError("HimlServicePrincipal", found);
}

/** Azure's whole answer repeats the names in the scope, which may be secret: its code is enough. */
function describeUnreadable({ label }: PlannedRole, answer: string): Problem {
  return {
    what: "roles",
    must: "have definitions that can be read, unless allowPrivilegedRoles is true",
    received: label,
    remedy: `Azure returned ${answer}, so the role may let its holder give itself every other role. ${command`az role definition list --name ${label}`} shows what you can see of it.`,
  };
}
