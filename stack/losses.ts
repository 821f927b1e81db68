import * as pulumi from "@pulumi/pulumi";
import type { HimlServicePrincipal } from "../components/himl-service-principal";
import type { KeyVaultInfo } from "../components/details";
import { readLastOutputs } from "../components/look-ups/last-outputs";
import type { StackDetails } from "./outputs";

/** What the last deployment of a stack created, according to its outputs. Empty before the first one. */
export interface LastDeployment {
  HIML_SERVICE_PRINCIPAL_ID?: string;
  HIML_TENANT_ID?: string;
  details?: Partial<Pick<StackDetails, "instanceId" | "existingClientId" | "secrets" | "keyVault">>;
}

/** What this run is about to deploy. */
export interface Plan {
  instanceId: string;
  authentication: StackDetails["authentication"];
  existingClientId: string | undefined;
  tenantId: string;
}

/**
 * Warns, in preview too, when this run takes away what jobs may still use. Nobody waits for it, and a stack whose
 * outputs cannot be read gets no warning: it is advice, not a check.
 */
export function warnOfLosses(principal: HimlServicePrincipal): void {
  const last: Promise<LastDeployment> = readLastOutputs().then((outputs) => outputs ?? {});
  const { tenantId } = principal;
  const { instanceId, authentication, existingClientId, keyVault } = principal.details;
  const warn = async (losses: string[]) => {
    for (const loss of losses) await pulumi.log.warn(loss);
  };
  pulumi.output({ instanceId, tenantId, authentication, existingClientId }).apply(async (plan) => {
    await warn(describeLosses(await last, plan));
  });
  // Separate, because the vault may be known later than the rest.
  pulumi.all([instanceId, keyVault]).apply(async ([id, vault]) => {
    await warn(describeLostSecrets(await last, id, vault));
  });
}

/** What jobs lose with this run, in one or two sentences each. */
export function describeLosses(last: LastDeployment, plan: Plan): string[] {
  const clientId = last.HIML_SERVICE_PRINCIPAL_ID;
  if (clientId === undefined) return [];
  // The outputs are those of another principal of the program.
  if (last.details?.instanceId !== undefined && last.details.instanceId !== plan.instanceId) return [];
  const losses: string[] = [];
  // The tenant is unknown where a provider is not configured yet or not logged in.
  if (last.HIML_TENANT_ID && plan.tenantId && last.HIML_TENANT_ID !== plan.tenantId) {
    losses.push(
      `The application of this stack is in tenant ${last.HIML_TENANT_ID}, your login in ${plan.tenantId}: an application cannot move. ` +
        "Log in to its tenant, or create another stack for the other tenant (`pulumi stack init`).",
    );
  }
  const lastExisting = last.details?.existingClientId;
  const isSame =
    plan.existingClientId === undefined
      ? lastExisting === undefined
      : plan.existingClientId.toLowerCase() === clientId.toLowerCase();
  if (!isSame) {
    losses.push(
      `The client ID changes from ${clientId} to ${plan.existingClientId ?? "that of a new application"}. ` +
        `Jobs that use the old one will fail${lastExisting === undefined ? ", and its application is deleted" : ""}: push the new variables to every pipeline.`,
    );
  } else if (plan.authentication === "federated" && (last.details?.secrets?.length ?? 0) > 0) {
    losses.push(
      "authentication is federated now: every secret of the application is removed, and jobs that still use the password will fail. " +
        "Remove HIML_SERVICE_PRINCIPAL_PASSWORD from the pipelines first. With both, either login works.",
    );
  }
  return losses;
}

/** What jobs lose that read the variables in a Key Vault: the secrets that this run removes. */
export function describeLostSecrets(
  { details: last }: LastDeployment,
  instanceId: string,
  now: StackDetails["keyVault"],
): string[] {
  if (last?.keyVault === undefined) return [];
  if (last.instanceId !== undefined && last.instanceId !== instanceId) return [];
  const places = ({ vaultId, secrets }: KeyVaultInfo) =>
    secrets.map((secret) => ({ secret, place: `${vaultId}/secrets/${secret}`.toLowerCase() }));
  const kept = new Set((now ? places(now) : []).map(({ place }) => place));
  const lost = places(last.keyVault).filter(({ place }) => !kept.has(place));
  if (lost.length === 0) return [];
  const { vaultId } = last.keyVault;
  return [
    `Key Vault ${vaultId.slice(vaultId.lastIndexOf("/") + 1)} loses ${lost.map(({ secret }) => secret).join(", ")}: jobs that read ${lost.length === 1 ? "it" : "them"} there will fail.`,
  ];
}
