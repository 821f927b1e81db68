import type * as pulumi from "@pulumi/pulumi";
import type { PrincipalDetails } from "../details";
import { readStackResources, valueIfKnown } from "../pulumi-internals";
import { askOnce } from "./ask";

/** What the state of the stack holds of one component, as it was when the run began. */
export interface RecordedState {
  instanceId: string;
  /** What `details` said after the last run that ended well. */
  details: Partial<PrincipalDetails>;
  tenantId?: string;
  /** The resources, by what follows the component's name in theirs: `application`, `secret-a`. */
  resources: ReadonlyMap<string, Record<string, unknown>>;
}

/**
 * The state of the component with this instance ID. Undefined if it has none: a first run, or one that makes the ID anew.
 *
 * It is found by its ID, so that the name may change (`aliases`). One question for all components of a program.
 */
export async function readRecordedState(
  component: pulumi.Resource,
  instanceId: pulumi.Output<string>,
): Promise<RecordedState | undefined> {
  const id = await valueIfKnown(instanceId);
  if (id === undefined) return undefined;
  const all = await askOnce(component, "pulumi:pulumi:readStackResourceOutputs", "", readStackResources);
  const instance = Object.entries(all).find(
    ([urn, { outputs }]) => outputs["result"] === id && urn.endsWith("-instance"),
  );
  if (instance === undefined) return undefined;
  const [, stack, parents, name] = /^(.*::)(.*)\$[^$]*::(.*)-instance$/s.exec(instance[0])!;
  const own = all[`${stack}${parents}::${name}`]?.outputs ?? {};
  const resources = Object.entries(all).flatMap(([urn, { outputs }]): [string, Record<string, unknown>][] => {
    const [, type, suffix] = urn.startsWith(`${stack}${parents}$`)
      ? (/^(.*?)::(.*)$/s.exec(urn.slice(stack!.length)) ?? [])
      : [];
    return type !== undefined && suffix!.startsWith(`${name}-`)
      ? [[suffix!.slice(name!.length + 1), outputs]]
      : [];
  });
  return {
    instanceId: id,
    details: own["details"] ?? {},
    ...(typeof own["tenantId"] === "string" && { tenantId: own["tenantId"] }),
    resources: new Map(resources),
  };
}
