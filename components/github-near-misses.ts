/** What people write where GitHub wants something else, and what they meant. */

// https://docs.github.com/enterprise-cloud@latest/admin/managing-iam: the names of managed users have an underscore.
const REPOSITORY = /^[a-z\d_][\w-]*\/(?!\.\.?$)[\w.-]+$/i;

/** Advice for an invalid repository. Empty if there is no specific advice, undefined if the repository is valid. */
export function mistakeInRepository(text: string): string | undefined {
  if (REPOSITORY.test(text) && !/\.git$/i.test(text)) return undefined;
  if (/^[\w-]+@\d+\/[\w.-]+@\d+$/.test(text))
    return "Write owner/name here, and the numbers as ownerId and repositoryId.";
  const [owner = "", name = ""] = text
    .trim()
    .replaceAll("\\", "/")
    .replace(/^(?:git\+)?(?:https?|ssh|git):\/\//i, "")
    .replace(/^(?:git@)?(?:www\.)?github\.com[/:]/i, "")
    .replace(/^(?:gh|repo|github):|^\/+/i, "")
    .split("/")
    .map((part) => part.trim());
  const bare = `${owner}/${name.replace(/[?#@].*$/, "").replace(/\.git$/i, "")}`;
  // A host of another kind has a dot, which no owner has.
  return REPOSITORY.test(bare) ? `Write ${bare}.` : "";
}

/** What to do about the name of a branch or tag that is probably another one; undefined where it can be meant. */
export function mistakeInRef(kind: "branch" | "tag", text: string): string | undefined {
  const prefix = kind === "branch" ? "refs/heads/" : "refs/tags/";
  if (text.startsWith(prefix)) return undefined;
  const pasted = /^ref:(?:refs\/(?:heads|tags)\/)?([^:]+)/.exec(text)?.[1];
  if (pasted !== undefined) return `Write ${pasted}.`;
  const environment = /^environment:(.+)$/.exec(text)?.[1];
  if (environment !== undefined) return `Write {"environment": ${JSON.stringify(environment)}} instead.`;
  if (text === "HEAD" || text === "@")
    return "Write the name of the branch: git allows no other that is called so.";
  const [, before, name] = /^(heads|tags|remotes\/[^/]+|origin|upstream)\/(.+)$/.exec(text) ?? [];
  if (before !== undefined) return `Write ${name!}; or ${prefix}${text}, if it is called so.`;
  return text.includes(",")
    ? `Give each of them a trust of its own; or write ${prefix}${text}, if it is called so.`
    : undefined;
}

/** What to do about an environment that is probably another one. */
export function mistakeInEnvironment(text: string): string | undefined {
  const meant = /^environment:(.+)$/.exec(text)?.[1];
  return meant === undefined ? undefined : `Write ${meant}.`;
}

// The beginnings of a last part that GitHub never writes.
const WRONG_LAST_PART = /^(?:refs\/|ref:(?!refs\/)|branch:|tag:|pr$|pull-request|pull_requests)/i;

/**
 * What to do about a whole subject of GitHub's that no job can have. Organisations may customise theirs: only what
 * neither they nor GitHub write is a mistake.
 */
export function mistakeInGitHubSubject(subject: string): string | undefined {
  const parts = "It ends with ref:refs/heads/BRANCH, ref:refs/tags/TAG, environment:NAME or pull_request.";
  if (/^repo:/i.test(subject) && !subject.startsWith("repo:"))
    return `It begins with repo:, in small letters. ${parts}`;
  if (/^[\w-]+\/[\w.-]+:(?:ref|environment|pull_request)/.test(subject))
    return `It begins with repo:. ${parts}`;
  const address = /^repo:((?:https?:\/\/|git@|ssh:)[^\s]*?)(?::(?:ref|environment|pull_request).*)?$/.exec(
    subject,
  )?.[1];
  const repository = address ?? /^repo:([^:]+)/.exec(subject)?.[1]?.replace(/@\d+/g, "");
  if (repository === undefined) return undefined;
  const mistake = mistakeInRepository(repository);
  if (mistake !== undefined) return `After repo: stands owner/name. ${mistake} ${parts}`;
  const last = subject.slice(subject.indexOf(":", "repo:".length) + 1);
  return subject.indexOf(":", "repo:".length) > 0 && WRONG_LAST_PART.test(last) ? parts : undefined;
}
