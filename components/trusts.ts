import { ApplicationFederatedIdentityCredential } from "@pulumi/azuread/applicationFederatedIdentityCredential";
import { ApplicationFlexibleFederatedIdentityCredential } from "@pulumi/azuread/applicationFlexibleFederatedIdentityCredential";
import type { Application } from "@pulumi/azuread/application";
import * as pulumi from "@pulumi/pulumi";
import { deletedWith, REPLACEABLE, transformed, type Context } from "./children";
import type { TrustInfo } from "./details";
import { keyOfTrust, MOST_TRUSTS, type ResolvedTrust } from "./federated-subjects";
import { readLastDetails } from "./last-outputs";
import { trustDescription } from "./ownership";
import { InvalidValuesError } from "./problems";
import { toResourceError } from "./verification";

export type Trust = ApplicationFederatedIdentityCredential | ApplicationFlexibleFederatedIdentityCredential;

/**
 * One credential for each trust.
 *
 * Pulumi deletes what is no longer there after it has created what is new. Where Entra has no room for both, or where a
 * new one bears the name of an old one, the new one takes the old one's place in the state, and so goes after it.
 */
export function createTrusts(context: Context, application: Application): pulumi.Output<Trust[]> {
  const { component, plan, instanceId } = context;
  const declare = (places: ReadonlyMap<string, string>) =>
    plan.trusts.map((trust) => createTrust(context, application, trust, places.get(trust.key)));
  if (plan.trusts.length === 0) return pulumi.output<Trust[]>([]);
  const last = readLastDetails(component).then((all) => all.filter(({ trusts }) => trusts.length > 0));
  return pulumi.output(last).apply((details) => {
    if (details.length === 0) return pulumi.output(undefined).apply(() => declare(new Map()));
    return instanceId.apply((id) => {
      const own = details.find((one) => one.instanceId.toLowerCase() === id.toLowerCase());
      const { places, missing } = pairTrusts(own?.trusts ?? [], plan.trusts);
      if (missing > 0) return refuse(missing, own!.trusts.length, component);
      warnOfGap(places, component);
      return declare(places);
    });
  });
}

function createTrust(
  context: Context,
  application: Application,
  trust: ResolvedTrust,
  takesPlaceOf?: string,
): Trust {
  const { component, name, args, instanceId } = context;
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
    // A new name is a new credential, and Entra refuses a second one with the same issuer and subject.
    deleteBeforeReplace: true,
    ...(takesPlaceOf !== undefined && { aliases: [{ name: `${name}-trust-${takesPlaceOf}` }] }),
  };
  const transform = args.transform?.trust;
  return claimsMatchingExpression === undefined
    ? new ApplicationFederatedIdentityCredential(
        ...transformed(transform, childName, { ...common, subject: subject!, audiences: [audience] }, opts),
      )
    : new ApplicationFlexibleFederatedIdentityCredential(
        childName,
        { ...common, claimsMatchingExpression, audience },
        opts,
      );
}

/**
 * Which new trust takes the place of which old one, by their keys: as many as Entra has no room for, and those of the same
 * name. `missing` counts those for which no place is left.
 */
export function pairTrusts(
  before: readonly TrustInfo[],
  now: readonly ResolvedTrust[],
): { places: Map<string, string>; missing: number } {
  const old = before.map((trust) => ({ ...trust, key: keyOfTrust(trust) }));
  const removed = new Map(
    old.filter(({ key }) => !now.some((trust) => trust.key === key)).map((one) => [one.key, one]),
  );
  const added = now.filter(({ key }) => !old.some((trust) => trust.key === key));
  const places = new Map<string, string>();
  const take = (trust: ResolvedTrust, place: TrustInfo & { key: string }) => {
    places.set(trust.key, place.key);
    removed.delete(place.key);
  };
  // Another kind of resource cannot take the place.
  const isSameKind = (a: { subject?: string }, b: { subject?: string }) =>
    (a.subject === undefined) === (b.subject === undefined);
  for (const trust of added) {
    const place = [...removed.values()].find(
      (one) => (one.name ?? one.key) === trust.name && isSameKind(one, trust),
    );
    if (place) take(trust, place);
  }
  const tooMany = () => old.length + added.length - places.size - MOST_TRUSTS;
  for (const trust of added.filter(({ key }) => !places.has(key))) {
    const place = [...removed.values()].find((one) => isSameKind(one, trust));
    if (tooMany() > 0 && place) take(trust, place);
  }
  return { places, missing: Math.max(0, tooMany()) };
}

function refuse(missing: number, before: number, component: pulumi.Resource): Trust[] {
  const problem = {
    what: "federatedCredentials",
    must: `leave Entra room for old and new trusts at once: ${MOST_TRUSTS} of one application`,
    received: `${missing} too many`,
    remedy: `Two steps: remove ${Math.min(missing, before)} of the old ones and run \`pulumi up\`; then set the list as it is now, and run it again.`,
  };
  throw toResourceError(new InvalidValuesError("HimlServicePrincipal", [problem]), component) as Error;
}

function warnOfGap(places: ReadonlyMap<string, string>, component: pulumi.Resource): void {
  if (places.size === 0) return;
  const pairs = [...places].map(([to, from]) => `${from} (by ${to})`).join(", ");
  void pulumi.log.warn(
    `Entra has no room for old and new trusts side by side, so these are replaced one after the other: ${pairs}. Jobs that log in by them fail for some seconds.`,
    component,
  );
}
