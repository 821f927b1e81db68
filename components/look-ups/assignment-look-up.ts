import type * as pulumi from "@pulumi/pulumi";
import { listIfReadable } from "./azure-lists";

// Loaded only if a role is new to a principal that exists already.

/** A role assignment of Azure's. */
export interface AzureAssignment {
  /** Resource ID. */
  id: string;
  /** The last part of the ID. */
  name: string;
}

/** What an assignment gives. */
export interface AssignmentKey {
  principalId: string;
  roleDefinitionId: string;
  scope: string;
}

/**
 * The assignments of exactly this principal, role and scope: Azure has one at most. None where Azure cannot be asked: then
 * the preview goes on, and `pulumi up` fails where one is there.
 */
export async function listAssignments(
  wanted: AssignmentKey,
  parent: pulumi.Resource,
): Promise<AzureAssignment[]> {
  const { scope, principalId } = wanted;
  const filter = encodeURIComponent(`principalId eq '${principalId}'`);
  const path = `${encodeURI(scope)}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=${filter}`;
  const what = "The role assignments of the principal";
  return listIfReadable<Listed>("resourceManager", path, what, parent, ({ properties }) =>
    isSame(properties, wanted),
  );
}

type Listed = AzureAssignment & { properties: AssignmentKey };

function isSame(one: AssignmentKey, other: AssignmentKey): boolean {
  const keyOf = ({ principalId, roleDefinitionId, scope }: AssignmentKey) => {
    const roleId = roleDefinitionId.slice(roleDefinitionId.lastIndexOf("/") + 1);
    return [principalId, roleId, scope.replace(/\/+$/, "")].join("|").toLowerCase();
  };
  return keyOf(one) === keyOf(other);
}
