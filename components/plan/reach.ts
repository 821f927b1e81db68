import { isRepository, repositoryOfClaim } from "./github-names";
import { GITLAB_ISSUER, isGitHub, TERRAFORM_ISSUER } from "./issuers";

/** What a subject lets in, where one repository, project or workspace is not all. */
export interface Broad {
  /** The rule that it breaks. */
  must: string;
  who: string;
}

const UNLESS = "unless allowBroadTrusts is true";

/** The subjects of one project or workspace. The names in them have no colon. */
const ONE_SOURCE = [
  {
    issuer: GITLAB_ISSUER,
    pattern: /^project_path:[\w.-]+(?:\/[\w.-]+)+(?::|$)/,
    must: `fix the project, with project_path:GROUP/PROJECT: before the first wildcard, ${UNLESS}`,
    who: "jobs of other projects on gitlab.com",
  },
  {
    issuer: TERRAFORM_ISSUER,
    pattern: /^organization:[^*?:]+:project:[^:]+:workspace:[^*?:]+(?::|$)/,
    must: `fix the workspace, with organization:NAME:project:NAME:workspace:NAME:, ${UNLESS}`,
    who: "runs of other workspaces",
  },
];

/** What a subject or a pattern lets in beyond one source. Undefined where one repository, project or workspace is all. */
export function findBroad(issuer: string, subject: string, isPattern: boolean): Broad | undefined {
  if (isGitHub(issuer)) {
    const reach = reachOf(claimsOf(subject, isPattern).map(([claim]) => claim));
    if (reach === "repository") return undefined;
    const must = `fix the repository, with repo:OWNER/NAME, repository or repository_id, ${UNLESS}`;
    return { must, who: WHO_ENTERS[reach] };
  }
  // An exact subject of the others is always of one project or workspace.
  const source = isPattern ? ONE_SOURCE.find((one) => one.issuer === issuer) : undefined;
  return source?.pattern.test(subject) ? undefined : source;
}

export function describeBroad(matches: string, { who }: Broad): string {
  return `allowBroadTrusts is true, and ${matches} lets in ${who}.`;
}

const REPOSITORY_CLAIMS = ["repo", "repository", "repository_id"];
const OWNER_CLAIMS = ["repository_owner", "repository_owner_id", "enterprise", "enterprise_id"];
const WHO_ENTERS = {
  owner: "jobs of every repository of the owner",
  anybody: "jobs of anybody on GitHub",
};

/**
 * Whose jobs have a subject of GitHub's that is made of these claims. `job_workflow_ref` and `workflow_ref` do not count:
 * they name the workflow, and every repository may call it.
 */
export function reachOf(claims: readonly string[]): "repository" | "owner" | "anybody" {
  const has = (some: readonly string[]) => claims.some((claim) => some.includes(claim));
  return has(REPOSITORY_CLAIMS) ? "repository" : has(OWNER_CLAIMS) ? "owner" : "anybody";
}

/** Whether a subject of GitHub's names another repository or owner. IDs tell no name. */
export function namesAnother(subject: string, repository: string): boolean {
  const named = { repo: repository, repository, repository_owner: repository.split("/")[0]! };
  return claimsOf(subject).some(([claim, value]) => {
    const wanted = (named as Record<string, string>)[claim]?.toLowerCase();
    const name = claim === "repo" ? repositoryOfClaim(value) : value;
    return wanted !== undefined && name?.toLowerCase() !== wanted;
  });
}

/**
 * The claims in a subject of GitHub's. One that names a repository counts only where its value can be one; of a pattern,
 * only what stands complete before the first wildcard counts: behind it, anything may match.
 */
function claimsOf(subject: string, isPattern = false): [claim: string, value: string][] {
  const wildcard = isPattern ? subject.search(/[*?]/) : -1;
  const fixed = wildcard < 0 ? subject : (/^(.*):/s.exec(subject.slice(0, wildcard))?.[1] ?? "");
  // GitHub writes a colon in a value as %3A. `pull_request` alone has no value.
  const parts = fixed.split(":");
  const claims: [string, string][] = [];
  while (parts.length > 1) {
    const claim = parts.shift()!;
    if (claim !== "pull_request") claims.push([claim, parts.shift()!]);
  }
  return claims.filter(([claim, value]) => isPossible(claim, value));
}

function isPossible(claim: string, value: string): boolean {
  if (claim === "repo") return repositoryOfClaim(value) !== undefined;
  if (claim === "repository") return isRepository(value);
  return claim !== "repository_id" || /^[1-9]\d*$/.test(value);
}
