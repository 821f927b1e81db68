import { command } from "./commands";
import { isEnvironmentName, isRefName, isRepository, repositoryIn } from "./github-names";
import { GITHUB_ISSUER } from "./issuers";
import { isVisible } from "./problems";
import { describeBroad, findBroad, namesAnother } from "./reach";
import { INVISIBLE, isDateOfYaml, quoteHint } from "./rules";

/** Trust in jobs of GitHub Actions. A job has one subject: exactly one of the last five fields says which jobs are trusted. */
export interface GitHubTrustArgs {
  github: {
    /** Required. `owner/name`. */
    repository: string;
    /**
     * Optional. The exact text before the last part of the subjects. GitHub's API returns it as
     * `sub_claim_prefix`: `repo:octocat@583231/training@1296269`. With it, `ownerId` and `repositoryId` are not allowed.
     */
    subjectPrefix?: string;
    /**
     * Optional, together with `repositoryId`. Numeric ID of the owner, for repositories with immutable subjects: the
     * default for those created, renamed or transferred on github.com after 2026-07-15.
     */
    ownerId?: string | number;
    /** Optional, together with `ownerId`. Numeric ID of the repository. */
    repositoryId?: string | number;
    /** Jobs on this branch that name no environment: `main`, or `refs/heads/main`. */
    branch?: string;
    /** Jobs on this tag that name no environment: `v1`, or `refs/tags/v1`. */
    tag?: string;
    /** Jobs that name this environment. */
    environment?: string;
    /** Jobs of pull requests that name no environment. */
    pullRequest?: true;
    /** Every job. Only with a `subjectPrefix`, for organisations whose subjects have no last part. */
    anyJob?: true;
  };
}

const KINDS = ["branch", "tag", "environment", "pullRequest", "anyJob"] as const;
type Kind = (typeof KINDS)[number];
export const GITHUB_FIELDS = ["repository", "ownerId", "repositoryId", "subjectPrefix", ...KINDS];
const LONGEST_SUBJECT = 600;

/** Reports a problem with a field of the trust. */
export type RefuseField = (field: string, must: string, received: unknown, remedy: string) => void;

/** The subject of the trusted jobs, and what may be wrong with it. Undefined if there is a problem. */
export function resolveGitHubSubject(
  args: Record<string, unknown>,
  allowBroadTrusts: boolean,
  refuse: RefuseField,
): { subject: string; warning?: string } | undefined {
  let isValid = true;
  const report: RefuseField = (...problem) => {
    refuse(...problem);
    isValid = false;
  };
  const { repository } = args;
  const isName = typeof repository === "string" && isRepository(repository);
  if (!isName) {
    const meant = typeof repository === "string" ? repositoryIn(repository) : undefined;
    const remedy =
      meant === undefined
        ? `${quoteHint(repository)}As in the address: github.com/OWNER/NAME.`
        : `Write ${meant}.`;
    report(".repository", "be owner/name", repository, remedy);
  }
  const prefix = resolvePrefix(args, isName ? repository : undefined, allowBroadTrusts, report);
  const jobs = KINDS.filter((kind) => args[kind] !== undefined);
  const [kind] = jobs;
  if (jobs.length !== 1 || kind === undefined) {
    const must = "have exactly one of branch, tag, environment, pullRequest and anyJob";
    report("", must, jobs, "Use one trust for each of them.");
    return undefined;
  }
  const job = describeJob(kind, args[kind], args["subjectPrefix"], (must, remedy) =>
    report(`.${kind}`, must, args[kind], `${isSwitch(kind) ? "" : quoteHint(args[kind])}${remedy}`),
  );
  if (!isValid || job === undefined || prefix === undefined) return undefined;
  const subject = job === "" ? prefix.text : `${prefix.text}:${job}`;
  if (subject.length > LONGEST_SUBJECT) {
    const must = `make a subject of at most ${LONGEST_SUBJECT} characters: Entra stores no longer ones`;
    report("", must, subject.length, "Use a branch, tag or environment with a shorter name.");
    return undefined;
  }
  const broad = findBroad(GITHUB_ISSUER, subject, false);
  const warning = broad
    ? describeBroad(subject, broad)
    : kind === "anyJob"
      ? describeAnyJob(subject)
      : prefix.hasNamesOnly
        ? describeNamesOnly(subject, String(repository))
        : undefined;
  return { subject, ...(warning !== undefined && { warning }) };
}

const isSwitch = (kind: Kind) => kind === "pullRequest" || kind === "anyJob";

function describeAnyJob(subject: string): string {
  return `Every job that GitHub gives the subject "${subject}" is trusted: on any branch, in pull requests, and in every repository with the same subject.`;
}

function describeNamesOnly(subject: string, repository: string): string {
  return (
    `GitHub's subject "${subject}" has names only. It will not match (AADSTS700213) for a repository that was created, ` +
    "renamed or transferred on github.com after 2026-07-15, nor where the organisation customised its subjects. " +
    `${command`gh api repos/${repository}/actions/oidc/customization/sub`} tells which; then give ownerId and repositoryId, or subjectPrefix.`
  );
}

