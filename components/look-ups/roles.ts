import type * as pulumi from "@pulumi/pulumi";
import { getRoleDefinition } from "@pulumi/azure-native/authorization/getRoleDefinition";
import { askOnce } from "./look-ups";
import { isPrivileged } from "../plan/permissions";
import { messageOf } from "../plan/problems";
import { describePrivilegedRole, type PlannedRole } from "../plan/roles";
import { InvalidValuesError } from "../plan/problems";
import { resolveScope, type WorkspaceLocation } from "../plan/scopes";

/**
 * Looks up the actions of roles that this program does not know.
 *
 * @returns warnings about those whose definition could not be read
 * @throws InvalidValuesError if one of them is privileged
 */
export async function checkCustomRoles(
  roles: readonly PlannedRole[],
  location: WorkspaceLocation,
  parent: pulumi.Resource,
): Promise<string[]> {
  const unknown = roles.filter((role) => role.isPrivileged === undefined);
  const answers = await Promise.all(
    unknown.map(async (role) => {
      const scope = resolveScope(role.scope, location);
      const args = { roleDefinitionId: role.id, scope: scope.slice(1) };
      try {
        const { permissions } = await askOnce(
          parent,
          "azure-native:authorization:getRoleDefinition",
          `${scope} ${role.id}`,
          () => getRoleDefinition(args, { parent }),
        );
        return { role, isPrivileged: isPrivileged(permissions ?? []) };
      } catch (error) {
        return { role, failure: messageOf(error) };
      }
    }),
  );
  const problems = answers
    .filter(({ isPrivileged: found }) => found)
    .map(({ role }) => describePrivilegedRole("roles", role.label));
  if (problems.length > 0) throw new InvalidValuesError("HimlServicePrincipal", problems);
  return answers.flatMap(({ role, failure }) =>
    failure === undefined
      ? []
      : [
          `Whether role ${role.id} lets its holder give itself every other role could not be read: ${failure}`,
        ],
  );
}
