import * as pulumi from "@pulumi/pulumi";

/**
 * Warns about the component, as soon as the engine knows it. The SDK writes logs one after the other, through all runs of
 * a process: one about a resource whose URN never comes, since the engine was killed, would hold up every later run of a
 * program that uses the Automation API.
 */
export function warn(component: pulumi.Resource, text: string): void {
  component.urn.apply(() => pulumi.log.warn(text, component));
}
