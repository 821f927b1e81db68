import { command } from "../../components/plan/commands";
import { resolveRole } from "../../components/plan/roles";
import { formatLocalTime } from "../terminal/durations";
import {
  type Comparison,
  hasOwnAssignmentName,
  hasOwnDescription,
  hasOwnName,
  instanceOfSecret,
  instanceOfTrust,
  type Pair,
  pairsOf,
  recordedIds,
} from "./comparison";
import { isSameId } from "./record";
import type { Credential, DirectoryObject, Membership, Role } from "../azure/types";
import type { AzureAnswers } from "./read-azure";
import { createFinding, type Finding, type FindingCode } from "./findings";

/** What somebody made by hand, and what it allows. `repair` never touches it. */
export function compareUnmanaged(comparison: Comparison): Finding[] {
  const ids = recordedIds(comparison.record);
  return pairsOf(comparison).flatMap((pair) => {
    if (pair.application === undefined) return [];
    return [
      ...unmanagedCredentials(pair, comparison, ids.secrets),
      ...unmanagedTrusts(pair, comparison, ids.trusts),
      ...unmanagedRoles(pair, comparison, ids.roles),
      ...unmanagedPermissions(pair),
      ...unmanagedMemberships(pair, comparison),
      ...unmanagedOwners(pair),
    ];
  });
}

/** On somebody else's application, what the stack does not record belongs to the owner: it is only a notice. */
function report(
  { application }: Pair,
  code: FindingCode,
  what: string,
  detail: string,
  remedy: string,
): Finding {
  return application!.isExternal
    ? createFinding(
        "OF_THE_OWNER",
        what,
        detail,
        "If you do not expect this, ask the owner of the application.",
      )
    : createFinding(code, what, detail, remedy);
}

function unmanagedCredentials(
  pair: Pair,
  { ownIds, now }: Comparison,
  recorded: ReadonlySet<string>,
): Finding[] {
  const { application, answers } = pair;
  const name = application!.displayName;
  const describe = (
    kind: "secret" | "certificate",
    holder: string,
    remove: string,
    credential: Credential,
  ): Finding => {
    const label = credential.displayName === null ? "" : `${JSON.stringify(credential.displayName)} `;
    const what = `${kind} ${label}of ${holder} (key ID ${credential.keyId})`;
    const other = kind === "secret" ? instanceOfSecret(credential) : undefined;
    if (other !== undefined) {
      return createFinding(
        "OTHER_INSTANCE",
        what,
        `Its name is that of the instance ${other}, perhaps of a stack elsewhere. It is valid until ${formatLocalTime(credential.ends)}.`,
        `If that stack is gone: ${remove}`,
      );
    }
    if (new Date(credential.ends) <= now) {
      return createFinding(
        "UNMANAGED_EXPIRED",
        what,
        `It ended ${formatLocalTime(credential.ends)}: nobody can log in with it.`,
        `${remove} removes it.`,
      );
    }
    return report(
      pair,
      kind === "secret" ? "UNMANAGED_SECRET" : "UNMANAGED_CERTIFICATE",
      what,
      `It does not belong to this stack. Anybody who has it can log in as this principal until ${formatLocalTime(credential.ends)}.`,
      remove,
    );
  };
  const isStrange = (credential: Credential) =>
    !recorded.has(credential.keyId.toLowerCase()) && !hasOwnName(credential, ownIds);
  const app = answers.application;
  const principal = answers.principal;
  const certificate = ["--cert"];
  const ofApplication = (keyId: string, kind: readonly string[] = []) =>
    command`az ad app credential delete --id ${application!.clientId} --key-id ${[keyId, ...kind]}`;
  const ofPrincipal = (keyId: string, kind: readonly string[] = []) =>
    command`az ad sp credential delete --id ${principal?.objectId} --key-id ${[keyId, ...kind]}`;
  return [
    ...(app?.secrets ?? [])
      .filter(isStrange)
      .map((one) => describe("secret", name, ofApplication(one.keyId), one)),
    ...(app?.certificates ?? []).map((one) =>
      describe("certificate", name, ofApplication(one.keyId, certificate), one),
    ),
    ...(principal?.secrets ?? []).map((one) =>
      describe("secret", `the principal of ${name}`, ofPrincipal(one.keyId), one),
    ),
    ...(principal?.certificates ?? []).map((one) =>
      describe("certificate", `the principal of ${name}`, ofPrincipal(one.keyId, certificate), one),
    ),
  ];
}

