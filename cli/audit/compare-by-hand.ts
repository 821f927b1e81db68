import { command } from "../../components/plan/commands";
import { resolveRole } from "../../components/plan/roles";
import { tellTime } from "./tell-time";
import {
  type Comparison,
  hasOwnAssignmentName,
  hasOwnDescription,
  hasOwnName,
  instanceOfSecret,
  instanceOfTrust,
  isSameId,
  type Pair,
  pairsOf,
  recordedIds,
} from "./comparison";
import type { AzureFacts, CredentialFacts, DirectoryObject, Membership, RoleFacts } from "./facts";
import { createFinding, type Finding, type FindingCode } from "./findings";

/** What somebody made by hand, and what it allows. `repair` never touches it. */
export function compareByHand(comparison: Comparison): Finding[] {
  const ids = recordedIds(comparison.record);
  return pairsOf(comparison).flatMap((pair) => {
    if (pair.application === undefined) return [];
    return [
      ...credentialsByHand(pair, comparison, ids.secrets),
      ...trustsByHand(pair, comparison, ids.trusts),
      ...rolesByHand(pair, comparison, ids.roles),
      ...permissionsByHand(pair),
      ...membershipsByHand(pair, comparison),
      ...ownersByHand(pair),
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

function credentialsByHand(
  pair: Pair,
  { ownIds, now }: Comparison,
  recorded: ReadonlySet<string>,
): Finding[] {
  const { application, facts } = pair;
  const name = application!.displayName;
  const describe = (
    kind: "secret" | "certificate",
    holder: string,
    remove: string,
    credential: CredentialFacts,
  ): Finding => {
    const label = credential.displayName === null ? "" : `${JSON.stringify(credential.displayName)} `;
    const what = `${kind} ${label}of ${holder} (key ID ${credential.keyId})`;
    const other = kind === "secret" ? instanceOfSecret(credential) : undefined;
    if (other !== undefined) {
      return createFinding(
        "OTHER_INSTANCE",
        what,
        `Its name is that of the instance ${other}, perhaps of a stack elsewhere. It is valid until ${tellTime(credential.ends)}.`,
        `If that stack is gone: ${remove}`,
      );
    }
    if (new Date(credential.ends) <= now) {
      return createFinding(
        "EXPIRED_BY_HAND",
        what,
        `It ended ${tellTime(credential.ends)}: nobody can log in with it.`,
        `${remove} removes it.`,
      );
    }
    return report(
      pair,
      kind === "secret" ? "SECRET_BY_HAND" : "CERTIFICATE_BY_HAND",
      what,
      `It does not belong to this stack. Anybody who has it can log in as this principal until ${tellTime(credential.ends)}.`,
      remove,
    );
  };
  const isStrange = (credential: CredentialFacts) =>
    !recorded.has(credential.keyId.toLowerCase()) && !hasOwnName(credential, ownIds);
  const app = facts.application;
  const principal = facts.principal;
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

function trustsByHand(pair: Pair, { ownIds }: Comparison, recorded: ReadonlySet<string>): Finding[] {
  const { application, facts } = pair;
  return (facts.trusts ?? [])
    .filter((trust) => !recorded.has(trust.id.toLowerCase()) && !hasOwnDescription(trust, ownIds))
    .map((trust) => {
      const what = `trust ${trust.name} of ${application!.displayName}`;
      const detail = `Jobs with ${trust.matches} of ${trust.issuer} can log in as this principal.`;
      const remove = command`az ad app federated-credential delete --id ${application!.clientId} --federated-credential-id ${trust.id}`;
      const other = instanceOfTrust(trust);
      if (other === undefined) return report(pair, "TRUST_BY_HAND", what, detail, remove);
      return createFinding(
        "OTHER_INSTANCE",
        what,
        `Its description is that of the instance ${other}, perhaps of a stack elsewhere. ${detail}`,
        `If that stack is gone: ${remove}`,
      );
    });
}

function rolesByHand(pair: Pair, { facts, ownIds }: Comparison, recorded: ReadonlySet<string>): Finding[] {
  const principalId = pair.facts.principal?.objectId;
  if (principalId === undefined) return [];
  const strange = rolesOf(principalId, facts).filter(
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
      "ROLE_BY_HAND",
      what,
      isPrivileged(role)
        ? `A login as this principal may give itself every other role there.`
        : `A login as this principal may do there what ${nameOfRole(role)} may.`,
      command`az role assignment delete --ids ${role.id}`,
    );
  });
}

/** Whether the stack's own output asks an administrator to assign this role. */
function isAskedFor(role: RoleFacts, administratorCommand = ""): boolean {
  const words = administratorCommand.toLowerCase().split(/[\s"']+/);
  return words.includes(nameOfRole(role).toLowerCase()) && words.includes(role.scope.toLowerCase());
}

/** The roles of a principal or a group itself, worst first. */
function rolesOf(holderId: string, { roles = [] }: Pick<AzureFacts, "roles">): RoleFacts[] {
  const rank = (role: RoleFacts) => (isPrivileged(role) ? 0 : 1);
  return roles
    .filter(({ principalId }) => isSameId(principalId, holderId))
    .sort((one, other) => rank(one) - rank(other) || one.scope.length - other.scope.length);
}

export function nameOfRole({ roleId, roleName }: Pick<RoleFacts, "roleId" | "roleName">): string {
  return roleName ?? resolveRole(roleId)?.label ?? roleId;
}

function isPrivileged({ roleId, isPrivileged: isFound }: RoleFacts): boolean {
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

function permissionsByHand(pair: Pair): Finding[] {
  const { facts } = pair;
  const id = facts.principal?.objectId;
  const url = "https://graph.microsoft.com/v1.0";
  const rank = (permission: string) => (POWERFUL_PERMISSIONS.includes(permission) ? 0 : 1);
  const appRoles = [...(facts.appRoles ?? [])].sort((a, b) => rank(a.permission) - rank(b.permission));
  return [
    ...appRoles.map(({ id: grant, permission, resourceName }) =>
      report(
        pair,
        "API_PERMISSION_BY_HAND",
        `permission ${permission} of ${resourceName}`,
        POWERFUL_PERMISSIONS.includes(permission)
          ? "A login as this principal can make itself administrator of the tenant."
          : `A login as this principal may use ${resourceName} with it, in the whole tenant.`,
        command`az rest --method DELETE --url ${url}/servicePrincipals/${id}/appRoleAssignments/${grant}`,
      ),
    ),
    ...(facts.delegations ?? []).map(({ id: grant, scope, isForAll }) =>
      report(
        pair,
        "DELEGATION_BY_HAND",
        `delegated permissions ${scope.trim()}`,
        `The application may act with them for ${isForAll ? "everybody" : "one person"} who signs in to it. hi-ml's pipelines do not need this.`,
        command`az rest --method DELETE --url ${url}/oauth2PermissionGrants/${grant}`,
      ),
    ),
  ];
}

// The addresses end in `%24ref`: a shell would expand `$ref`, and the rest deletes the member itself
// (msgraph-sdk-dotnet#1106).
function membershipsByHand(pair: Pair, { facts }: Comparison): Finding[] {
  const id = pair.facts.principal?.objectId;
  const rank = (one: Membership) =>
    2 * Number(!rolesOf(one.id, facts).some(isPrivileged)) + Number(!one.isDirect);
  const worstFirst = [...(pair.facts.memberships ?? [])].sort((one, other) => rank(one) - rank(other));
  return worstFirst.flatMap((group) => {
    const name = `${group.displayName} (${group.id})`;
    if (group.type === "directoryRole") {
      return report(
        pair,
        "DIRECTORY_ROLE_BY_HAND",
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
      "GROUP_BY_HAND",
      `membership of the group ${name}`,
      describeGroup(rolesOf(group.id, facts)),
      group.isDirect
        ? command`az ad group member remove --group ${group.id} --member-id ${id}`
        : "Remove it from the group by way of which it is a member of this one.",
    );
  });
}

function describeGroup(roles: readonly RoleFacts[]): string {
  const [worst] = roles;
  const list = roles.map((role) => `${nameOfRole(role)} on ${role.scope}`).join(", ");
  return [
    "A login as this principal has every role and permission of the group",
    ...(worst === undefined ? [] : [`: ${list}`]),
    ...(worst !== undefined && isPrivileged(worst) ? [". It may give itself every other role there"] : []),
    ".",
  ].join("");
}

function ownersByHand(pair: Pair): Finding[] {
  const { application, principal, facts } = pair;
  const describe = (owner: DirectoryObject, what: string, remedy: string) =>
    report(
      pair,
      "OWNER_BY_HAND",
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
    ...(facts.applicationOwners ?? [])
      .filter(isStrange(known))
      .map((owner) =>
        describe(
          owner,
          `the application ${application!.displayName}`,
          command`az ad app owner remove --id ${application!.clientId} --owner-object-id ${owner.id}`,
        ),
      ),
    ...(facts.principalOwners ?? [])
      .filter(isStrange(known))
      .map((owner) =>
        describe(
          owner,
          `the principal of ${application!.displayName}`,
          command`az rest --method DELETE --url https://graph.microsoft.com/v1.0/servicePrincipals/${facts.principal?.objectId}/owners/${owner.id}/%24ref`,
        ),
      ),
  ];
}
