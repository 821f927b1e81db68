import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";

/** Properties of a resource as they travel between the engine and a provider, secrets unwrapped. */
export type Properties = Record<string, unknown>;

/** Stands for a value that is not known before the resource exists. */
export const UNKNOWN = unknownValue;

/** Whether a value is, or contains, one that is not known yet. */
export function containsUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  return isObject(value) && Object.values(value).some(containsUnknown);
}

/** Whether a value is an object in the sense of JSON. */
export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Marks a value as a secret, as the engine encodes it. */
function markSecret(value: unknown): Properties {
  return { [specialSigKey]: specialSecretSig, value };
}

/** Properties without secret marks and nulls, and the names of those that were secret, wholly or in part. */
export function readStruct(struct: Struct | undefined): { properties: Properties; secretNames: Set<string> } {
  const properties: Properties = {};
  const secretNames = new Set<string>();
  for (const [name, marked] of Object.entries(struct?.toJavaScript() ?? {})) {
    let secret = false;
    const plain = removeMarks(marked, () => (secret = true));
    if (plain === null || plain === undefined) continue;
    properties[name] = plain;
    if (secret) secretNames.add(name);
  }
  return { properties, secretNames };
}

/** The engine's encoding of properties; those in `secretNames` are marked as secrets. */
export function writeStruct(properties: Properties, secretNames: ReadonlySet<string> = new Set()): Struct {
  const marked: Properties = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    marked[name] = secretNames.has(name) ? markSecret(value) : value;
  }
  return Struct.fromJavaScript(marked as Parameters<typeof Struct.fromJavaScript>[0]);
}

function removeMarks(value: unknown, onSecret: () => void): unknown {
  if (Array.isArray(value)) return value.map((item) => removeMarks(item, onSecret));
  if (!isObject(value)) return value;
  if (value[specialSigKey] === specialSecretSig) {
    onSecret();
    return removeMarks(value["value"], onSecret);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, removeMarks(item, onSecret)]));
}