function unmanagedTrusts(pair: Pair, { ownIds }: Comparison, recorded: ReadonlySet<string>): Finding[] {
  const { application, answers } = pair;
  return (answers.trusts ?? [])
    .filter((trust) => !recorded.has(trust.id.toLowerCase()) && !hasOwnDescription(trust, ownIds))
    .map((trust) => {
      const what = `trust ${trust.name} of ${application!.displayName}`;
      const detail = `Jobs with ${trust.matches} of ${trust.issuer} can log in as this principal.`;
      const remove = command`az ad app federated-credential delete --id ${application!.clientId} --federated-credential-id ${trust.id}`;
      const other = instanceOfTrust(trust);
      if (other === undefined) return report(pair, "UNMANAGED_TRUST", what, detail, remove);
      return createFinding(
        "OTHER_INSTANCE",
        what,
        `Its description is that of the instance ${other}, perhaps of a stack elsewhere. ${detail}`,
        `If that stack is gone: ${remove}`,
      );
    });
}

function unmanagedRoles(
  pair: Pair,
  { answers, ownIds }: Comparison,
  recorded: ReadonlySet<string>,
): Finding[] {
  const principalId = pair.answers.principal?.objectId;
  if (principalId === undefined) return [];
  const strange = rolesOf(principalId, answers).filter(
    (role) => !recorded.has(role.id.toLowerCase()) && !hasOwnAssignmentName(role, ownIds),
  );
  return strange.map((role) => {
    const what = `role ${nameOfRole(role)} on ${role.scope}`;
    if (isAskedFor(role, pair.instance.administratorCommand)) {
      return createFinding(
        "ROLE_OF_ADMINISTRATOR",
        what,
        "The stack assigns no roles. An administrator gave this one, as the stack asks for.",
        command`az role assignment delete --ids ${role.id}`,
      );
    }
    return report(
      pair,
      "UNMANAGED_ROLE",
      what,
      isPrivileged(role)
        ? `A login as this principal may give itself every other role there.`
        : `A login as this principal may do there what ${nameOfRole(role)} may.`,
      command`az role assignment delete --ids ${role.id}`,
    );
  });
}

