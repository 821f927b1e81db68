import { createHash } from "node:crypto";
import { GITHUB_FIELDS, resolveGitHubSubject, type GitHubTrustArgs } from "./github-subjects";
import { GITHUB_ISSUER, GITLAB_ISSUER, isIssuer, nearMissOf, TERRAFORM_ISSUER } from "./issuers";
import { isVisible, type Problem } from "./problems";
import { describeBroad, findBroad, type Broad } from "./reach";
import { isDateOfYaml, quoteHint } from "./rules";

/** Trust in a service connection of Azure DevOps. Copy issuer and subject from its page. */
export interface AzureDevOpsTrustArgs {
  azureDevOps: { issuer: string; subject: string };
}

/** Trust in any OpenID Connect issuer. */
export interface RawTrustArgs {
  /** Optional. 3 to 120 letters, digits, - or _. A change replaces the credential. @default made from issuer and subject */
  name?: string;
  /** Required. The exact `iss` of the tokens: an `https` URL. */
  issuer: string;
  /** Required. The exact `sub` of the tokens. For wildcards use a `claimsMatchingExpression`. */
  subject: string;
  /** Optional. The `aud` of the tokens. @default "api://AzureADTokenExchange" */
  audience?: string;
}

/** Trust in every token whose claims match an expression. A preview feature of Entra, for GitHub, GitLab and Terraform Cloud. */
export interface FlexibleTrustArgs {
  /** Optional. 3 to 120 letters, digits, - or _. A change replaces the credential. @default made from issuer and expression */
  name?: string;
  /** Required. The exact `iss` of the tokens. */
  issuer: string;
  /**
   * Required. Comparisons of claims, joined by `and`: `claims['sub'] matches 'repo:octocat/training:ref:refs/heads/release-*'`.
   * Everybody who can run a job whose token matches can log in.
   */
  claimsMatchingExpression: string;
  /** Optional. The `aud` of the tokens. @default "api://AzureADTokenExchange" */
  audience?: string;
}

export type { GitHubTrustArgs };
export type TrustArgs = GitHubTrustArgs | AzureDevOpsTrustArgs | RawTrustArgs | FlexibleTrustArgs;

