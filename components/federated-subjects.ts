import { createHash } from "node:crypto";
import type { Problem } from "./problems";

/** Trust in jobs of GitHub Actions. A job presents one subject: exactly one of the last five says which jobs are meant. */
export interface GitHubTrustArgs {
  github: {
    /** Required. `owner/name`. */
    repository: string;
    /**
     * Optional, together with `repositoryId`. Numeric ID of the owner, for repositories with immutable subjects: the
     * default for those created, renamed or transferred on github.com after 2026-07-15.
     */
    ownerId?: string | number;
    /** Optional, together with `ownerId`. Numeric ID of the repository. */
    repositoryId?: string | number;
    /**
     * Optional, in place of the two IDs. What GitHub writes before the last part of the subject, to the letter: the
     * `sub_claim_prefix` of its API, or what the template of the organisation or repository makes of it.
     * @example "repository_owner_id:583231:repository_id:1296269"
     */
    subjectPrefix?: string;
    /** Jobs on this branch that name no environment: `main`, or `refs/heads/main`. */
    branch?: string;
    /** Jobs on this tag that name no environment: `v1`, or `refs/tags/v1`. */
    tag?: string;
    /** Jobs that name this environment. */
    environment?: string;
    /** Jobs of pull requests that name no environment. */
    pullRequest?: true;
    /**
     * Every job, only with a `subjectPrefix` that is the whole subject: where the template of the organisation or
     * repository leaves `context` out.
     */
    anyJob?: true;
  };
}

/** Trust in a service connection of Azure DevOps, with issuer and subject as its page shows them. */
export interface AzureDevOpsTrustArgs {
  azureDevOps: { issuer: string; subject: string };
}

/** Trust in any OpenID Connect issuer. */
export interface RawTrustArgs {
  /** Optional. 3 to 120 letters, digits, - or _. A change replaces the credential. @default made from issuer and subject */
  name?: string;
  /** Required. The `iss` of the tokens, to the letter: an `https` URL. */
  issuer: string;
  /** Required. The `sub` of the tokens, to the letter: Entra knows no wildcards here. */
  subject: string;
  /** Optional. The `aud` of the tokens. @default "api://AzureADTokenExchange" */
  audience?: string;
}

export type TrustArgs = GitHubTrustArgs | AzureDevOpsTrustArgs | RawTrustArgs;

