import { CliError } from "../../errors";
import type { Io } from "../../io";
import { checkGithubOptions } from "../../push/targets";
import type { Asker } from "../../terminal/asker";
import {
  ASK_FOR_KEYS,
  createTemplate,
  createTrust,
  dependsOnJob,
  describeReach,
  type GithubRepository,
  type Job,
  letsAnybodyIn,
  needsBroadTrust,
  readSubjectTemplate,
  type SubjectTemplate,
  unknownKeys,
  wantsEnvironment,
} from "../github-subjects";
import type { InitOptions } from "../options";
import { Gh } from "../../tools/gh";
import type { GitRepository } from "../../tools/git";
import type { Place, TrustChoice } from "./place";

type GithubPlace = Extract<Place, { name: "github" }>;

/** The place, and what is needed to tell its subject. */
export interface ChosenGithub {
  place: GithubPlace;
  repository: GithubRepository & { defaultBranch: string };
  gh: Gh;
}

/** Asks for the repository and which of its jobs are meant. @param before the answers of an earlier run. */
export async function askGithub(
  io: Io,
  asker: Asker,
  options: InitOptions,
  git: GitRepository | undefined,
  before: Partial<GithubPlace>,
): Promise<ChosenGithub> {
  const { host, fullName } = await askRepository(io, asker, options, git, before);
  const gh = new Gh(io, host);
  const repository = await gh.repository(fullName);
  const job = await askJob(asker, options, repository, await gh.environments(fullName), before);
  return { place: createPlace(repository, job), repository, gh };
}

/** The jobs of the repository that is nearest, for the list from which one key chooses; the likeliest first. */
export async function suggestGithub(
  io: Io,
  git: GitRepository | undefined,
  before: Partial<GithubPlace>,
): Promise<ChosenGithub[]> {
  const remote = git?.remotes.find((one) => one.place === "github");
  const near =
    before.repository === undefined
      ? remote
      : { host: before.host ?? "github.com", repository: before.repository };
  if (near?.repository === undefined) return [];
  const gh = new Gh(io, near.host);
  let repository: ChosenGithub["repository"];
  try {
    repository = await gh.repository(near.repository);
  } catch (error) {
    // Whoever chooses GitHub is told; somebody else has no need of `gh`.
    if (error instanceof CliError) return [];
    throw error;
  }
  const jobs = orderJobs(repository, await gh.environments(near.repository), before);
  return jobs.map((job) => ({ place: createPlace(repository, job), repository, gh }));
}

function createPlace(
  { host, owner, name }: GithubRepository,
  job: { environment: string } | { branch: string },
): GithubPlace {
  return { name: "github", host, repository: `${owner}/${name}`, ...job };
}

interface RepositoryAt {
  host: string;
  fullName: string;
}

async function askRepository(
  io: Io,
  asker: Asker,
  { repo, hostname = "github.com", environment }: InitOptions,
  git: GitRepository | undefined,
  before: Partial<GithubPlace>,
): Promise<RepositoryAt> {
  const check = (fullName: string): RepositoryAt => {
    checkGithubOptions({ repo: fullName, hostname, ...(environment !== undefined && { environment }) });
    return { host: hostname, fullName };
  };
  if (repo !== undefined) return check(repo);
  const former = before.repository ? [{ host: before.host ?? hostname, fullName: before.repository }] : [];
  const remotes = git?.remotes.flatMap((remote) =>
    remote.place === "github" ? [{ host: remote.host, fullName: remote.repository }] : [],
  );
  const nearby = [...former, ...(remotes ?? [])];
  const others = nearby.length > 0 ? [] : await new Gh(io, hostname).repositories();
  const all = [...nearby, ...others.map((fullName) => ({ host: hostname, fullName }))];
  const question = { option: "--repo OWNER/NAME", message: "Which repository?" };
  if (all.length === 0) return check(await asker.type(question));
  const ready = nearby[0];
  return asker.choose({
    ...question,
    choices: all.map((value) => ({ value, name: spellRepository(value.host, value.fullName) })),
    ...(ready !== undefined && { ready }),
  });
}

/** For people: with the host, where it is not the usual one. */
export function spellRepository(host: string, fullName: string): string {
  return host === "github.com" ? fullName : `${host}/${fullName}`;
}

async function askJob(
  asker: Asker,
  options: InitOptions,
  repository: ChosenGithub["repository"],
  environments: readonly string[],
  before: Partial<GithubPlace>,
): Promise<GithubJob> {
  if (options.environment !== undefined) return { environment: options.environment };
  if (options.branch !== undefined) return { branch: options.branch };
  const jobs = orderJobs(repository, environments, before);
  return asker.choose({
    option: "--environment NAME or --branch NAME",
    message: "Which jobs?",
    choices: jobs.map((value) => ({ value, ...describeJob(value) })),
    ready: jobs[0]!,
  });
}

