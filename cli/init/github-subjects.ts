import { reachOf } from "../../components/plan/reach";

/**
 * Which subject GitHub writes into the tokens of a repository's jobs, by what its API answers.
 * https://docs.github.com/actions/reference/security/oidc
 */

/** A repository as `GET /repos/{owner}/{repo}` shows it. */
export interface GithubRepository {
  /** `github.com`, `NAME.ghe.com`, or a GitHub Enterprise Server of one's own. */
  host: string;
  owner: string;
  name: string;
  ownerId: number;
  id: number;
  /** ISO 8601. */
  createdAt: string;
  visibility: string;
  isOwnedByOrganization: boolean;
}

/** `GET /repos/{owner}/{repo}/actions/oidc/customization/sub`, as it answers. */
export interface RepositoryCustomization {
  use_default?: boolean;
  include_claim_keys?: readonly string[];
  use_immutable_subject?: boolean;
  sub_claim_prefix?: string;
}

/** `GET /orgs/{org}/actions/oidc/customization/sub`, as it answers. */
export interface OrganizationCustomization {
  include_claim_keys?: readonly string[];
}

/** Jobs that get the same subject. */
export type Job = { environment: string } | { branch: string };

/** How the subjects of a repository are made. */
export interface SubjectTemplate {
  issuer: string;
  /** The parts of the subject, in their order; `repo` and `context` are the default. */
  keys: readonly string[];
  /** Where these are from, in words. */
  origin: string;
  /** Values that all jobs of the repository share, each with its key: `repository_id:42`. */
  parts: Readonly<Record<string, string>>;
  /** Whether a colon in a value becomes `%3A`. */
  encodesColons: boolean;
  /** What might be otherwise, though nothing that could be read says so. */
  doubt?: string;
}

/** That the repository's organisation decides, and nobody has said what. */
export const ASK_FOR_KEYS = "ask for the keys";

const DEFAULT_KEYS = ["repo", "context"] as const;
/** Repositories created later have IDs in the default form, on github.com and ghe.com. */
const IMMUTABLE_AFTER = new Date("2026-07-15T00:00:00Z");
/** Keys whose values come from which jobs are meant. */
const JOB_KEYS = ["context", "environment", "ref", "ref_type"];

/**
 * @param answer `"not found"` is the API's 404. Only a repository that can be read may be judged by it: GitHub answers
 *   404 for what the login may not see, too.
 * @param organization its template, where the repository follows it; `"unreadable"` needs `read:org`, so somebody has to
 *   be asked.
 * @param serverVersion of GitHub Enterprise Server, such as `3.19.1`.
 */
export function readSubjectTemplate(
  repository: GithubRepository,
  answer: RepositoryCustomization | "not found",
  organization: OrganizationCustomization | "unreadable" | undefined,
  serverVersion?: string,
): SubjectTemplate | typeof ASK_FOR_KEYS {
  const customization = answer === "not found" ? {} : answer;
  const given = customization.include_claim_keys ?? [];
  const followsOwner = customization.use_default === false && given.length === 0;
  if (customization.use_default === false && given.length > 0)
    return createTemplate(repository, customization, given, "the template of the repository", serverVersion);
  if (followsOwner && repository.isOwnedByOrganization) {
    if (organization === undefined || organization === "unreadable") return ASK_FOR_KEYS;
    const keys = organization.include_claim_keys ?? [];
    if (keys.length > 0)
      return createTemplate(
        repository,
        customization,
        keys,
        "the template of the organisation",
        serverVersion,
      );
  }
  return createTemplate(repository, customization, DEFAULT_KEYS, "GitHub's default", serverVersion);
}

/** The template with these keys: what the API says, or a person who knows the organisation's. */
export function createTemplate(
  repository: GithubRepository,
  customization: RepositoryCustomization,
  keys: readonly string[],
  origin: string,
  serverVersion?: string,
): SubjectTemplate {
  const { host, owner, name, ownerId, id, visibility } = repository;
  const isServer = isEnterpriseServer(host);
  const encodesColons = !isServer || isNewerThan(serverVersion, 3, 18);
  const encode = (value: string) => (encodesColons ? value.replaceAll(":", "%3A") : value);
  const { repo, doubt } = readRepo(repository, customization);
  const values: Record<string, string> = {
    repository: `${owner}/${name}`,
    repository_owner: owner,
    repository_id: String(id),
    repository_owner_id: String(ownerId),
    repository_visibility: visibility,
  };
  const parts = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, `${key}:${encode(value)}`]),
  );
  return {
    issuer: issuerOf(host),
    keys,
    origin,
    parts: { ...parts, repo },
    encodesColons,
    ...(doubt !== undefined && keys.includes("repo") && { doubt }),
  };
}

/** The part `repo:…`, by name or immutable. `repository` is another key, which has always the name. */
function readRepo(
  { host, owner, name, ownerId, id, createdAt }: GithubRepository,
  { sub_claim_prefix: prefix, use_immutable_subject: isImmutable }: RepositoryCustomization,
): { repo: string; doubt?: string } {
  const byName = `repo:${owner}/${name}`;
  if (isEnterpriseServer(host)) return { repo: byName };
  // Authoritative: `use_immutable_subject: false` was observed beside an immutable prefix (azure-dev#9382).
  if (prefix !== undefined && /^repo:[^:]+$/.test(prefix)) return { repo: prefix };
  if (isImmutable === true || new Date(createdAt) > IMMUTABLE_AFTER)
    return { repo: `repo:${owner}@${ownerId}/${name}@${id}` };
  return {
    repo: byName,
    doubt:
      "GitHub does not say whether the repository was renamed or transferred after 2026-07-15; then its subject has IDs.",
  };
}

