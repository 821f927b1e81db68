import * as pulumi from "@pulumi/pulumi";

/**
 * What the component needs of Pulumi and Pulumi's types hide, each with the reason. Nothing of the kind stands elsewhere.
 * Read in @pulumi/pulumi 3.248 to 3.276 and in the engine 3.220.
 */

/** The value of an output; undefined if a preview does not know it. An `apply` would not be called at all. */
export async function valueIfKnown<T>(output: pulumi.Output<T>): Promise<T | undefined> {
  const internal = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
  const value = await internal.promise();
  return (await internal.isKnown) ? value : undefined;
}

/**
 * The output, unknown where the engine left its value out: with `--run-program` and `--target` it gives no outputs for a
 * resource that it neither made nor kept, and Pulumi would call each `apply` with `undefined`.
 */
export function unknownIfLeftOut<T>(output: pulumi.Output<T>): pulumi.Output<T> {
  return output.apply<T>((value) => value ?? (pulumi.unknown as T));
}

/** Keeps the run from ending while something is awaited that no resource waits for. Gives what ends that. */
export function keepRunning(): () => void {
  return pulumi.runtime.rpcKeepAlive();
}

/** Whether a setting is encrypted. If Pulumi should not tell any more, every setting counts as plain. */
export function isEncrypted(key: string): boolean {
  return (pulumi.runtime as { isConfigSecret?: (key: string) => boolean }).isConfigSecret?.(key) ?? false;
}

/**
 * Keeps an error's message as it is. From 3.276 on the SDK writes `error serializing property "…":` in front of it, once for
 * each output between the check and the resource (runtime/rpc.ts).
 */
export function keepMessage<E extends Error>(error: E): E {
  const { message } = error;
  return Object.defineProperty(error, "message", { get: () => message, set() {} });
}

/** What the engine tells of a resource of the stack. */
export interface StackResource {
  type: string;
  outputs: Record<string, unknown>;
}

/**
 * The resources that the state of this stack holds, by their URNs. The engine itself answers; a `StackReference` to the
 * own stack has only its outputs, and is a resource more. It crashes if the stack has no resources (3.220).
 */
export async function readStackResources(): Promise<Record<string, StackResource>> {
  const stackName = nameStack();
  for (let attempt = 1; ; attempt++) {
    try {
      const token = "pulumi:pulumi:readStackResourceOutputs";
      const answer = (await pulumi.runtime.invoke(token, { stackName })) as {
        outputs?: Record<string, StackResource>;
      };
      return answer.outputs ?? {};
    } catch (error) {
      // On a file backend the engine reads its file while it writes it: "failed to load checkpoint: EOF".
      if (attempt === 5) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
    }
  }
}

// Engines do not give a plugin the organization. The default one will do: nothing is found in another organization's stack.
function nameStack(): string {
  const stack = pulumi.getStack();
  try {
    return `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  } catch {
    return stack;
  }
}
