import type * as pulumi from "@pulumi/pulumi";
import type { KeyVaultInfo } from "../details";
import { readRecordedState } from "../look-ups/state";
import { describeLostAccess, describeLostSecrets } from "../plan/lost-access";
import { valueIfKnown } from "../pulumi-internals";
import { checked, warn } from "../report";
import type { Context } from "./context";

/** Warns, in preview too, when this run takes away what jobs of the last deployment may still use. */
export function warnOfLostAccess(context: Context, keyVault: pulumi.Output<KeyVaultInfo> | undefined): void {
  void checked(compare(context, keyVault), context.component);
}

async function compare(
  { component, instanceId, plan, target }: Context,
  keyVault: pulumi.Output<KeyVaultInfo> | undefined,
): Promise<void> {
  const last = await readRecordedState(component, instanceId);
  if (last === undefined) return;
  const { details, tenantId, resources } = last;
  const access = {
    clientId: resources.get("application")?.["clientId"] as string | undefined,
    tenantId,
    details,
  };
  const lost = describeLostAccess(access, {
    authentication: plan.authentication,
    existingClientId: plan.existingClientId,
    tenantId: await valueIfKnown(target.login.tenantId),
  });
  for (const loss of lost) warn(component, loss);
  const isKnown = keyVault === undefined || (await valueIfKnown(keyVault)) !== undefined;
  if (!isKnown) return;
  for (const loss of describeLostSecrets(details.keyVault, keyVault && (await valueIfKnown(keyVault))))
    warn(component, loss);
}