/** What only a run knows, or a person: it has to be asked for. */
export function unknownKeys(template: SubjectTemplate, job: Job | undefined): string[] {
  return template.keys.filter(
    (key) =>
      template.parts[key] === undefined &&
      (job === undefined || jobPart(key, job, encoder(template)) === undefined),
  );
}

/** Whether which jobs are meant makes a difference: without, one subject stands for all of them. */
export function dependsOnJob({ keys }: SubjectTemplate): boolean {
  return keys.some((key) => JOB_KEYS.includes(key));
}

/** Environments alone have a subject where the template has their name: other jobs get no token. */
export function wantsEnvironment({ keys }: SubjectTemplate): boolean {
  return keys.includes("environment");
}

/** What the subject lets in beyond the jobs that are meant. @returns nothing where it lets in no more. */
export function describeReach(
  template: SubjectTemplate,
  { owner, name }: GithubRepository,
): string | undefined {
  const { keys } = template;
  const differs = keys.some((key) => JOB_KEYS.includes(key));
  const jobs = differs ? "such jobs" : "every job, on any branch and in pull requests,";
  if (reachOf(keys) === "repository") return differs ? undefined : `${jobs} of ${owner}/${name}`;
  return letsAnybodyIn(template) ? "jobs of anybody on GitHub" : `${jobs} of every repository of ${owner}`;
}

/** Whether the template tells nobody's jobs from anybody's: such a subject must never be trusted. */
export function letsAnybodyIn({ keys }: SubjectTemplate): boolean {
  return reachOf(keys) === "anybody";
}

/** Whether the stack must say with `allowBroadTrusts` that such a subject is meant. */
export function needsBroadTrust({ keys }: SubjectTemplate): boolean {
  return reachOf(keys) !== "repository";
}

/** A trust as the setting `federatedCredentials` takes it. */
export type Trust =
  | {
      github: { repository: string; subjectPrefix: string } & Partial<
        Record<"branch" | "environment", string>
      > & {
          anyJob?: true;
        };
    }
  | { issuer: string; subject: string };

/**
 * @param job may be left out where the template does not depend on it.
 * @param values of the keys that `unknownKeys` names.
 */
export function createTrust(
  template: SubjectTemplate,
  repository: GithubRepository,
  job: Job | undefined,
  values: Readonly<Record<string, string>> = {},
): { trust: Trust; subject: string } {
  const encode = encoder(template);
  const parts = template.keys.map((key) => {
    const part = template.parts[key] ?? (job === undefined ? undefined : jobPart(key, job, encode));
    if (part !== undefined) return part;
    const value = values[key];
    if (value === undefined || value === "") throw new RangeError(`The subject needs a value for ${key}.`);
    return `${key}:${encode(value)}`;
  });
  const subject = parts.join(":");
  const { issuer, keys } = template;
  // The setting's `github` stands for github.com, and puts the last part last.
  const isShort =
    issuer === issuerOf("github.com") && keys.length > 1 && keys.indexOf("context") === keys.length - 1;
  if (isShort && job !== undefined) {
    const subjectPrefix = parts.slice(0, -1).join(":");
    return {
      trust: { github: { repository: `${repository.owner}/${repository.name}`, subjectPrefix, ...job } },
      subject,
    };
  }
  if (issuer === issuerOf("github.com") && !dependsOnJob(template)) {
    const github = {
      repository: `${repository.owner}/${repository.name}`,
      subjectPrefix: subject,
      anyJob: true as const,
    };
    return { trust: { github }, subject };
  }
  return { trust: { issuer, subject }, subject };
}

function encoder({ encodesColons }: SubjectTemplate): (value: string) => string {
  return (value) => (encodesColons ? value.replaceAll(":", "%3A") : value);
}

function jobPart(key: string, job: Job, encode: (value: string) => string): string | undefined {
  if ("environment" in job) {
    return key === "context" || key === "environment" ? `environment:${encode(job.environment)}` : undefined;
  }
  if (key === "ref_type") return "ref_type:branch";
  return key === "context" || key === "ref" ? `ref:${encode(`refs/heads/${job.branch}`)}` : undefined;
}

/** A GitHub Enterprise Server: it has its own issuer, and no immutable subjects. */
export function isEnterpriseServer(host: string): boolean {
  return host !== "github.com" && !host.endsWith(".ghe.com");
}

function issuerOf(host: string): string {
  if (host === "github.com") return "https://token.actions.githubusercontent.com";
  return isEnterpriseServer(host) ? `https://${host}/_services/token` : `https://token.actions.${host}`;
}

function isNewerThan(version: string | undefined, major: number, minor: number): boolean {
  const [isMajor = 0, isMinor = 0] = (version ?? "").split(".").map(Number);
  return isMajor > major || (isMajor === major && isMinor > minor);
}
