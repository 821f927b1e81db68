import { mistakeInGitHubSubject } from "./github-near-misses";
import { GITHUB_ISSUER } from "./issuers";

/**
 * What to do about a subject that no token of this issuer can have. Only what nobody can have configured is a mistake;
 * undefined for issuers whose subjects are not known here.
 */
export function mistakeInSubject(issuer: string, subject: string): string | undefined {
  if (issuer === GITHUB_ISSUER || GITHUB_ELSEWHERE.test(issuer)) return mistakeInGitHubSubject(subject);
  if (/^https:\/\/gitlab\./.test(issuer)) return mistakeInGitLabSubject(subject);
  if (issuer === "https://app.terraform.io") return mistakeInTerraformSubject(subject);
  if (issuer.startsWith("https://vstoken.dev.azure.com/")) return mistakeInAzureDevOpsSubject(subject);
  return undefined;
}

const GITHUB_ELSEWHERE =
  /^https:\/\/(?:token\.actions\.(?:githubusercontent|[^/]+\.ghe)\.com(?:\/|$)|[^/]+\/_services\/token$)/;

/** https://docs.gitlab.com/ci/secrets/id_token_authentication: the components can be chosen, their names cannot. */
function mistakeInGitLabSubject(subject: string): string | undefined {
  const form = "For example: project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH.";
  if (/^project_path:/i.test(subject) && !subject.startsWith("project_path:"))
    return `It begins with project_path:, in small letters. ${form}`;
  if (/^project_path:(?:[a-z]+:\/\/|git@|[^/:]+\.[a-z]+\/[^/:]+\/|[^:]*\.git(?::|$))/.test(subject))
    return `After project_path: stand group and project, as in the address. ${form}`;
  return /:ref:refs\//.test(subject) ? `After ref: stands the branch or tag alone. ${form}` : undefined;
}

/** https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens */
function mistakeInTerraformSubject(subject: string): string | undefined {
  return /^organization:/i.test(subject) && !/^organization:[^:]+:project:[^:]+:/.test(subject)
    ? "It has the project: organization:NAME:project:NAME:workspace:NAME:run_phase:plan."
    : undefined;
}

function mistakeInAzureDevOpsSubject(subject: string): string | undefined {
  return (/^sc:/i.test(subject) && !subject.startsWith("sc://")) ||
    /^https?:|^sc:.*\/$|^[^:/]+\/[^:/]+\/[^:/]+$/i.test(subject)
    ? "Copy it from the page of the service connection: sc://ORGANIZATION/PROJECT/CONNECTION."
    : undefined;
}
