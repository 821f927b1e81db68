import * as pulumi from "@pulumi/pulumi";
import type { TrustInfo } from "../details";
import { keyOfTrust } from "../plan/trusts";
import { findDetails, nameStack, readLastOutputs } from "./last-outputs";
import { askOnce } from "./look-ups";
import { valueIfKnown } from "./world";

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
 * The trusts that the stack has: from its resources, which are right after a run that failed half-way too; or from
 * `details` among its outputs, where the resources cannot be read, or are those of a component that had another name.
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
  const isKnownToUp = Object.keys(outputs).length > 0;
  // The engine crashes if it is asked for the resources of a stack that has none (3.220, backend/backend.go).
  if (!isKnownToUp && (!isPreview || (await isFirst()))) return NONE;
  const inState = await readTrusts(component, name);
  if (inState !== undefined && inState.length > 0) return { trusts: inState, isKnownToUp };
  const id = await valueIfKnown(instanceId);
  const own = findDetails(outputs).find((one) => one.instanceId.toLowerCase() === id?.toLowerCase());
  const told = own?.trusts.map((trust) => ({ ...trust, key: keyOfTrust(trust) }));
  return { trusts: told ?? inState, isKnownToUp };
}

const TRUST_TYPE = /^azuread:.*:Application(?:Federated|Flexible\w*)IdentityCredential$/;

interface Resources {
  outputs?: Record<string, { type: string; outputs: Record<string, string> }>;
}

function readResources(): Promise<Resources> {
  const stackName = nameStack();
  return pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName }) as Promise<Resources>;
}

/** The trusts below a component, from the state of the stack. */
async function readTrusts(component: pulumi.Resource, name: string): Promise<LastTrust[] | undefined> {
  try {
    const answer = await askOnce(component, "pulumi:pulumi:readStackResourceOutputs", "", readResources);
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
