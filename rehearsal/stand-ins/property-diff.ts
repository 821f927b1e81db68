import type { ResourceType } from "./resource-type";
import { isObject, type Properties } from "./property-values";

/** Kinds of the engine's `PropertyDiff.Kind`, by name. */
type ChangeKind = "ADD" | "ADD_REPLACE" | "DELETE" | "DELETE_REPLACE" | "UPDATE" | "UPDATE_REPLACE";

/** The plan for one resource: each changed property by its path, and what that means for the resource. */
interface ResourceDiff {
  readonly changes: ReadonlyMap<string, ChangeKind>;
  /** Inputs with a change, and those of them that replace the resource. */
  readonly changedInputs: readonly string[];
  readonly replacingInputs: readonly string[];
}

type PlainChange = "ADD" | "DELETE" | "UPDATE";

/** Compares new inputs with what was there before, property by property. */
export function diffResource<C>(
  type: ResourceType<C>,
  state: Properties,
  oldInputs: Properties,
  news: Properties,
): ResourceDiff {
  const before = type.comparedWith === "state" ? state : oldInputs;
  const changes = new Map<string, ChangeKind>();
  const changedInputs: string[] = [];
  const replacingInputs: string[] = [];
  for (const [name, rule] of Object.entries(type.inputs)) {
    const [oldValue, newValue] = [before[name], news[name]];
    if (newValue === undefined && rule.computed) continue;
    const found = new Map<string, PlainChange>();
    compare(
      name,
      rule.unordered ? sorted(oldValue) : oldValue,
      rule.unordered ? sorted(newValue) : newValue,
      found,
    );
    if (found.size === 0) continue;
    changedInputs.push(name);
    if (rule.replaces) replacingInputs.push(name);
    for (const [path, kind] of found) changes.set(path, rule.replaces ? `${kind}_REPLACE` : kind);
  }
  return { changes, changedInputs, replacingInputs };
}

function compare(path: string, before: unknown, after: unknown, found: Map<string, PlainChange>): void {
  if (isZero(before) && isZero(after)) return;
  if (isUnset(before)) found.set(path, "ADD");
  else if (isUnset(after)) found.set(path, "DELETE");
  else if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      compare(`${path}[${i}]`, before[i], after[i], found);
    }
  } else if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(`${path}.${key}`, before[key], after[key], found);
    }
  } else if (before !== after) found.set(path, "UPDATE");
}

// Terraform's SDK does not tell "not set" from the zero value of the type, and so sees no change between the two.
function isZero(value: unknown): boolean {
  return isUnset(value) || value === false;
}

function isUnset(value: unknown): boolean {
  return (
    value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map(String).sort() : value;
}
