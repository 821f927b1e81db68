/**
 * How severe a finding is. `danger`: somebody can log in or do something who should not. `broken`: record and Azure differ,
 * or the stack cannot run. `leftover`: something that the stack created and nobody needs. `notice`: nothing to do.
 */
export type Level = "danger" | "broken" | "leftover" | "notice";

/** Every finding, worst first. Codes are stable: programs read them, and docs/after-a-broken-run.md lists them. */
export const FINDINGS = {
  REPLACED_SECRET: "danger",
  UNMANAGED_ROLE: "danger",
  UNMANAGED_DIRECTORY_ROLE: "danger",
  UNMANAGED_API_PERMISSION: "danger",
  UNMANAGED_SECRET: "danger",
  UNMANAGED_CERTIFICATE: "danger",
  UNMANAGED_TRUST: "danger",
  TRUST_CHANGED: "danger",
  UNMANAGED_OWNER: "danger",
  UNMANAGED_GROUP: "danger",
  UNMANAGED_DELEGATION: "danger",
  PENDING_OPERATIONS: "broken",
  REPLACED_IN_USE: "broken",
  RESOURCE_TAINTED: "broken",
  RESOURCE_EXTERNAL: "broken",
  APPLICATION_MISSING: "broken",
  PRINCIPAL_MISSING: "broken",
  PRINCIPAL_CHANGED: "broken",
  SECRET_MISSING: "broken",
  TRUST_MISSING: "broken",
  ROLE_MISSING: "broken",
  ROLE_CHANGED: "broken",
  APPLICATION_CHANGED: "broken",
  SECRET_CHANGED: "broken",
  SECRET_EXPIRED: "broken",
  VAULT_SECRET_MISSING: "broken",
  VAULT_SECRET_CHANGED: "broken",
  REPLACED_NOT_DELETED: "leftover",
  ORPHAN_SECRET: "leftover",
  ORPHAN_TRUST: "leftover",
  ORPHAN_ROLE: "leftover",
  ORPHAN_APPLICATION: "leftover",
  ORPHAN_PRINCIPAL: "leftover",
  PRINCIPAL_NOT_RECORDED: "leftover",
  DESTROY_UNFINISHED: "notice",
  FORMER_INSTANCE: "notice",
  UNMANAGED_EXPIRED: "notice",
  OF_THE_OWNER: "notice",
  ROLE_OF_ADMINISTRATOR: "notice",
  OTHER_INSTANCE: "notice",
  DELETED_APPLICATION: "notice",
} as const satisfies Record<string, Level>;

export type FindingCode = keyof typeof FINDINGS;
const ORDER = Object.keys(FINDINGS) as FindingCode[];

/** What `himl-sp repair` does about a finding. */
export type RepairAction =
  | { readonly kind: "clearPending" }
  | { readonly kind: "untaint"; readonly urn: string }
  /** Takes a record that waits for its deletion out of the state; what it records stays. */
  | { readonly kind: "forget"; readonly urn: string; readonly id: string }
  /** Takes back that it belongs to somebody else. */
  | { readonly kind: "manage"; readonly urn: string }
  | { readonly kind: "refresh"; readonly urns: readonly string[] }
  | { readonly kind: "removeSecret"; readonly applicationId: string; readonly keyId: string }
  | { readonly kind: "removeTrust"; readonly applicationId: string; readonly id: string }
  | { readonly kind: "removeRole"; readonly id: string }
  | { readonly kind: "removePrincipal"; readonly id: string }
  | { readonly kind: "removeApplication"; readonly id: string }
  | { readonly kind: "purge"; readonly ids: readonly string[] }
  /** A plain `pulumi up` is all it takes. */
  | { readonly kind: "up" };

/** A difference between what the stack declares and what exists. */
export interface Finding {
  readonly code: FindingCode;
  readonly level: Level;
  /** The thing, to be read after the code. */
  readonly what: string;
  /** What it lets somebody do, or what follows from it. */
  readonly detail: string;
  /** One thing to do, with a command where there is one. */
  readonly remedy: string;
  /** Only where `repair` may do it: what a person made has none. */
  readonly action?: RepairAction;
}

export function createFinding(
  code: FindingCode,
  what: string,
  detail: string,
  remedy: string,
  action?: RepairAction,
): Finding {
  return { code, level: FINDINGS[code], what, detail, remedy, ...(action && { action }) };
}

/** Worst first; equally severe ones in the order in which they were found. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((one, other) => ORDER.indexOf(one.code) - ORDER.indexOf(other.code));
}

/** Whether there is something to do. */
export function needsAction(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level !== "notice");
}
