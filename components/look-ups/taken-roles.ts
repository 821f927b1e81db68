import * as pulumi from "@pulumi/pulumi";
import type * as assignmentLookUp from "./assignment-look-up";
import type { Assigned } from "../resources/children";
import { command } from "../plan/commands";
import { LookUpError } from "./look-ups";
import type { Problem } from "../plan/problems";
import { checkInPreview, toResourceError, valueIfKnown } from "./world";

// Loaded only if a role is new to a principal that exists already. `require` for the reason given in verification.ts.
// oxlint-disable-next-line typescript/no-require-imports
const loadLookUp = () => require("./assignment-look-up") as typeof assignmentLookUp;

/**
 * Refuses, in preview, a role that the principal has already: another stack or somebody by hand gave it, and Azure allows
 * one assignment for each principal, role and scope. A principal that does not exist yet has none, and an assignment of
 * this stack's own is in its state, so an ordinary run asks nothing.
 */
export function refuseTakenRoles(component: pulumi.Resource, assigned: pulumi.Output<Assigned[]>): void {
  checkInPreview(async () => {
    const all = (await valueIfKnown(assigned)) ?? [];
    const found = await Promise.all(all.map((one) => findTaken(one, component)));
    const problems = found.flat();
    if (problems.length > 0)
      throw toResourceError(new LookUpError("ROLE_TAKEN", "Role assignments", ...problems), component);
  });
}

async function findTaken({ role, scope, declared, resource }: Assigned, component: pulumi.Resource) {
  if ((await valueIfKnown(resource.id)) !== undefined) return [];
  const { principalId, roleDefinitionId } = declared;
  const wanted = await valueIfKnown(pulumi.output({ principalId, roleDefinitionId, scope: declared.scope }));
  if (wanted === undefined) return [];
  const ownName = await valueIfKnown(pulumi.output(declared.roleAssignmentName));
  const there = await loadLookUp().listAssignments(wanted, component);
  const isHidden = await pulumi.isSecret(scope);
  return there
    .filter(({ name }) => name.toLowerCase() !== ownName?.toLowerCase())
    .map(({ id }) => describeTaken(role, isHidden ? undefined : id));
}

function describeTaken(role: string, id: string | undefined): Problem {
  const remove = id === undefined ? "remove it" : command`az role assignment delete --ids ${id}`;
  return {
    what: `roles: ${role}`,
    must: "not be assigned to the principal yet: Azure allows one assignment for each principal, role and scope",
    received: id ?? "[secret]",
    remedy: `If somebody assigned it by hand: ${remove}, then \`pulumi up\`. If it is that of another stack: \`pulumi config set roles "[]"\` and \`pulumi up\` in each stack of the application; then somebody assigns the role once, with the command in the output \`details\`.`,
  };
}
