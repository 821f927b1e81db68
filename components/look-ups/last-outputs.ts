import * as pulumi from "@pulumi/pulumi";
import type { PrincipalDetails, TrustInfo } from "../details";
import { askOnce } from "./look-ups";

/** The part of the last deployment's `details` that is read here. */
export interface LastDetails extends Pick<PrincipalDetails, "instanceId" | "keyVault"> {
  trusts: TrustInfo[];
}

/** What the outputs of the last deployment say about principals, wherever the program exported it. */
export async function readLastDetails(component: pulumi.Resource): Promise<LastDetails[]> {
  return findDetails(await askOnce(component, "pulumi:pulumi:readStackOutputs", "", readLastOutputs));
}

export function findDetails(outputs: unknown): LastDetails[] {
  if (typeof outputs !== "object" || outputs === null) return [];
  const { instanceId, trusts } = outputs as Partial<LastDetails>;
  if (typeof instanceId === "string" && Array.isArray(trusts)) return [outputs as LastDetails];
  return Object.values(outputs).flatMap(findDetails);
}

/** The current outputs of this stack. Undefined if they cannot be read. */
export async function readLastOutputs(): Promise<Record<string, unknown> | undefined> {
  try {
    const name = nameStack();
    // The engine itself answers this call. A reference to the own stack (`pulumi.StackReference`) would be the same, but
    // would add a resource to it.
    const answer = (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name })) as {
      outputs?: Record<string, unknown>;
    };
    return answer.outputs ?? {};
  } catch {
    return undefined;
  }
}

// Engines do not give a plugin the organization. The default one will do: the instance ID shows if the outputs belong to another stack.
export function nameStack(): string {
  const stack = pulumi.getStack();
  try {
    return `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  } catch {
    return stack;
  }
}
