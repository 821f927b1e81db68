import * as pulumi from "@pulumi/pulumi";
import { InvalidValuesError, printAsMessage } from "./plan/problems";
import { keepMessage, keepRunning } from "./pulumi-internals";

/**
 * Warns about the component, as soon as the engine knows it. The SDK writes logs one after the other, through all runs of
 * a process: one about a resource whose URN never comes, since the engine was killed, would hold up every later run of a
 * program that uses the Automation API.
 */
export function warn(component: pulumi.Resource, text: string): void {
  component.urn.apply(() => pulumi.log.warn(text, component));
}

/** An error that Pulumi shows without a stack trace, tied to the component. */
export function toResourceError(error: unknown, component: pulumi.Resource): Error {
  return error instanceof InvalidValuesError
    ? keepMessage(printAsMessage(new pulumi.ResourceError(error.message, component, true)))
    : (error as Error);
}

/**
 * What a check comes to. If it fails, it alone ends the program, in a preview too, and this stays pending: nothing may be
 * computed from what fails (docs/decisions/0003-fail-where-nothing-is-computed-from.md).
 */
export function checked<T>(check: Promise<T>, component: pulumi.Resource): Promise<T> {
  const done = keepRunning();
  void check
    .catch((error: unknown) => {
      throw toResourceError(error, component);
    })
    // After the failure was reported.
    .finally(() => setImmediate(done));
  return ifFulfilled(check);
}

/** The value of a promise. If it fails, this one stays pending: the failure is reported elsewhere, and ends the program. */
export function ifFulfilled<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve) => void promise.then(resolve, () => undefined));
}
