import type { LocalAzure } from "../../local-azure/local-azure";

/** What a stack's `federatedCredentials` has to say so that jobs on the main branch can log in. */
export const TRUST_IN_MAIN = JSON.stringify([
  { github: { repository: "octocat/training", ownerId: 583231, repositoryId: 1296269, branch: "main" } },
]);

/** The subject that GitHub gives to a job on a branch of that repository. */
export function subjectOn(branch: string, repository = "training"): string {
  return `repo:octocat@583231/${repository}@1296269:ref:refs/heads/${branch}`;
}

/** A stand-in for GitHub's token service, which the local Azure believes: it issues the token of a job. */
export async function pretendGitHub(azure: LocalAzure): Promise<(subject: string) => Promise<string>> {
  const github = await azure.control.declareIssuer("https://token.actions.githubusercontent.com");
  return (subject) => github.sign({ sub: subject, aud: "api://AzureADTokenExchange" });
}
