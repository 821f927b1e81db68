import { ApplicationFederatedIdentityCredential } from "@pulumi/azuread/applicationFederatedIdentityCredential";
import { ApplicationFlexibleFederatedIdentityCredential } from "@pulumi/azuread/applicationFlexibleFederatedIdentityCredential";
import type { Application } from "@pulumi/azuread/application";
import * as pulumi from "@pulumi/pulumi";
import { deletedWith, transformed, type Context } from "./children";
import { MOST_TRUSTS, type ResolvedTrust } from "../plan/trusts";
import type { Transform, TrustCredentialArgs } from "../himl-service-principal-args";
import { findLastTrusts, type LastTrust } from "../look-ups/last-trusts";
import { LookUpError } from "../look-ups/look-ups";
import { trustDescription } from "../plan/ownership";
import { InvalidValuesError, type Problem } from "../plan/problems";
import { REPLACEABLE } from "./revocation-guard";
import type * as trustLookUp from "../look-ups/trust-look-up";
import { checkInPreview, toResourceError, valueIfKnown } from "../look-ups/world";
import { warn } from "./warnings";

// `require` for the reason given in verification.ts.
// oxlint-disable-next-line typescript/no-require-imports
const loadLookUp = () => require("../look-ups/trust-look-up") as typeof trustLookUp;

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
  return pulumi.output(findLastTrusts(component, context.name, instanceId)).apply((last) => {
    if (last.trusts === undefined) {
      const trusts = declare(new Map());
      refuseBlindly(trusts, component);
      refuseTaken(context, trusts, []);
      return trusts;
    }
    const { places, missing, taken } = pairTrusts(last.trusts, plan.trusts);
    if (taken.length > 0) throw describeTakenNames(taken, component);
    const added = last.isKnownToUp ? missing : missing + places.size;
    if (added > 0)
      throw describeRefusal(
        { list: plan.trusts, stay: countStaying(last.trusts, plan.trusts), added },
        component,
      );
    warnOfGap(places, component);
    const trusts = declare(places);
    refuseTaken(context, trusts, last.trusts);
    return trusts;
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
    // A new name means a new credential, and Entra refuses a second one with the same issuer and subject.
    deleteBeforeReplace: true,
    ...(takesPlaceOf !== undefined && { aliases: [{ name: `${name}-trust-${takesPlaceOf}` }] }),
  };
  // One transform for both kinds; it returns the arguments of the kind that it was given.
  const change = <Args extends TrustCredentialArgs>(given: Args) =>
    transformed(context, args.transform?.trust as Transform<Args> | undefined, childName, given, opts);
  return claimsMatchingExpression === undefined
    ? new ApplicationFederatedIdentityCredential(
        ...change({ ...common, subject: subject!, audiences: [audience] }),
      )
    : new ApplicationFlexibleFederatedIdentityCredential(
        ...change({ ...common, claimsMatchingExpression, audience }),
      );
}

/**
 * Which new trust takes the place of which old one, by their keys: as many as Entra has no room for, and those of the same
 * name. `missing` counts those for which no place is left; `taken` are the names that another trust still holds when they
 * are given.
 */
export function pairTrusts(
  old: readonly LastTrust[],
  now: readonly ResolvedTrust[],
): { places: Map<string, string>; missing: number; taken: string[] } {
  const removed = new Map(
    old.filter(({ key }) => !now.some((trust) => trust.key === key)).map((one) => [one.key, one]),
  );
  const added = now.filter(({ key }) => !old.some((trust) => trust.key === key));
  const places = new Map<string, string>();
  const take = (trust: ResolvedTrust, place: LastTrust) => {
    places.set(trust.key, place.key);
    removed.delete(place.key);
  };
  // A resource of another type cannot take the place.
  const isSameKind = (a: { subject?: string }, b: { subject?: string }) =>
    (a.subject === undefined) === (b.subject === undefined);
  const nameOf = ({ name, key }: { name?: string; key: string }) => (name ?? key).toLowerCase();
  for (const trust of added) {
    const place = [...removed.values()].find(
      (one) => nameOf(one) === nameOf(trust) && isSameKind(one, trust),
    );
    if (place) take(trust, place);
  }
  const tooMany = () => old.length + added.length - places.size - MOST_TRUSTS;
  for (const trust of added.filter(({ key }) => !places.has(key))) {
    const place = [...removed.values()].find((one) => isSameKind(one, trust));
    if (tooMany() > 0 && place) take(trust, place);
  }
  const holderOf = (trust: ResolvedTrust) => old.find((one) => nameOf(one) === nameOf(trust))?.key;
  const taken = now.filter((trust) => {
    const holder = holderOf(trust);
    return holder !== undefined && holder !== trust.key && holder !== places.get(trust.key);
  });
  return { places, missing: Math.max(0, tooMany()), taken: taken.map(({ name }) => name) };
}

