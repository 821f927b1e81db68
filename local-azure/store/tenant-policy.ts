import { Refusal } from "../refusal";

/** What the tenant's administrators have restricted. */
export interface TenantPolicy {
  /** No new secrets at all. */
  readonly passwordAddition: "allowed" | "forbidden";
  /** The longest life of a new secret; null: no limit. */
  readonly maxPasswordLifetimeDays: number | null;
  /** Each application must name a record of the service management system. */
  readonly requireServiceManagementReference: boolean;
  /** People without a directory role may register applications; on in a new tenant. */
  readonly usersCanRegisterApplications: boolean;
  /** Client IDs whose logins conditional access for workload identities blocks, right credential or not. */
  readonly blockedClientIds: readonly string[];
  /** Namespaces of resource providers that no subscription is registered for, such as `Microsoft.ManagedIdentity`. */
  readonly unregisteredProviders: readonly string[];
}

/** Restrictions that are all off. */
export const NO_POLICY: TenantPolicy = {
  passwordAddition: "allowed",
  maxPasswordLifetimeDays: null,
  requireServiceManagementReference: false,
  usersCanRegisterApplications: true,
  blockedClientIds: [],
  unregisteredProviders: [],
};

/** `policyId` is only named in the refusal. */
export function checkPasswordPolicy(policy: TenantPolicy, policyId: string, start: Date, end: Date): void {
  if (policy.passwordAddition === "forbidden") throw new Refusal("passwordForbidden", { policyId });
  const days = policy.maxPasswordLifetimeDays;
  if (days !== null && end.getTime() - start.getTime() > days * 86_400_000)
    throw new Refusal("passwordLifetime", { policyId });
}

/** `call` is `Create` or `Update`, as the refusal names it. */
export function checkServiceReference(
  policy: TenantPolicy,
  reference: unknown,
  call: "Create" | "Update",
): void {
  const given = typeof reference === "string" && reference !== "";
  if (policy.requireServiceManagementReference && !given)
    throw new Refusal("serviceReferenceRequired", { call });
}
