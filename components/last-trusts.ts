import * as pulumi from "@pulumi/pulumi";
import type { TrustInfo } from "./details";
import { keyOfTrust } from "./federated-subjects";
import { findDetails, nameStack, readLastOutputs } from "./last-outputs";
import { askOnce } from "./look-ups";
import { valueIfKnown } from "./verification";

/** A trust of the stack, and the last part of its resource's name. */
export type LastTrust = TrustInfo & { key: string };

/** What is known about the trusts of the stack. */
export interface LastTrusts {
  /** Undefined where neither the outputs nor the resources of the stack can be read. */
  trusts: readonly LastTrust[] | undefined;
  /** Whether an `up` can tell the same; it knows less than a preview where the program has no outputs at all. */
  isKnownToUp: boolean;
}

const NONE: LastTrusts = { trusts: [], isKnownToUp: true };

/**
 * The trusts of the last deployment: from `details` among the outputs of the stack, or from its resources, where the
 * program exports no `details`.
 */
export async function findLastTrusts(
  component: pulumi.Resource,
  name: string,
  instanceId: pulumi.Output<string>,
): Promise<LastTrusts> {
  const outputs = await askOnce(component, "pulumi:pulumi:readStackOutputs", "", readLastOutputs);
  const isPreview = pulumi.runtime.isDryRun();
  const isFirst = async () => isPreview && (await valueIfKnown(instanceId)) === undefined;
  if (outputs === undefined) return (await isFirst()) ? NONE : { trusts: undefined, isKnownToUp: false };
  const found = findDetails(outputs);
  if (found.length > 0) {
    const id = await valueIfKnown(instanceId);
    const own = found.find((one) => one.instanceId.toLowerCase() === id?.toLowerCase());
    if (own)
      return { trusts: own.trusts.map((trust) => ({ ...trust, key: keyOfTrust(trust) })), isKnownToUp: true };
  }
  const isKnownToUp = Object.keys(outputs).length > 0;
  // The engine crashes if it is asked for the resources of a stack that has none (3.220, backend/backend.go).
  if (!isKnownToUp && (!isPreview || (await isFirst()))) return NONE;
  return { trusts: await readTrusts(component, name), isKnownToUp };
}

const TRUST_TYPE = /^azuread:.*:Application(?:Federated|Flexible\w*)IdentityCredential$/;

/** The trusts below a component, from the state of the stack. */
async function readTrusts(component: pulumi.Resource, name: string): Promise<LastTrust[] | undefined> {
  try {
    const stackName = nameStack();
    const answer = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName })) as {
      outputs?: Record<string, { type: string; outputs: Record<string, string> }>;
    };
    const urn = (await valueIfKnown(component.urn))!;
    const below = `${urn.slice(0, urn.lastIndexOf("::"))}$`;
    return Object.entries(answer.outputs ?? {}).flatMap(([at, { type, outputs }]) => {
      const key = at.split(`::${name}-trust-`)[1];
      if (!at.startsWith(below) || key === undefined || !TRUST_TYPE.test(type)) return [];
      const { displayName, issuer, subject, claimsMatchingExpression } = outputs;
      const matches =
        subject === undefined ? { claimsMatchingExpression: claimsMatchingExpression! } : { subject };
      return [{ key, name: displayName!, issuer: issuer!, ...matches }];
    });
  } catch {
    return undefined;
  }
}
