import * as pulumi from "@pulumi/pulumi";
import { InvalidValuesError, type Problem } from "../plan/problems";

/** A problem that only Azure, or the state of the stack, can show. */
export class LookUpError extends InvalidValuesError {
  constructor(
    override readonly code: LookUpErrorCode,
    subject: string,
    ...problems: readonly Problem[]
  ) {
    super(subject, problems);
    this.name = "LookUpError";
  }
}

export type LookUpErrorCode =
  | "NOT_LOGGED_IN"
  | "CLOCK_IS_WRONG"
  | "TENANTS_DIFFER"
  | "OTHER_SUBSCRIPTION"
  | "WORKSPACE_NOT_FOUND"
  | "WORKSPACE_WITHOUT_KEY_VAULT"
  | "KEY_VAULT_NOT_FOUND"
  | "KEY_VAULT_SECRET_TAKEN"
  | "EXISTING_APPLICATION_NOT_FOUND"
  | "EXISTING_APPLICATION_TAKEN"
  | "EXISTING_PRINCIPAL_TAKEN";

const answers = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * The answer to a question, asked once in a program for each provider: with many principals in one program the same
 * login and the same workspace would be looked up again and again.
 */
export function askOnce<T>(
  parent: pulumi.Resource,
  token: string,
  question: string,
  ask: () => Promise<T>,
): Promise<T> {
  // Without an explicit provider the default one is used. The engine's connection is a different one in each run.
  const key = parent.getProvider(token) ?? pulumi.runtime.getMonitor() ?? parent;
  const known = answers.get(key) ?? new Map<string, Promise<unknown>>();
  answers.set(key, known);
  const answer = known.get(`${token} ${question}`) ?? ask();
  known.set(`${token} ${question}`, answer);
  return answer as Promise<T>;
}

/** Azure's code in an error of azure-native, which prints `Status=404 Code="ResourceNotFound" Message="…"`, or of its SDK: `ERROR CODE: …`. */
export function azureCodeOf(message: string): string {
  return /(?:Code="|ERROR CODE: )(\w+)/.exec(message)?.[1] ?? "";
}

export const MADE_HERE = "If this program creates it, set previewChecks to false.";