function countStaying(before: readonly LastTrust[], now: readonly ResolvedTrust[]): number {
  return now.filter(({ key }) => before.some((trust) => trust.key === key)).length;
}

/**
 * Refuses, in preview, to exchange so many trusts that Entra might have no room for old and new ones, where nothing tells
 * how many old ones there are.
 */
function refuseBlindly(trusts: readonly Trust[], component: pulumi.Resource): void {
  checkInPreview(async () => {
    const ids = await Promise.all(trusts.map(({ id }) => valueIfKnown(id)));
    const added = ids.filter((id) => id === undefined).length;
    if (added > 0 && trusts.length + added > MOST_TRUSTS)
      throw describeRefusal({ list: trusts, stay: trusts.length - added, added, isBlind: true }, component);
  });
}

/** Refuses, in preview, what another stack or somebody by hand has put into an application of somebody else's. */
function refuseTaken(
  { component, plan, world, instanceId }: Context,
  trusts: readonly Trust[],
  last: readonly LastTrust[],
): void {
  const { existing } = world;
  if (!existing) return;
  checkInPreview(async () => {
    const ids = await Promise.all(trusts.map(({ id }) => valueIfKnown(id)));
    const added = plan.trusts.filter((_, i) => ids[i] === undefined);
    if (added.length === 0) return;
    const { describeTakenTrusts, listOtherTrusts } = loadLookUp();
    const own = await valueIfKnown(instanceId);
    const there = await listOtherTrusts((await existing).objectId, own, component);
    // A transform may have taken the mark from this stack's own.
    const others = there.filter((one) => !last.some(({ name, key }) => (name ?? key) === one.name));
    const problems = describeTakenTrusts(added, plan.trusts, others);
    if (problems.length > 0)
      throw toResourceError(new LookUpError("TRUST_TAKEN", "Trusts", ...problems), component);
  });
}

interface Exchange {
  list: readonly unknown[];
  /** How many trusts of the list exist already. */
  stay: number;
  /** How many trusts of the list have no room, or perhaps have none. */
  added: number;
  isBlind?: true;
}

/** As few as can be left of the old ones, so that there is room for all of the list: the list must not be empty. */
function describeFirstStep({ list, stay }: Exchange): string {
  if (stay > 0) return "keep only those trusts in the list that exist already and stay";
  if (list.length < MOST_TRUSTS) return "keep only one of the existing trusts in the list";
  return "set authentication to secret and leave out federatedCredentials";
}

function describeRefusal(exchange: Exchange, component: pulumi.Resource): Error {
  const { added, isBlind } = exchange;
  const again = isBlind ? "`pulumi up --skip-preview`" : "it again";
  const problem = {
    what: "federatedCredentials",
    must: `leave Entra room for old and new trusts at once: ${MOST_TRUSTS} of one application`,
    received: isBlind
      ? `${added} new ones, and it is not known how many old ones there are`
      : `${added} without room, or with a name that is taken`,
    remedy: `Two steps: ${describeFirstStep(exchange)}, and run \`pulumi up\`; then set everything as it is now, and run ${again}.`,
  };
  return toRefusal(problem, component);
}

function describeTakenNames(taken: readonly string[], component: pulumi.Resource): Error {
  const problem = {
    what: "federatedCredentials",
    must: "give no trust the name that another trust has until this run: Entra allows each name once",
    received: taken,
    remedy: 'Choose names that no trust has now; or leave "name" out, since a trust needs none.',
  };
  return toRefusal(problem, component);
}

function toRefusal(problem: Problem, component: pulumi.Resource): Error {
  return toResourceError(new InvalidValuesError("HimlServicePrincipal", [problem]), component) as Error;
}

function warnOfGap(places: ReadonlyMap<string, string>, component: pulumi.Resource): void {
  if (places.size === 0) return;
  const pairs = [...places].map(([to, from]) => `${from} (by ${to})`).join(", ");
  warn(
    component,
    `Entra has no room for old and new trusts side by side, so these are replaced one after the other: ${pairs}. Jobs that log in with them fail for some seconds.`,
  );
}