/** Whether the stack's own output asks an administrator to assign this role. */
function isAskedFor(role: Role, administratorCommand = ""): boolean {
  const words = administratorCommand.toLowerCase().split(/[\s"']+/);
  return words.includes(nameOfRole(role).toLowerCase()) && words.includes(role.scope.toLowerCase());
}

/** The roles of a principal or a group itself, worst first. */
function rolesOf(holderId: string, { roles = [] }: Pick<AzureAnswers, "roles">): Role[] {
  const rank = (role: Role) => (isPrivileged(role) ? 0 : 1);
  return roles
    .filter(({ principalId }) => isSameId(principalId, holderId))
    .sort((one, other) => rank(one) - rank(other) || one.scope.length - other.scope.length);
}

export function nameOfRole({ roleId, roleName }: Pick<Role, "roleId" | "roleName">): string {
  return roleName ?? resolveRole(roleId)?.label ?? roleId;
}

function isPrivileged({ roleId, isPrivileged: isFound }: Role): boolean {
  return isFound ?? resolveRole(roleId)?.isPrivileged ?? false;
}

/** With one of these, a principal can become administrator of the tenant, in one or two steps. */
const POWERFUL_PERMISSIONS = [
  "AppRoleAssignment.ReadWrite.All",
  "Application.ReadWrite.All",
  "Directory.ReadWrite.All",
  "Domain.ReadWrite.All",
  "EntitlementManagement.ReadWrite.All",
  "Organization.ReadWrite.All",
  "Policy.ReadWrite.AuthenticationMethod",
  "Policy.ReadWrite.PermissionGrant",
  "PrivilegedAccess.ReadWrite.AzureADGroup",
  "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
  "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
  "RoleAssignmentSchedule.ReadWrite.Directory",
  "RoleEligibilitySchedule.ReadWrite.Directory",
  "RoleManagement.ReadWrite.Directory",
  "RoleManagementPolicy.ReadWrite.Directory",
  "UserAuthenticationMethod.ReadWrite.All",
];

function unmanagedPermissions(pair: Pair): Finding[] {
  const { answers } = pair;
  const id = answers.principal?.objectId;
  const url = "https://graph.microsoft.com/v1.0";
  const rank = (permission: string) => (POWERFUL_PERMISSIONS.includes(permission) ? 0 : 1);
  const appRoles = [...(answers.appRoles ?? [])].sort((a, b) => rank(a.permission) - rank(b.permission));
  return [
    ...appRoles.map(({ id: grant, permission, resourceName }) =>
      report(
        pair,
        "UNMANAGED_API_PERMISSION",
        `permission ${permission} of ${resourceName}`,
        POWERFUL_PERMISSIONS.includes(permission)
          ? "A login as this principal can make itself administrator of the tenant."
          : `A login as this principal may use ${resourceName} with it, in the whole tenant.`,
        command`az rest --method DELETE --url ${url}/servicePrincipals/${id}/appRoleAssignments/${grant}`,
      ),
    ),
    ...(answers.delegations ?? []).map(({ id: grant, scope, isForAll }) =>
      report(
        pair,
        "UNMANAGED_DELEGATION",
        `delegated permissions ${scope.trim()}`,
        `The application may act with them for ${isForAll ? "everybody" : "one person"} who signs in to it. hi-ml's pipelines do not need this.`,
        command`az rest --method DELETE --url ${url}/oauth2PermissionGrants/${grant}`,
      ),
    ),
  ];
}

// The addresses end in `%24ref`: a shell would expand `$ref`, and the rest deletes the member itself
// (msgraph-sdk-dotnet#1106).
function unmanagedMemberships(pair: Pair, { answers }: Comparison): Finding[] {
  const id = pair.answers.principal?.objectId;
  const rank = (one: Membership) =>
    2 * Number(!rolesOf(one.id, answers).some(isPrivileged)) + Number(!one.isDirect);
  const worstFirst = [...(pair.answers.memberships ?? [])].sort((one, other) => rank(one) - rank(other));
  return worstFirst.flatMap((group) => {
    const name = `${group.displayName} (${group.id})`;
    if (group.type === "directoryRole") {
      return report(
        pair,
        "UNMANAGED_DIRECTORY_ROLE",
        `directory role ${name}`,
        `A login as this principal may do in the directory what ${group.displayName} may.`,
        group.isDirect
          ? command`az rest --method DELETE --url https://graph.microsoft.com/v1.0/directoryRoles/${group.id}/members/${id}/%24ref`
          : "Remove it from the group that has this role.",
      );
    }
    if (group.type !== "group") return [];
    return report(
      pair,
      "UNMANAGED_GROUP",
      `membership of the group ${name}`,
      describeGroup(rolesOf(group.id, answers)),
      group.isDirect
        ? command`az ad group member remove --group ${group.id} --member-id ${id}`
        : "Remove it from the group by way of which it is a member of this one.",
    );
  });
}

function describeGroup(roles: readonly Role[]): string {
  const [worst] = roles;
  const list = roles.map((role) => `${nameOfRole(role)} on ${role.scope}`).join(", ");
  return [
    "A login as this principal has every role and permission of the group",
    ...(worst === undefined ? [] : [`: ${list}`]),
    ...(worst !== undefined && isPrivileged(worst) ? [". It may give itself every other role there"] : []),
    ".",
  ].join("");
}

function unmanagedOwners(pair: Pair): Finding[] {
  const { application, principal, answers } = pair;
  const describe = (owner: DirectoryObject, what: string, remedy: string) =>
    report(
      pair,
      "UNMANAGED_OWNER",
      `${owner.type} ${owner.displayName} (${owner.id}), owner of ${what}`,
      "An owner can add a secret at any time, and log in as this principal.",
      remedy,
    );
  const isStrange = (recorded: readonly string[]) => (owner: DirectoryObject) =>
    !recorded.some((id) => isSameId(id, owner.id));
  const ofPrincipal = principal === undefined ? [] : principal.owners;
  if (application!.owners === undefined || ofPrincipal === undefined) return [];
  const known = [...application!.owners, ...ofPrincipal];
  return [
    ...(answers.applicationOwners ?? [])
      .filter(isStrange(known))
      .map((owner) =>
        describe(
          owner,
          `the application ${application!.displayName}`,
          command`az ad app owner remove --id ${application!.clientId} --owner-object-id ${owner.id}`,
        ),
      ),
    ...(answers.principalOwners ?? [])
      .filter(isStrange(known))
      .map((owner) =>
        describe(
          owner,
          `the principal of ${application!.displayName}`,
          command`az rest --method DELETE --url https://graph.microsoft.com/v1.0/servicePrincipals/${answers.principal?.objectId}/owners/${owner.id}/%24ref`,
        ),
      ),
  ];
}
