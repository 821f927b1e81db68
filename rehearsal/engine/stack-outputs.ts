import { open } from "./keys";

/** Outputs of a stack in plain text, and which of them it keeps as secrets. */
export interface StackOutputs {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
}

/** Marks a value of the state as of a special kind, and the kind that a secret is (pulumi/sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

interface State {
  readonly resources?: readonly { readonly type: string; readonly outputs?: object }[];
  readonly secrets_providers?: { readonly state?: { readonly encryptedkey?: string } };
}

/**
 * The outputs in a state: in what `pulumi stack export --show-secrets` prints as `deployment`, or in a file of the backend,
 * whose secrets the key of the state opens (pulumi/pkg/resource/stack/deployment.go, sdk/go/common/resource/config/crypt.go).
 */
export function readOutputs(state: unknown, decryptKey?: (encrypted: Buffer) => Buffer): StackOutputs {
  const { resources = [], secrets_providers } = state as State;
  const encryptedKey = secrets_providers?.state?.encryptedkey;
  const key = decryptKey && encryptedKey && decryptKey(Buffer.from(encryptedKey, "base64"));
  const reveal = (value: unknown): unknown => {
    if (isSecret(value)) return reveal(JSON.parse(value.plaintext ?? openSecret(value.ciphertext!, key)));
    if (Array.isArray(value)) return value.map(reveal);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, reveal(inner)]));
  };
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const found = Object.entries((stack?.outputs ?? {}) as Record<string, unknown>);
  return {
    outputs: Object.fromEntries(found.map(([name, value]) => [name, reveal(value)])),
    secretOutputs: found.filter(([, value]) => isSecret(value)).map(([name]) => name),
  };
}

function isSecret(value: unknown): value is { plaintext?: string; ciphertext?: string } {
  return (
    typeof value === "object" && value !== null && (value as Record<string, unknown>)[SIGNATURE] === SECRET
  );
}

/** `v1:NONCE:TEXT`, each in base64. */
function openSecret(ciphertext: string, key: Buffer | "" | undefined): string {
  const [, nonce, sealed] = ciphertext.split(":");
  return open(
    key as Buffer,
    Buffer.concat([nonce!, sealed!].map((part) => Buffer.from(part, "base64"))),
  ).toString();
}
