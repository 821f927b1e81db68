import { MisuseError } from "../errors";
import type { AzureDevOpsOptions } from "./azure-devops";
import type { GithubOptions } from "./github";

// Where the password goes is decided by these texts, and in a pipeline somebody else may have a hand in them. So they are
// names and nothing more: no path that leads elsewhere, no other host, nothing that a tool reads as something else.

/** GitHub's own rule; with `_`, which names of managed users (Enterprise Managed Users) have. */
const OWNER = /^[a-z\d](?:[a-z\d_-]{0,37}[a-z\d])?$/i;
const REPOSITORY = /^[\w.-]{1,100}$/;
const HOST = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z][a-z\d-]*[a-z\d]$/i;
/** https://learn.microsoft.com/azure/devops/organizations/settings/naming-restrictions */
const ORGANIZATION =
  /^https:\/\/(?:dev\.azure\.com\/[a-z\d][a-z\d-]{0,49}|[a-z\d][a-z\d-]{0,49}\.visualstudio\.com)\/?$/i;

/** @throws MisuseError */
export function checkGithubOptions({ repo, environment, hostname }: GithubOptions): void {
  const [owner = "", name = "", ...more] = repo.split("/");
  if (more.length > 0 || !OWNER.test(owner) || !REPOSITORY.test(name) || /^\.\.?$|\.git$/i.test(name)) {
    throw new MisuseError(
      "INVALID_REPOSITORY",
      `--repo must be OWNER/NAME. Received ${JSON.stringify(repo)}.`,
      "For example: octocat/training. For your own GitHub server, use --hostname.",
    );
  }
  if (hostname !== undefined && !HOST.test(hostname)) {
    throw new MisuseError(
      "INVALID_HOSTNAME",
      `--hostname must be the name of a host. Received ${JSON.stringify(hostname)}.`,
      "For example: github.contoso.com",
    );
  }
  // `gh` makes it a part of a path.
  if (environment !== undefined) checkName("INVALID_ENVIRONMENT", "--environment", environment, 255);
}

/** @throws MisuseError */
export function checkAzureDevOpsOptions({ organization, project, group }: AzureDevOpsOptions): void {
  if (!ORGANIZATION.test(organization)) {
    throw new MisuseError(
      "INVALID_ORGANIZATION",
      `--organization must be the address of an organization of Azure DevOps. Received ${JSON.stringify(organization)}.`,
      "For example: https://dev.azure.com/contoso",
    );
  }
  checkName("INVALID_PROJECT", "--project", project, 64);
  checkName("INVALID_GROUP", "--group", group, 400);
}

function checkName(code: string, option: string, value: string, longest: number): void {
  if (isOneName(value) && value.length <= longest) return;
  throw new MisuseError(
    code,
    `${option} must be a name of at most ${longest} characters, without control characters, not "." or "..", and not with "@" in front. Received ${JSON.stringify(value.slice(0, longest))}.`,
    "Give the name as the web page shows it.",
  );
}

/** The Azure CLI takes `@file` for the content of the file. */
function isOneName(value: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|^@|^\.\.?$/u.test(value);
}
