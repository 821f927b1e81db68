import type { KeyVaultInfo, PrincipalDetails } from "../details";

/** What a deployment gives to jobs. */
export interface Access {
  clientId: string | undefined;
  tenantId: string | undefined;
  details: Partial<Pick<PrincipalDetails, "existingClientId" | "secrets" | "keyVault">>;
}

/** What this run is about to deploy. */
export interface PlannedAccess {
  authentication: PrincipalDetails["authentication"];
  existingClientId: string | undefined;
  /** Unknown where a provider is not configured yet or not logged in. */
  tenantId: string | undefined;
}

/** What jobs lose with this run, in one or two sentences each. */
export function describeLostAccess(last: Access, plan: PlannedAccess): string[] {
  const { clientId, details } = last;
  const lost: string[] = [];
  if (last.tenantId && plan.tenantId && last.tenantId !== plan.tenantId)
    lost.push(
      `The application of this stack is in tenant ${last.tenantId}, your login in ${plan.tenantId}: an application cannot move. ` +
        "Log in to its tenant, or create another stack for the other tenant (`pulumi stack init`).",
    );
  const isSame =
    plan.existingClientId === undefined
      ? details.existingClientId === undefined
      : plan.existingClientId.toLowerCase() === clientId?.toLowerCase();
  if (!isSame)
    lost.push(
      `The client ID changes from ${clientId} to ${plan.existingClientId ?? "that of a new application"}. ` +
        `Jobs that use the old one will fail${details.existingClientId === undefined ? ", and its application is deleted" : ""}: push the new variables to every pipeline.`,
    );
  else if (plan.authentication === "federated" && (details.secrets?.length ?? 0) > 0)
    lost.push(
      "authentication is federated now: every secret of the application is removed, and jobs that still use the password will fail. " +
        "Remove HIML_SERVICE_PRINCIPAL_PASSWORD from the pipelines first. With both, either login works.",
    );
  return lost;
}

/** What jobs lose that read the variables in a Key Vault: the secrets that this run removes. */
export function describeLostSecrets(last: KeyVaultInfo | undefined, now: KeyVaultInfo | undefined): string[] {
  if (last === undefined) return [];
  const places = ({ vaultId, secrets }: KeyVaultInfo) =>
    secrets.map((secret) => ({ secret, place: `${vaultId}/secrets/${secret}`.toLowerCase() }));
  const kept = new Set((now ? places(now) : []).map(({ place }) => place));
  const lost = places(last).filter(({ place }) => !kept.has(place));
  if (lost.length === 0) return [];
  const { vaultId } = last;
  return [
    `Key Vault ${vaultId.slice(vaultId.lastIndexOf("/") + 1)} loses ${lost.map(({ secret }) => secret).join(", ")}: jobs that read ${lost.length === 1 ? "it" : "them"} there will fail.`,
  ];
}
