import assert from "node:assert/strict";
import { resolveTrusts, type ResolvedTrust } from "../../components/plan/trusts";
import { formatProblems } from "../../components/plan/problems";

/** A trust in a GitHub job with both immutable IDs. */
export const github = (fields: Record<string, unknown>) => ({
  github: { repository: "octocat/training", ownerId: 583231, repositoryId: "1296269", ...fields },
});

/** The trusts that these arguments mean. */
export function resolve(...list: unknown[]): ResolvedTrust[] {
  const { trusts, problems } = resolveTrusts("federatedCredentials", list);
  assert.deepEqual(problems, []);
  return trusts;
}

/** What the message says about these arguments: problem and remedy on a line each. */
export function refuse(...list: unknown[]): string[] {
  const { problems } = resolveTrusts("federatedCredentials", list);
  return formatProblems("x", problems)
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}
