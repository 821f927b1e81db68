import { formatLocalTime } from "../terminal/durations";
import { nameOfRole } from "./compare-unmanaged";
import { isSameId, liveParts } from "./record";
import type { AzureAnswers } from "./read-azure";
import type { StackRecord } from "./record";

/** Who can log in as one principal, and what it may do, as Azure says. */
export interface Access {
  readonly displayName: string;
  readonly clientId: string;
  readonly logins: readonly AccessEntry[];
  readonly rights: readonly AccessEntry[];
}

export interface AccessEntry {
  readonly kind: "secret" | "certificate" | "trust" | "role" | "group" | "directoryRole" | "permission";
  readonly what: string;
  /** Whether the stack records it. */
  readonly isRecorded: boolean;
}

/** The access of every instance whose application exists. */
export function sumUpAccess(record: StackRecord, answers: AzureAnswers, now: Date): Access[] {
  return record.instances.flatMap((instance, i) => {
    const { application } = liveParts(instance);
    const found = answers.instances[i];
    if (application === undefined || !found?.application) return [];
    const { principal } = found;
    const isRecorded = (list: readonly { id: string }[], id: string) =>
      list.some((item) => isSameId(item.id, id));
    const secrets = instance.secrets.map(({ keyId }) => ({ id: keyId }));
    const credentials = (kind: "secret" | "certificate", list = found.application![`${kind}s`]) =>
      list
        .filter(({ ends }) => new Date(ends) > now)
        .map(({ keyId, displayName, ends }) => ({
          kind,
          what: `${displayName ?? keyId}, until ${formatLocalTime(ends)}`,
          isRecorded: kind === "secret" && isRecorded(secrets, keyId),
        }));
    const isDisabled = principal === null || principal?.isEnabled === false;
    const rolesOf = (holder: string | undefined) =>
      (answers.roles ?? []).filter((role) => holder !== undefined && isSameId(role.principalId, holder));
    return {
      displayName: found.application.displayName,
      clientId: application.clientId,
      logins: isDisabled
        ? []
        : [
            ...credentials("secret"),
            ...credentials("certificate"),
            ...credentials("secret", principal?.secrets ?? []),
            ...credentials("certificate", principal?.certificates ?? []),
            ...(found.trusts ?? []).map(({ id, matches, issuer }) => ({
              kind: "trust" as const,
              what: `${matches} of ${issuer}`,
              isRecorded: isRecorded(instance.trusts, id),
            })),
          ],
      rights: [
        ...rolesOf(principal?.objectId).map((role) => ({
          kind: "role" as const,
          what: `${nameOfRole(role)} on ${role.scope}`,
          isRecorded: isRecorded(instance.roles, role.id),
        })),
        ...(found.memberships ?? []).flatMap(({ id, type, displayName }): AccessEntry[] =>
          type === "group" || type === "directoryRole"
            ? [
                { kind: type, what: displayName, isRecorded: false },
                ...rolesOf(id).map((role) => ({
                  kind: "role" as const,
                  what: `${nameOfRole(role)} on ${role.scope}, by the group ${displayName}`,
                  isRecorded: false,
                })),
              ]
            : [],
        ),
        ...(found.appRoles ?? []).map(({ permission, resourceName }) => ({
          kind: "permission" as const,
          what: `${permission} of ${resourceName}`,
          isRecorded: false,
        })),
      ],
    };
  });
}
