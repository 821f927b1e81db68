/** Outputs of a stack in plain text, and which of them it keeps as secrets. */
export interface StackOutputs {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
}

/** Marks a value of the state as of a special kind, and the kind that a secret is (pulumi/sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** The outputs in what `pulumi stack export --show-secrets` prints as `deployment`. */
export function readOutputs(deployment: unknown): StackOutputs {
  const { resources = [] } = deployment as { resources?: { type: string; outputs?: object }[] };
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const found = Object.entries((stack?.outputs ?? {}) as Record<string, unknown>);
  return {
    outputs: Object.fromEntries(found.map(([name, value]) => [name, reveal(value)])),
    secretOutputs: found.filter(([, value]) => isSecret(value)).map(([name]) => name),
  };
}

function isSecret(value: unknown): value is { plaintext: string } {
  return (
    typeof value === "object" && value !== null && (value as Record<string, unknown>)[SIGNATURE] === SECRET
  );
}

function reveal(value: unknown): unknown {
  if (isSecret(value)) return reveal(JSON.parse(value.plaintext));
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, reveal(inner)]));
}