/** A trust as Entra stores it. */
export interface ResolvedTrust {
  /** Made from issuer and subject unless given: the same trust has the same name wherever it stands in a list. */
  name: string;
  /** Identifies the trust within a stack, whatever its name. */
  key: string;
  issuer: string;
  subject: string;
  audience: string;
  /** What may be wrong with it, though nothing here can tell. */
  warning?: string;
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations */
export const MOST_TRUSTS = 20;

const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";
const AUDIENCE = "api://AzureADTokenExchange";
const LONGEST_VALUE = 600;

/** The trusts that the arguments stand for, and everything that is wrong with them. */
export function resolveTrusts(
  what: string,
  list: readonly unknown[],
): { trusts: ResolvedTrust[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const trusts = list.flatMap((args, index) => {
    const at = `${what}[${index}]`;
    const report = (field: string, must: string, received: unknown, remedy: string) =>
      problems.push({ what: `${at}${field}`, must, received, remedy });
    const trust = resolveTrust(args, report);
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
  for (const { at, issuer, subject, name } of trusts) {
    const keys = { "issuer and subject": `${issuer} ${subject}`, name };
    const taken = Object.entries(keys).find(([, value]) => places.has(value));
    if (taken) {
      problems.push({
        what: at,
        must: `have another ${taken[0]} than ${places.get(taken[1])}`,
        received: taken[1],
        remedy: "Entra wants each of them once in an application: remove one of the two.",
      });
    }
    for (const value of Object.values(keys)) places.set(value, at);
  }
  return { trusts: trusts.map(({ at: _, ...trust }) => trust), problems };
}

type Report = (field: string, must: string, received: unknown, remedy: string) => void;

function resolveTrust(args: unknown, report: Report): ResolvedTrust | undefined {
  if (isObject(args) && isObject(args["github"])) {
    const { github, ...rest } = args;
    const isAlone = checkKeys(rest, ["github"], "", report);
    const trust = resolveGitHub(github, report);
    return isAlone ? trust : undefined;
  }
  if (isObject(args) && isObject(args["azureDevOps"])) {
    const { azureDevOps, ...rest } = args;
    const isAlone = checkKeys(rest, ["azureDevOps"], "", report);
    const fields = azureDevOps;
    const trust = resolveRaw(fields, ["issuer", "subject"], report, ".azureDevOps");
    return isAlone ? trust : undefined;
  }
  if (isObject(args) && ("issuer" in args || "subject" in args))
    return resolveRaw(args, ["name", "issuer", "subject", "audience"], report);
  report(
    "",
    "be {github: {repository, …}}, {azureDevOps: {issuer, subject}} or {issuer, subject}",
    args,
    'For example: {"github": {"repository": "owner/name", "branch": "main"}}',
  );
  return undefined;
}

function resolveRaw(
  args: Record<string, unknown>,
  known: readonly string[],
  report: Report,
  at = "",
): ResolvedTrust | undefined {
  const { issuer, subject, audience = AUDIENCE, name } = args;
  const rest = Object.fromEntries(Object.entries(args).filter(([key]) => !known.includes(key)));
  let isValid = checkKeys(rest, known, at, report);
  const check = (holds: boolean, field: string, must: string, received: unknown, remedy: string) => {
    if (!holds) report(`${at}.${field}`, must, received, remedy);
    isValid &&= holds;
  };
  const isValue = (value: unknown): value is string =>
    typeof value === "string" &&
    value.trim() === value &&
    value !== "" &&
    value.length <= LONGEST_VALUE &&
    !value.includes("*");
  check(
    isValue(issuer) && issuer.startsWith("https://"),
    "issuer",
    "be the issuer of the tokens, an https URL without a wildcard",
    issuer,
    "It is the `iss` of the tokens, to the letter: a slash at the end makes another issuer.",
  );
  check(
    isValue(subject),
    "subject",
    `be the subject of the tokens, of 1 to ${LONGEST_VALUE} characters without a wildcard`,
    subject,
    "It is the `sub` of the tokens, to the letter: Entra compares with regard to case.",
  );
  check(
    isValue(audience),
    "audience",
    `have 1 to ${LONGEST_VALUE} characters`,
    audience,
    `Leave it out for ${AUDIENCE}.`,
  );
  check(
    name === undefined || (typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(name)),
    "name",
    "have 3 to 120 letters, digits, - or _, the first a letter or a digit",
    name,
    "Leave it out for a name made from issuer and subject.",
  );
  if (!isValid) return undefined;
  return createTrust(issuer as string, subject as string, audience as string, name as string | undefined);
}

function resolveGitHub(args: Record<string, unknown>, report: Report): ResolvedTrust | undefined {
  const { repository, ownerId, repositoryId, subjectPrefix, ...others } = args;
  const { branch, tag, environment, pullRequest, anyJob, ...rest } = others;
  const at = ".github";
  const kinds = { branch, tag, environment, pullRequest, anyJob };
  const known = ["repository", "ownerId", "repositoryId", "subjectPrefix", ...Object.keys(kinds)];
  let isValid = checkKeys(rest, known, at, report);
  const refuse = (field: string, must: string, received: unknown, remedy: string) => {
    report(`${at}${field}`, must, received, remedy);
    isValid = false;
  };

  const [owner, name] =
    typeof repository === "string" && /^[\w.-]+\/[\w.-]+$/.test(repository) ? repository.split("/") : [];
  if (name === undefined)
    refuse(".repository", "be owner/name", repository, "As in the address: github.com/OWNER/NAME.");

  const ids = [ownerId, repositoryId].filter((id) => id !== undefined).map(String);
  if (ids.length === 1 || ids.some((id) => !/^\d+$/.test(id))) {
    const remedy = `\`gh api repos/${String(repository)} --jq '[.owner.id, .id]'\` shows both.`;
    refuse(
      "",
      "have both ownerId and repositoryId, whole numbers, or neither",
      { ownerId, repositoryId },
      remedy,
    );
  }
  if (subjectPrefix !== undefined) checkSubjectPrefix(subjectPrefix, ids.length > 0, refuse);

  const jobs = Object.entries(kinds).filter(([, value]) => value !== undefined);
  if (jobs.length !== 1) {
    const received = jobs.map(([field]) => field);
    refuse(
      "",
      "have exactly one of branch, tag, environment, pullRequest and anyJob",
      received,
      "Give each of them a trust of its own.",
    );
    return undefined;
  }
  const [kind, value] = jobs[0]!;
  if (kind === "anyJob") {
    checkAnyJob(value, subjectPrefix, refuse);
    return isValid ? trustAnyJob(subjectPrefix as string) : undefined;
  }
  const job = describeJob(kind, value, (must, remedy) => refuse(`.${kind}`, must, value, remedy));
  if (!isValid || job === undefined) return undefined;

  if (subjectPrefix !== undefined)
    return createTrust(GITHUB_ISSUER, `${subjectPrefix as string}:${job}`, AUDIENCE);
  if (ids.length === 2)
    return createTrust(GITHUB_ISSUER, `repo:${owner}@${ids[0]}/${name}@${ids[1]}:${job}`, AUDIENCE);
  const subject = `repo:${owner}/${name}:${job}`;
  const warning =
    `GitHub's subject "${subject}" has names only. It will not match (AADSTS700213) for a repository that was created, ` +
    "renamed or transferred on github.com after 2026-07-15, nor where the organisation customised its subjects. " +
    `\`gh api repos/${owner}/${name}/actions/oidc/customization/sub\` tells which; then give ownerId and repositoryId, or subjectPrefix.`;
  return { ...createTrust(GITHUB_ISSUER, subject, AUDIENCE), warning };
}

type Refuse = (field: string, must: string, received: unknown, remedy: string) => void;

/** A forgotten last part must stay a mistake: it would make a subject that no job has. */
function checkAnyJob(value: unknown, prefix: unknown, refuse: Refuse): void {
  if (value === true && prefix !== undefined) return;
  refuse(
    ".anyJob",
    "be true, and stand with subjectPrefix, which is the whole subject then",
    value,
    "GitHub's own subjects end with the branch, tag or environment: give one of these.",
  );
}

function trustAnyJob(subject: string): ResolvedTrust {
  const warning = `Every job that GitHub gives the subject "${subject}" is trusted: on any branch, in pull requests, and in every repository for which the template makes the same.`;
  return { ...createTrust(GITHUB_ISSUER, subject, AUDIENCE), warning };
}

function checkSubjectPrefix(prefix: unknown, hasIds: boolean, refuse: Refuse): void {
  const isPrefix =
    typeof prefix === "string" &&
    /^[^:\s*]+:[^*]*[^:\s*]$/.test(prefix) &&
    prefix.length <= LONGEST_VALUE &&
    !/[\p{Cc}\p{Cf}]/u.test(prefix);
  if (!isPrefix) {
    refuse(
      ".subjectPrefix",
      `be what GitHub writes before the last part of the subject: KEY:VALUE, of at most ${LONGEST_VALUE} characters, without a colon at the end or a wildcard`,
      prefix,
      "For example: repo:octocat@583231/training@1296269",
    );
  }
  if (hasIds) {
    refuse(
      ".subjectPrefix",
      "stand without ownerId and repositoryId",
      prefix,
      "It says the same and more: remove the IDs.",
    );
  }
}

/** The last part of GitHub's subject: https://docs.github.com/actions/reference/security/oidc#example-subject-claims */
function describeJob(
  kind: string,
  value: unknown,
  refuse: (must: string, remedy: string) => void,
): string | undefined {
  if (kind === "pullRequest") {
    if (value !== true) refuse("be true, or be left out", "There is one subject for all pull requests.");
    return "pull_request";
  }
  if (typeof value !== "string" || value.trim() !== value || value === "") {
    refuse("be a name, without spaces around it", "Leave it out if jobs of another kind are meant.");
    return undefined;
  }
  if (/[*?[\]]/.test(value)) {
    refuse(
      "be one name, without a wildcard",
      "Entra compares the whole subject: use an environment for several branches.",
    );
    return undefined;
  }
  // GitHub writes a colon in a value as %3A, so that it cannot be taken for the end of the value.
  if (kind === "environment") return `environment:${value.replaceAll(":", "%3A")}`;
  const prefix = kind === "branch" ? "refs/heads/" : "refs/tags/";
  if (value === prefix || (value.startsWith("refs/") && !value.startsWith(prefix))) {
    refuse(`be a name or begin with ${prefix}`, "A branch is refs/heads/NAME, a tag refs/tags/NAME.");
    return undefined;
  }
  return `ref:${prefix}${value.startsWith(prefix) ? value.slice(prefix.length) : value}`;
}

// From issuer and subject alone: a trust that is spelled in another way must stay the same resource, since Entra refuses
// a second one with the same issuer and subject while the first is there.
function createTrust(issuer: string, subject: string, audience: string, name?: string): ResolvedTrust {
  const hash = createHash("sha256").update(`${issuer}\n${subject}`).digest("hex").slice(0, 8);
  const readable = subject
    .replace(/^(repo|sc):/, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 90);
  const key = readable === "" ? hash : `${readable}-${hash}`;
  return { name: name ?? key, key, issuer, subject, audience };
}

function checkKeys(
  rest: Record<string, unknown>,
  known: readonly string[],
  at: string,
  report: Report,
): boolean {
  const unknown = Object.keys(rest);
  for (const key of unknown)
    report(`${at}.${key}`, `be one of ${known.join(", ")}`, key, "Remove it, or correct its name.");
  return unknown.length === 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