/** A trust as Entra stores it. */
export interface ResolvedTrust {
  /** Computed from issuer and subject unless given, so that a trust keeps its name if the order of the list changes. */
  name: string;
  /** Identifies the trust within a stack, independent of its name. */
  key: string;
  issuer: string;
  /** One of the two. */
  subject?: string;
  claimsMatchingExpression?: string;
  audience: string;
  /** What may be wrong with it, but cannot be checked here. */
  warning?: string;
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations */
export const MOST_TRUSTS = 20;

const AUDIENCE = "api://AzureADTokenExchange";
const LONGEST_VALUE = 600;

/** The trusts that the arguments mean, and all problems with them. */
export function resolveTrusts(
  what: string,
  list: readonly unknown[],
  allowBroadTrusts = false,
): { trusts: ResolvedTrust[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const trusts = list.flatMap((args, index) => {
    const at = `${what}[${index}]`;
    const report = (field: string, must: string, received: unknown, remedy: string) =>
      problems.push({ what: `${at}${field}`, must, received, remedy });
    const trust = resolveTrust(args, allowBroadTrusts, report);
    return trust ? [{ ...trust, at }] : [];
  });

  if (list.length > MOST_TRUSTS) {
    problems.push({
      what,
      must: `have ${MOST_TRUSTS} entries at most: Entra stores no more for one application`,
      received: list.length,
      remedy: "Let the jobs share an environment, or declare a second principal.",
    });
  }
  const places = new Map<string, string>();
  for (const { at, issuer, subject, claimsMatchingExpression, name } of trusts) {
    const matches = subject ?? claimsMatchingExpression!;
    const keys = { "issuer and subject": `${issuer} ${matches}`, name: name.toLowerCase() };
    const taken = Object.entries(keys).find(([, value]) => places.has(value));
    if (taken) {
      problems.push({
        what: at,
        must: `have another ${taken[0]} than ${places.get(taken[1])}`,
        received: taken[0] === "name" ? name : taken[1],
        remedy: "Entra allows each of them only once in an application: remove one of the two.",
      });
    }
    for (const value of Object.values(keys)) places.set(value, at);
  }
  return { trusts: trusts.map(({ at: _, ...trust }) => trust), problems };
}

type Report = (field: string, must: string, received: unknown, remedy: string) => void;

function resolveTrust(args: unknown, allowBroadTrusts: boolean, report: Report): ResolvedTrust | undefined {
  if (isObject(args) && isObject(args["github"])) {
    const { github, ...rest } = args;
    const isKnown = [
      checkKeys(rest, ["github"], "", report),
      checkKeys(github, GITHUB_FIELDS, ".github", report),
    ].every(Boolean);
    const found = resolveGitHubSubject(github, allowBroadTrusts, (field, ...problem) =>
      report(`.github${field}`, ...problem),
    );
    return isKnown && found
      ? createTrust({ issuer: GITHUB_ISSUER, audience: AUDIENCE, ...found })
      : undefined;
  }
  if (isObject(args) && isObject(args["azureDevOps"])) {
    const { azureDevOps, ...rest } = args;
    const isAlone = checkKeys(rest, ["azureDevOps"], "", report);
    const trust = resolveRaw(azureDevOps, ["issuer", "subject"], allowBroadTrusts, (field, ...problem) =>
      report(`.azureDevOps${field}`, ...problem),
    );
    return isAlone ? trust : undefined;
  }
  if (isObject(args) && ["issuer", "subject", "claimsMatchingExpression"].some((field) => field in args)) {
    const matches = "claimsMatchingExpression" in args ? "claimsMatchingExpression" : "subject";
    return resolveRaw(args, ["name", "issuer", matches, "audience"], allowBroadTrusts, report);
  }
  report(
    "",
    "be {github: {repository, …}}, {azureDevOps: {issuer, subject}} or {issuer, subject}",
    args,
    `${quoteHint(args)}For example: {"github": {"repository": "owner/name", "branch": "main"}}`,
  );
  return undefined;
}

function isValue(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.trim() === value &&
    value !== "" &&
    value.length <= LONGEST_VALUE &&
    isVisible(value) &&
    !isDateOfYaml(value) &&
    !value.includes("*")
  );
}

const MUST = {
  subject: `be the subject of the tokens, of 1 to ${LONGEST_VALUE} characters without a wildcard`,
  expression: `be comparisons of claims, joined by and, of 1 to ${LONGEST_VALUE} characters`,
  flexibleIssuer: "be that of GitHub, GitLab or Terraform Cloud: Entra matches expressions for no other",
};
const REMEDY = {
  subject: "It is the `sub` of the tokens, exactly: Entra distinguishes upper and lower case.",
  expression:
    "For example: claims['sub'] matches 'repo:octocat/training:ref:refs/heads/release-*'. The operators are eq and matches.",
};

function resolveRaw(
  args: Record<string, unknown>,
  known: readonly string[],
  allowBroadTrusts: boolean,
  report: Report,
): ResolvedTrust | undefined {
  const { issuer, subject, claimsMatchingExpression, audience = AUDIENCE, name } = args;
  let isValid = checkKeys(args, known, "", report);
  const check: Check = (holds, field, must, received, remedy) => {
    if (!holds) report(`.${field}`, must, received, `${quoteHint(received)}${remedy}`);
    isValid &&= holds;
    return holds;
  };
  const meant = typeof issuer === "string" ? nearMissOf(issuer) : undefined;
  const isKnownIssuer = check(
    isValue(issuer) && isIssuer(issuer) && meant === undefined,
    "issuer",
    "be the issuer of the tokens, an https URL that Entra can reach, without a wildcard",
    issuer,
    `${meant === undefined ? "" : `Did you mean ${meant}? `}It is the \`iss\` of the tokens, exactly: with a slash at the end it is another issuer.`,
  );
  const isFlexible = known.includes("claimsMatchingExpression");
  const broad = isFlexible
    ? checkExpression(issuer, claimsMatchingExpression, meant !== undefined, check)
    : check(isValue(subject), "subject", MUST.subject, subject, REMEDY.subject) && isKnownIssuer
      ? findBroad(issuer as string, subject as string, false)
      : undefined;
  const field = isFlexible ? "claimsMatchingExpression" : "subject";
  if (broad) check(allowBroadTrusts, field, broad.must, args[field], `Otherwise it lets in ${broad.who}.`);
  const must = `have 1 to ${LONGEST_VALUE} characters`;
  check(isValue(audience), "audience", must, audience, `Leave it out for ${AUDIENCE}.`);
  check(
    name === undefined || (typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(name)),
    "name",
    "have 3 to 120 letters, digits, - or _, the first a letter or a digit",
    name,
    "Leave it out for a name made from issuer and subject.",
  );
  if (!isValid) return undefined;
  const warning = broad
    ? describeBroad(String(args[field]), broad)
    : isFlexible
      ? describePattern(claimsMatchingExpression as string)
      : undefined;
  return createTrust({
    issuer: issuer as string,
    audience: audience as string,
    ...(name !== undefined && { name: name as string }),
    [field]: args[field],
    ...(warning !== undefined && { warning }),
  });
}

type Check = (holds: boolean, field: string, must: string, received: unknown, remedy: string) => boolean;

/** Checks a whole expression. What it lets in, if one repository, project or workspace is not all. */
function checkExpression(
  issuer: unknown,
  expression: unknown,
  isNearMiss: boolean,
  check: Check,
): Broad | undefined {
  const field = "claimsMatchingExpression";
  const isRead = isExpression(expression);
  check(isRead, field, MUST.expression, expression, REMEDY.expression);
  if (isNearMiss) return undefined;
  const claims = typeof issuer === "string" ? claimsToMatch(issuer) : undefined;
  check(claims !== undefined, "issuer", MUST.flexibleIssuer, issuer, FLEXIBLE_ISSUERS.join(", "));
  if (!claims || !isRead) return undefined;
  const comparisons = [...expression.matchAll(/claims\['(\w+)'\] (\w+) '([^']+)'/g)].map(
    ([, claim, operator, value]) => ({ claim: claim!, isPattern: operator === "matches", value: value! }),
  );
  const must = `compare no other claims than Entra takes for this issuer: ${claims.join(", ")}`;
  const isKnown = comparisons.every(({ claim }) => claims.includes(claim));
  if (!check(isKnown, field, must, expression, REMEDY.expression)) return undefined;
  // All of them must hold, so one that fixes the source is enough. Others than the subject do not tell it.
  const found = comparisons
    .filter(({ claim }) => claim === "sub")
    .map(({ value, isPattern }) => findBroad(issuer as string, value, isPattern));
  return found.length === 0
    ? findBroad(issuer as string, "*", true)
    : found.every(Boolean)
      ? found[0]
      : undefined;
}