function resolvePrefix(
  args: Record<string, unknown>,
  repository: string | undefined,
  allowBroadTrusts: boolean,
  report: RefuseField,
): { text: string; hasNamesOnly: boolean } | undefined {
  const { subjectPrefix, ownerId, repositoryId } = args;
  const ids = [ownerId, repositoryId].filter((id) => id !== undefined);
  if (subjectPrefix !== undefined) {
    if (ids.length > 0) {
      const remedy = "It already contains the IDs: remove them.";
      report(".subjectPrefix", "be used without ownerId and repositoryId", subjectPrefix, remedy);
    }
    const isPrefix =
      typeof subjectPrefix === "string" &&
      /^[^:\s*]+:[^*]*[^:\s*]$/.test(subjectPrefix) &&
      subjectPrefix.length <= LONGEST_SUBJECT &&
      isVisible(subjectPrefix);
    if (isPrefix) {
      checkPrefix(subjectPrefix, args, repository, allowBroadTrusts, report);
      return { text: subjectPrefix, hasNamesOnly: false };
    }
    report(
      ".subjectPrefix",
      `be what GitHub writes before the last part of the subject: KEY:VALUE, of at most ${LONGEST_SUBJECT} characters, without a colon at the end or a wildcard`,
      subjectPrefix,
      `${quoteHint(subjectPrefix)}For example: repo:octocat@583231/training@1296269`,
    );
    return undefined;
  }
  const wrong = ids.filter((id) => !isGitHubId(id));
  if (ids.length === 1 || wrong.length > 0) {
    const must = "have both ownerId and repositoryId, whole numbers, or neither";
    const remedy = `${quoteHint(wrong)}${command`gh api repos/${repository ?? "OWNER/NAME"} --jq "[.owner.id, .id]"`} shows both.`;
    report("", must, { ownerId, repositoryId }, remedy);
    return undefined;
  }
  const [owner, name] = repository?.split("/") ?? [];
  return ids.length === 2
    ? { text: `repo:${owner}@${ids[0] as string}/${name}@${ids[1] as string}`, hasNamesOnly: false }
    : { text: `repo:${repository}`, hasNamesOnly: true };
}

/** Refuses a prefix that leads to another repository than the one beside it, or to more than one. */
function checkPrefix(
  prefix: string,
  { anyJob }: Record<string, unknown>,
  repository: string | undefined,
  allowBroadTrusts: boolean,
  report: RefuseField,
): void {
  const refuse = (must: string, remedy: string) =>
    report(".subjectPrefix", must, prefix, `${quoteHint(prefix)}${remedy}`);
  const broad = findBroad(GITHUB_ISSUER, prefix, false);
  if (anyJob === undefined && /:(?:ref|environment)(?::[^:]+)?$|:pull_request$/.test(prefix))
    refuse(
      "be what GitHub writes before the last part of the subject",
      "Leave the last part out: branch, tag, environment or pullRequest adds it.",
    );
  else if (repository !== undefined && namesAnother(prefix, repository))
    refuse(
      `name the repository that stands beside it, ${repository}`,
      `${command`gh api repos/${repository}/actions/oidc/customization/sub`} shows the prefix of this repository.`,
    );
  else if (broad && !allowBroadTrusts) refuse(broad.must, `Otherwise it lets in ${broad.who}.`);
}

/** JavaScript reads a number that is too long as a different one. */
function isGitHubId(id: unknown): boolean {
  return typeof id === "string"
    ? /^[1-9]\d*$/.test(id)
    : typeof id === "number" && Number.isSafeInteger(id) && id > 0;
}

const ENVIRONMENT = {
  must: "be the name of an environment, 255 characters at most",
  remedy: "The page Settings, Environments of the repository lists them.",
};

/** The last part of GitHub's subject: https://docs.github.com/actions/reference/security/oidc#example-subject-claims */
function describeJob(
  kind: Kind,
  value: unknown,
  subjectPrefix: unknown,
  refuse: (must: string, remedy: string) => void,
): string | undefined {
  if (kind === "anyJob") {
    // Without this check, a forgotten last part would give a subject that no job has.
    if (value !== true || subjectPrefix === undefined) {
      const must = "be true, and be used with subjectPrefix, which is then the whole subject";
      refuse(must, "GitHub's own subjects end with the branch, tag or environment: give one of these.");
    }
    return "";
  }
  if (kind === "pullRequest") {
    if (value !== true) refuse("be true, or be left out", "There is one subject for all pull requests.");
    return "pull_request";
  }
  if (typeof value !== "string" || value.trim() !== value || value === "") {
    refuse("be a name, without spaces around it", "Leave it out if jobs of another kind are meant.");
    return undefined;
  }
  if (!isVisible(value)) return void refuse(INVISIBLE.must, INVISIBLE.remedy);
  if (/[*?[\]]/.test(value)) {
    const remedy = "Entra compares the whole subject: use an environment for several branches.";
    return void refuse("be one name, without a wildcard", remedy);
  }
  if (kind === "environment") {
    if (!isEnvironmentName(value) || isDateOfYaml(value))
      return void refuse(ENVIRONMENT.must, ENVIRONMENT.remedy);
    // GitHub writes a colon in a value as %3A, so that it cannot be taken for the end of the value.
    return `environment:${value.replaceAll(":", "%3A")}`;
  }
  const prefix = kind === "branch" ? "refs/heads/" : "refs/tags/";
  if (value === prefix || (value.startsWith("refs/") && !value.startsWith(prefix))) {
    refuse(`be a name or begin with ${prefix}`, "A branch is refs/heads/NAME, a tag refs/tags/NAME.");
    return undefined;
  }
  const name = value.startsWith(prefix) ? value.slice(prefix.length) : value;
  if (!isRefName(name)) {
    const remedy = "`git branch --all` and `git tag` list those that are there.";
    return void refuse("be a name that git allows: no space, no colon, no .. in it", remedy);
  }
  return `ref:${prefix}${name}`;
}
