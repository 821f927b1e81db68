import type { OperationResult, ResourceStep } from "./engine/operation-log";

const WORDS: Readonly<Record<string, string>> = {
  Application: "app registration",
  ServicePrincipal: "service principal",
  ApplicationPassword: "client secret",
  ApplicationFederatedIdentityCredential: "trust",
  RoleAssignment: "role assignment",
};

/** What an operation does in Azure, without what concerns the stack alone. */
export function stepsInAzure(result: OperationResult): readonly ResourceStep[] {
  return result.steps.filter(({ type }) => /^azure(ad|-native):/.test(type));
}

/** The things in Azure that an operation is about, in its order. */
export function listThings(result: OperationResult): string {
  const counts = new Map<string, number>();
  for (const { type } of stepsInAzure(result)) {
    const word = WORDS[type.split(":").at(-1) ?? ""] ?? type;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => (count === 1 ? word : `${count} ${word}s`)).join(", ");
}

/** Whether an operation changes nothing. */
export function onlySame(result: OperationResult): boolean {
  return Object.keys(result.counts).every((operation) => !changesSomething({ operation }));
}

/** Pulumi reads what belongs to somebody else. */
export function changesSomething({ operation }: { operation: string }): boolean {
  return operation !== "same" && operation !== "read";
}

/** The changes of an operation. */
export function describe(result: OperationResult): string {
  const changed = result.steps.filter(changesSomething);
  return changed.map(({ operation, name }) => `${operation} ${name}`).join(", ") || "nothing";
}
