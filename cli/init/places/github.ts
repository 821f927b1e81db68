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
import { Gh, GITHUB, isKnownHost } from "../../tools/gh";
import { command } from "../../../components/plan/commands";
import { printableLines } from "../../terminal/printable";
import type { GitRepository } from "../../tools/git";
import type { Place, TrustChoice } from "./place";

type GithubPlace = Extract<Place, { name: "github" }>;

/** The place, and what is needed to tell its subject. */
export interface ChosenGithub {
  place: GithubPlace;
  repository: GithubRepository & { defaultBranch: string };
  gh: Gh;
}

/** The repositories of GitHub that are at hand, on hosts that may be asked; the likeliest first. */
export async function findRepositories(
  io: Io,
  { hostname }: InitOptions,
  git: GitRepository | undefined,
  before: Partial<GithubPlace>,
): Promise<RepositoryAt[]> {
  const former = before.repository ? [{ host: before.host ?? GITHUB, fullName: before.repository }] : [];
  const remotes = (git?.remotes ?? []).flatMap((remote) =>
    remote.place === "github" ? [{ host: remote.host, fullName: remote.repository }] : [],
  );
  const known: RepositoryAt[] = [];
  const isSame = (a: RepositoryAt, b: RepositoryAt) => a.host === b.host && a.fullName === b.fullName;
  for (const at of [...former, ...remotes]) {
    if (known.some((one) => isSame(one, at)) || (hostname !== undefined && at.host !== hostname)) continue;
    if (at.host === hostname || (await isKnownHost(io, at.host))) known.push(at);
    else
      io.stderr.write(
        printableLines(
          `${at.host} is not asked about ${at.fullName}: your \`gh\` is not logged in to it. If it is a server of GitHub, ${command`gh auth login --hostname ${at.host}`}, or give --hostname.\n`,
        ),
      );
  }
  return known;
}

/** Asks for the repository and which of its jobs are meant. @param before the answers of an earlier run. */
export async function askGithub(
  io: Io,
  asker: Asker,
  options: InitOptions,
  nearby: readonly RepositoryAt[],
  before: Partial<GithubPlace>,
): Promise<ChosenGithub> {
  const { host, fullName } = await askRepository(io, asker, options, nearby);
  const gh = new Gh(io, host);
  const repository = await gh.repository(fullName);
  return {
    place: createPlace(repository, await askJob(asker, options, gh, repository, before)),
    repository,
    gh,
  };
}

/** The jobs of the repository that is nearest, for the list from which one key chooses; the likeliest first. */
export async function suggestGithub(
  io: Io,
  [near]: readonly RepositoryAt[],
  before: Partial<GithubPlace>,
): Promise<ChosenGithub[]> {
  if (near === undefined) return [];
  const gh = new Gh(io, near.host);
  try {
    const repository = await gh.repository(near.fullName);
    const jobs = orderJobs(repository, await gh.environments(near.fullName), before);
    return jobs.map((job) => ({ place: createPlace(repository, job), repository, gh }));
  } catch (error) {
    // Whoever chooses GitHub is told; somebody else has no need of `gh`.
    if (error instanceof CliError) return [];
    throw error;
  }
}

function createPlace(
  { host, owner, name }: GithubRepository,
  job: { environment: string } | { branch: string },
): GithubPlace {
  return { name: "github", host, repository: `${owner}/${name}`, ...job };
}

/** A repository, and the server that has it. */
export interface RepositoryAt {
  host: string;
  fullName: string;
}

async function askRepository(
  io: Io,
  asker: Asker,
  { repo, hostname = GITHUB, environment }: InitOptions,
  nearby: readonly RepositoryAt[],
): Promise<RepositoryAt> {
  const check = (fullName: string): RepositoryAt => {
    checkGithubOptions({ repo: fullName, hostname, ...(environment !== undefined && { environment }) });
    return { host: hostname, fullName };
  };
  if (repo !== undefined) return check(repo);
  const question = { option: "--repo OWNER/NAME", message: "Which repository?" };
  const others = nearby.length > 0 || !asker.isPerson ? [] : await new Gh(io, hostname).repositories();
  const all = [...nearby, ...others.map((fullName) => ({ host: hostname, fullName }))];
  const ready = nearby.length === 1 ? nearby[0] : undefined;
  const chosen = await asker.choose<RepositoryAt | undefined>({
    ...question,
    choices: [
      ...all.map((value) => ({ value, name: spellRepository(value.host, value.fullName) })),
      { value: undefined, name: `another repository on ${hostname}` },
    ],
    ...(ready !== undefined && { ready }),
  });
  return chosen ?? check(await asker.type({ ...question, message: "OWNER/NAME of the repository" }));
}

/** For people: with the host, where it is not the usual one. */
export function spellRepository(host: string, fullName: string): string {
  return host === "github.com" ? fullName : `${host}/${fullName}`;
}

async function askJob(
  asker: Asker,
  options: InitOptions,
  gh: Gh,
  repository: ChosenGithub["repository"],
  before: Partial<GithubPlace>,
): Promise<GithubJob> {
  if (options.environment !== undefined) return { environment: options.environment };
  if (options.branch !== undefined) return { branch: options.branch };
  const environments = await gh.environments(`${repository.owner}/${repository.name}`);
  const jobs = orderJobs(repository, environments, before);
  const isFormer = before.environment !== undefined || before.branch !== undefined;
  return asker.choose({
    option: "--environment NAME or --branch NAME",
    message: "Which jobs?",
    choices: jobs.map((value) => ({ value, ...describeJob(value) })),
    // Among several, somebody has to choose.
    ...((asker.isPerson || isFormer || environments.length < 2) && { ready: jobs[0]! }),
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
