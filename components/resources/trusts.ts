import { ApplicationFederatedIdentityCredential } from "@pulumi/azuread/applicationFederatedIdentityCredential";
import { ApplicationFlexibleFederatedIdentityCredential } from "@pulumi/azuread/applicationFlexibleFederatedIdentityCredential";
import type { Application } from "@pulumi/azuread/application";
import type { TrustInfo } from "../details";
import { readRecordedState } from "../look-ups/state";
import { trustDescription } from "../plan/ownership";
import { InvalidValuesError } from "../plan/problems";
import { findTrustObstacles } from "../plan/trust-limits";
import type { ResolvedTrust } from "../plan/trusts";
import { checked } from "../report";
import { deletedWith } from "./application";
import type { Context } from "./context";
import { REPLACEABLE } from "./revocation-guard";

export type Trust = ApplicationFederatedIdentityCredential | ApplicationFlexibleFederatedIdentityCredential;

/** One credential for each trust. */
export function createTrusts(context: Context, application: Application) {
  const { trusts } = context.plan;
  if (trusts.length > 0) void checked(refuseObstacles(context), context.component);
  return {
    resources: trusts.map((trust) => createTrust(context, application, trust)),
    details: { trusts: trusts.map(describeTrust) },
  };
}

function createTrust(context: Context, application: Application, trust: ResolvedTrust): Trust {
  const { component, name, instanceId } = context;
  const { key, name: displayName, issuer, subject, claimsMatchingExpression, audience } = trust;
  const childName = `${name}-trust-${key}`;
  const common = {
    applicationId: application.id,
    displayName,
    description: instanceId.apply(trustDescription),
    issuer,
  };
  const opts = {
    ...REPLACEABLE,
    parent: component,
    ...deletedWith(context, application),
    // A new name means a new credential, and Entra refuses a second one with the same issuer and subject.
    deleteBeforeReplace: true,
  };
  return claimsMatchingExpression === undefined
    ? new ApplicationFederatedIdentityCredential(
        childName,
        { ...common, subject: subject!, audiences: [audience] },
        opts,
      )
    : new ApplicationFlexibleFederatedIdentityCredential(
        childName,
        { ...common, claimsMatchingExpression, audience },
        opts,
      );
}

/** Refuses what Entra would refuse half-way: Pulumi deletes what is no longer there after it has created what is new. */
async function refuseObstacles({ component, plan, instanceId }: Context): Promise<void> {
  const recorded = await readRecordedState(component, instanceId);
  const old = [...(recorded?.resources ?? [])].flatMap(([suffix, { displayName }]) =>
    suffix.startsWith("trust-") ? [{ key: suffix.slice("trust-".length), name: String(displayName) }] : [],
  );
  const problems = findTrustObstacles(old, plan.trusts);
  if (problems.length > 0) throw new InvalidValuesError("HimlServicePrincipal", problems);
}

function describeTrust({ key, name, issuer, subject, claimsMatchingExpression }: ResolvedTrust): TrustInfo {
  return {
    ...(name !== key && { name }),
    issuer,
    ...(subject !== undefined && { subject }),
    ...(claimsMatchingExpression !== undefined && { claimsMatchingExpression }),
  };
}
