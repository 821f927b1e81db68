/** Why the store refused. Each service turns these into its own status, code and message. */
export type ViolationCode =
  | "objectNotFound"
  | "appIdNotFound"
  | "principalExists"
  | "keyIdNotFound"
  | "federatedNameTaken"
  | "federatedSubjectTaken"
  | "federatedLimit"
  | "federatedNameImmutable"
  | "passwordForbidden"
  | "passwordLifetime"
  | "serviceReferenceRequired"
  | "ownerExists"
  | "ownerNotFound"
  | "roleAssignmentExists"
  | "roleAssignmentImmutable"
  | "principalNotFound"
  | "roleNotFound";

/** A rule of the directory that a call would break. */
export class RuleViolation extends Error {
  override readonly name = "RuleViolation";

  constructor(
    readonly code: ViolationCode,
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(`The store refused with ${code}.`);
  }
}
