import { RuleViolation } from "./violations";

/** What the tenant's administrators have restricted. */
export interface TenantPolicy {
  /** No new secrets at all. */
  readonly passwordAddition: "allowed" | "forbidden";
  /** The longest life of a new secret; null: no limit. */
  readonly maxPasswordLifetimeDays: number | null;
  /** Each application must name a record of the service management system. */
  readonly requireServiceManagementReference: boolean;
}

export const NO_POLICY: TenantPolicy = {
  passwordAddition: "allowed",
  maxPasswordLifetimeDays: null,
  requireServiceManagementReference: false,
};

export function checkPasswordPolicy(policy: TenantPolicy, start: Date, end: Date): void {
  if (policy.passwordAddition === "forbidden") throw new RuleViolation("passwordForbidden");
  const days = policy.maxPasswordLifetimeDays;
  if (days !== null && end.getTime() - start.getTime() > days * 86_400_000)
    throw new RuleViolation("passwordLifetime", { days: String(days) });
}

export function checkServiceReference(policy: TenantPolicy, reference: unknown): void {
  const given = typeof reference === "string" && reference !== "";
  if (policy.requireServiceManagementReference && !given) throw new RuleViolation("serviceReferenceRequired");
}
