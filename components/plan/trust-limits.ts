import type { Problem } from "./problems";
import { MOST_TRUSTS, type ResolvedTrust } from "./trusts";

/** What identifies a trust in a stack, and in Entra. */
type NamedTrust = Pick<ResolvedTrust, "key" | "name">;

/**
 * Why Entra would refuse to have these trusts after those: for a moment it holds old and new ones side by side, since
 * Pulumi deletes what is no longer there after it has created what is new.
 */
export function findTrustObstacles(old: readonly NamedTrust[], trusts: readonly NamedTrust[]): Problem[] {
  const problems: Problem[] = [];
  const added = trusts.filter(({ key }) => !old.some((one) => one.key === key));
  const nameOf = ({ name }: NamedTrust) => name.toLowerCase();
  const taken = added.filter((trust) => old.some((one) => nameOf(one) === nameOf(trust)));
  if (taken.length > 0)
    problems.push({
      what: "federatedCredentials",
      must: "give no trust the name that another trust has until this run: Entra allows each name once",
      received: taken.map(({ name }) => name),
      remedy: 'Choose names that no trust has now; or leave "name" out, since a trust needs none.',
    });
  if (added.length > 0 && old.length + added.length > MOST_TRUSTS)
    problems.push({
      what: "federatedCredentials",
      must: `leave Entra room for old and new trusts at once: ${MOST_TRUSTS} of one application`,
      received: `${added.length} new ones, beside ${old.length} that exist`,
      remedy: `Two runs: ${describeFirstRun(old, trusts)}, and run \`pulumi up\`; then set everything as it is now, and run it again.`,
    });
  return problems;
}

function describeFirstRun(old: readonly NamedTrust[], trusts: readonly NamedTrust[]): string {
  return trusts.some(({ key }) => old.some((one) => one.key === key))
    ? "keep only those trusts in the list that exist already"
    : "set authentication to secret and leave out federatedCredentials";
}
