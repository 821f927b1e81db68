import { command } from "../../components/commands";
import { BUILT_IN_ROLES, resolveRole } from "../../components/roles";
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
import type { CredentialFacts, DirectoryObject, RoleFacts } from "./facts";
import { createFinding, type Finding, type FindingCode } from "./findings";

/** What a person made, with what it lets somebody do. `repair` never touches it. */
export function compareByHand(comparison: Comparison): Finding[] {
  const ids = recordedIds(comparison.record);
  return pairsOf(comparison).flatMap((pair) => {
    if (pair.application === undefined) return [];
    return [
      ...credentialsByHand(pair, comparison, ids.secrets),
      ...trustsByHand(pair, comparison, ids.trusts),
      ...rolesByHand(pair, comparison, ids.roles),
      ...permissionsByHand(pair),
      ...membershipsByHand(pair),
      ...ownersByHand(pair),
    ];
  });
}

/** On somebody else's application, what the stack does not record is its owner's business: only told. */
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
  const strange = (facts.roles ?? []).filter(
    (role) =>
      isSameId(role.principalId, principalId) &&
      !recorded.has(role.id.toLowerCase()) &&
      !hasOwnAssignmentName(role, ownIds),
  );
  const rank = (role: RoleFacts) => (isPrivileged(role) ? 0 : 1);
  return strange
    .sort((one, other) => rank(one) - rank(other) || one.scope.length - other.scope.length)
    .map((role) =>
      report(
        pair,
        "ROLE_BY_HAND",
        `role ${nameOfRole(role)} on ${role.scope}`,
        isPrivileged(role)
          ? `A login as this principal may give itself every other role there.`
          : `A login as this principal may do there what ${nameOfRole(role)} may.`,
        command`az role assignment delete --ids ${role.id}`,
      ),
    );
}

export function nameOfRole({ roleId, roleName }: Pick<RoleFacts, "roleId" | "roleName">): string {
  return roleName ?? resolveRole(roleId)?.label ?? roleId;
}

function isPrivileged({ roleId }: RoleFacts): boolean {
  const { Owner, ...others } = BUILT_IN_ROLES;
  const privileged: string[] = [
    Owner,
    others["User Access Administrator"],
    others["Role Based Access Control Administrator"],
  ];
  return privileged.includes(roleId.toLowerCase());
}

/** Who holds one of these can make itself administrator of the tenant, in one step or two. */
const POWERFUL_PERMISSIONS = [
  "RoleManagement.ReadWrite.Directory",
  "AppRoleAssignment.ReadWrite.All",
  "Application.ReadWrite.All",
  "Directory.ReadWrite.All",
  "Policy.ReadWrite.PermissionGrant",
  "PrivilegedAccess.ReadWrite.AzureADGroup",
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

// Their addresses end in `%24ref`: a shell takes `$ref` for a variable, and what is left deletes the member itself
// (msgraph-sdk-dotnet#1106).
function membershipsByHand(pair: Pair): Finding[] {
  const id = pair.facts.principal?.objectId;
  return (pair.facts.memberships ?? []).flatMap((group) => {
    const name = `${group.displayName} (${group.id})`;
    if (group.type === "directoryRole") {
      return report(
        pair,
        "DIRECTORY_ROLE_BY_HAND",
        `directory role ${name}`,
        `A login as this principal may do in the directory what ${group.displayName} may.`,
        command`az rest --method DELETE --url https://graph.microsoft.com/v1.0/directoryRoles/${group.id}/members/${id}/%24ref`,
      );
    }
    if (group.type !== "group") return [];
    return report(
      pair,
      "GROUP_BY_HAND",
      `membership of the group ${name}`,
      "A login as this principal has every role and permission of the group.",
      command`az ad group member remove --group ${group.id} --member-id ${id}`,
    );
  });
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
  const known = [...application!.owners, ...(principal?.owners ?? [])];
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