type GithubJob = { environment: string } | { branch: string };

/** What was chosen before, an environment for production, the others, and the default branch. */
function orderJobs(
  { defaultBranch }: ChosenGithub["repository"],
  environments: readonly string[],
  before: Partial<GithubPlace>,
): GithubJob[] {
  const production = environments.filter((name) => /^prod/i.test(name));
  const names = [
    ...(before.environment === undefined ? [] : [before.environment]),
    ...production,
    ...environments,
  ];
  const branch = { branch: before.branch ?? defaultBranch };
  const jobs: GithubJob[] = [...new Set(names)].map((environment) => ({ environment }));
  return before.branch === undefined ? [...jobs, branch] : [branch, ...jobs];
}

export function describeJob(job: { environment?: string; branch?: string }): {
  name: string;
  description: string;
} {
  return job.environment === undefined
    ? { name: `jobs on the branch ${job.branch}`, description: "Jobs that name no environment." }
    : {
        name: `jobs of the environment ${job.environment}`,
        description: "On every branch; GitHub asks the environment's reviewers first.",
      };
}

/** The trust in these jobs, by the subject that GitHub itself says. */
export async function chooseGithubTrust(
  asker: Asker,
  options: InitOptions,
  { place, repository, gh }: ChosenGithub,
): Promise<TrustChoice> {
  const template = await readTemplate(asker, options, repository, gh, place.repository);
  if (letsAnybodyIn(template)) {
    throw new CliError(
      "SUBJECT_LETS_ANYBODY_IN",
      `The subject must tell the jobs of ${place.repository} from others. By ${template.origin} it is made of ${template.keys.join(", ")}, which jobs of anybody have.`,
      "Ask the person who set that template to add `repo` or `repository_id`.",
    );
  }
  const job = jobOf(place, template);
  const values: Record<string, string> = {};
  for (const key of unknownKeys(template, job)) {
    const ready = key === "ref" ? `refs/heads/${repository.defaultBranch}` : undefined;
    values[key] =
      options.claim?.[key] ??
      (await asker.type({
        option: `--claim ${key}=VALUE`,
        message: `The subject contains ${key}, which only a run knows. Its value`,
        ...(ready !== undefined && { ready }),
      }));
  }
  const { trust, subject } = createTrust(template, repository, job, values);
  const reach = describeReach(template, repository);
  return {
    trust,
    issuer: template.issuer,
    subject,
    ...(needsBroadTrust(template) && { isBroad: true }),
    notes: [
      `The subject is made by ${template.origin}.`,
      ...(reach === undefined ? [] : [`It lets in ${reach}: the template does not distinguish them.`]),
      ...(needsBroadTrust(template) ? ["So the stack gets the setting allowBroadTrusts."] : []),
      ...(template.doubt === undefined ? [] : [template.doubt]),
    ],
  };
}

async function readTemplate(
  asker: Asker,
  options: InitOptions,
  repository: GithubRepository,
  gh: Gh,
  fullName: string,
): Promise<SubjectTemplate> {
  const [answer, version] = [await gh.customization(fullName), await gh.serverVersion()];
  const followsOwner =
    answer !== "not found" && answer.use_default === false && !answer.include_claim_keys?.length;
  const organization =
    followsOwner && repository.isOwnedByOrganization
      ? await gh.organizationCustomization(repository.owner)
      : undefined;
  const customization = answer === "not found" ? {} : answer;
  if (options.claimKeys !== undefined && followsOwner)
    return createTemplate(repository, customization, options.claimKeys, "the keys that you gave", version);
  const template = readSubjectTemplate(repository, answer, organization, version);
  if (template !== ASK_FOR_KEYS) return template;
  const text = await asker.type({
    option: "--claim-keys KEY,KEY",
    message: `${fullName} follows the subject template of ${repository.owner}, which needs the right read:org to be read. Its keys, in their order`,
    check: (keys) => parseKeys(keys).length > 0 || "Such as: repository_owner_id, repository_id, context",
  });
  return createTemplate(repository, customization, parseKeys(text), "the keys that you gave", version);
}

export function parseKeys(text: string): string[] {
  return text.split(/[\s,]+/).filter((key) => /^\w+$/.test(key));
}

/** Nothing where the template does not tell one job of the repository from another. */
function jobOf(place: GithubPlace, template: SubjectTemplate): Job | undefined {
  if (place.environment === undefined && wantsEnvironment(template)) {
    throw new CliError(
      "ENVIRONMENT_REQUIRED",
      `Jobs of ${place.repository} must name an environment: the subject contains its name. None was chosen.`,
      "Give --environment NAME.",
    );
  }
  if (!dependsOnJob(template)) return undefined;
  return place.environment === undefined ? { branch: place.branch! } : { environment: place.environment };
}