// https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials
const FLEXIBLE_ISSUERS = [GITHUB_ISSUER, GITLAB_ISSUER, TERRAFORM_ISSUER];
const COMPARISON = String.raw`claims\['[A-Za-z_]\w*'\] (eq|matches) '[^']+'`;
const EXPRESSION = new RegExp(`^${COMPARISON}( and ${COMPARISON})*$`);

/** The claims that Entra matches for an issuer. Undefined where it matches none. */
function claimsToMatch(issuer: string): string[] | undefined {
  if (issuer === GITHUB_ISSUER || issuer.startsWith(`${GITHUB_ISSUER}/`)) return ["sub", "job_workflow_ref"];
  return FLEXIBLE_ISSUERS.includes(issuer) ? ["sub"] : undefined;
}

function isExpression(value: unknown): value is string {
  return (
    typeof value === "string" && value.length <= LONGEST_VALUE && isVisible(value) && EXPRESSION.test(value)
  );
}

function describePattern(expression: string): string {
  const namesOnly = /'repo:[^@']*'/.test(expression)
    ? " A pattern with names only does not match immutable subjects of GitHub (repo:OWNER@ID/NAME@ID:…)."
    : "";
  return (
    `Everybody who can make a job whose token matches can log in: ${expression}. ` +
    `A wildcard at the end lets in branches, tags, environments and pull requests.${namesOnly}`
  );
}

/** A trust as Entra stores it, with a name made from what it trusts unless one is given. */
function createTrust(trust: Omit<ResolvedTrust, "name" | "key"> & { name?: string }): ResolvedTrust {
  const key = keyOfTrust(trust);
  return { ...trust, name: trust.name ?? key, key };
}

// From issuer and subject alone: a trust that is spelled in another way must stay the same resource, since Entra refuses
// a second one with the same issuer and subject while the first is there.
export function keyOfTrust(
  trust: Pick<ResolvedTrust, "issuer" | "subject" | "claimsMatchingExpression">,
): string {
  const matches = trust.subject ?? trust.claimsMatchingExpression ?? "";
  const hash = createHash("sha256").update(`${trust.issuer}\n${matches}`).digest("hex").slice(0, 8);
  const readable = matches
    .replace(/^(repo|sc):/, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 90);
  return readable === "" ? hash : `${readable}-${hash}`;
}

function checkKeys(
  args: Record<string, unknown>,
  known: readonly string[],
  at: string,
  report: Report,
): boolean {
  const unknown = Object.keys(args).filter((key) => !known.includes(key));
  for (const key of unknown)
    report(`${at}.${key}`, `be one of ${known.join(", ")}`, key, "Remove it, or correct its name.");
  return unknown.length === 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
