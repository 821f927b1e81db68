import type * as pulumi from "@pulumi/pulumi";
import { listIfReadable } from "./azure-lists";
import { MOST_TRUSTS, type ResolvedTrust } from "../plan/trusts";
import { trustDescription } from "../plan/ownership";
import type { Problem } from "../plan/problems";

// Loaded only if a trust is new to an application that somebody else registered.

/** A federated credential, as Microsoft Graph shows it. */
export interface AzureTrust {
  name: string;
  issuer: string;
  /** None of one with an expression. */
  subject?: string | null;
  description?: string | null;
}

/**
 * The trusts of an application that are not this instance's. None where Entra cannot be asked: then the preview goes on,
 * and `pulumi up` fails where there is no room.
 */
export async function listOtherTrusts(
  applicationObjectId: string,
  instanceId: string | undefined,
  parent: pulumi.Resource,
): Promise<AzureTrust[]> {
  const path = `/v1.0/applications/${applicationObjectId}/federatedIdentityCredentials`;
  const own = instanceId === undefined ? undefined : trustDescription(instanceId);
  const isOther = ({ description }: AzureTrust) => own === undefined || description !== own;
  return listIfReadable("graph", path, "The trusts of the application", parent, isOther);
}

/** What stands in the way of trusts in an application that has others already. */
export function describeTakenTrusts(
  added: readonly ResolvedTrust[],
  all: readonly ResolvedTrust[],
  others: readonly AzureTrust[],
): Problem[] {
  const same = added.filter((trust) =>
    others.some(
      (one) =>
        one.name.toLowerCase() === trust.name.toLowerCase() ||
        (one.issuer === trust.issuer && trust.subject !== undefined && one.subject === trust.subject),
    ),
  );
  const problems: Problem[] = same.map(({ name, subject, claimsMatchingExpression }) => ({
    what: "federatedCredentials",
    must: "hold no trust that the application has already, from another stack or by hand: Entra allows each name, and each issuer with subject, once",
    received: subject ?? claimsMatchingExpression ?? name,
    remedy:
      "Remove it here, since jobs that it trusts can log in already; or remove it there. The two have one application, and so one login.",
  }));
  if (others.length + all.length > MOST_TRUSTS)
    problems.push({
      what: "federatedCredentials",
      must: `leave room for the trusts that the application has already: ${MOST_TRUSTS} in all`,
      received: { here: all.length, others: others.length },
      remedy: "Let the jobs share an environment, or give each stack its own application.",
    });
  return problems;
}
