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
    .replace(/^(?:git@)?(?:www\.|ssh\.|gist\.)?github\.com(?::\d+)?[/:]/i, "")
    .replace(/^(?:api\.github\.com\/repos|raw\.githubusercontent\.com)\//i, "")
    .replace(/^(?:gh|repos?|github)[:/](?=[^/]+\/)|^[/@]+/i, "")
    .split("/")
    .map((part) => part.trim());
  const bare = `${owner}/${name.replace(/[?#@:].*$/, "").replace(/\.git$/i, "")}`;
  // A host of another kind has a dot, which no owner has.
  return REPOSITORY.test(bare) ? `Write ${bare}.` : "";
}

/** What to do about the name of a branch or tag that is probably another one; undefined where it can be meant. */
export function mistakeInRef(kind: "branch" | "tag", text: string): string | undefined {
  const prefix = kind === "branch" ? "refs/heads/" : "refs/tags/";
  if (text.startsWith(prefix)) return undefined;
  if (text.toLowerCase().startsWith(prefix)) return `Write ${text.slice(prefix.length)}.`;
  const address =
    /^(?:https?:\/\/)?(?:www\.)?github\.com\/[^/]+\/[^/]+\/(?:tree|blob|releases\/tag)\/([^?#]+)/i.exec(
      text,
    )?.[1];
  if (address !== undefined) return `Write ${address}.`;
  const pasted = /^ref:(?:refs\/(?:heads|tags)\/)?([^:]+)/.exec(text)?.[1];
  if (pasted !== undefined) return `Write ${pasted}.`;
  const environment = /^environment:(.+)$/.exec(text)?.[1];
  if (environment !== undefined) return `Write {"environment": ${JSON.stringify(environment)}} instead.`;
  if (text === "HEAD" || text === "@")
    return "Write the name of the branch: git allows no other that is called so.";
  const really = `or ${prefix}${text}, if it is called so.`;
  if (text === "pull_request") return `Write {"pullRequest": true} instead; ${really}`;
  const meant =
    /^(?:heads|tags|remotes\/[^/]+|origin|upstream|tree|releases\/tag)\/(.+)$/.exec(text)?.[1] ??
    /^(["'`])(.+)\1$/.exec(text)?.[2] ??
    (/%2f/i.test(text) ? text.replaceAll(/%2f/gi, "/") : undefined);
  if (meant !== undefined) return `Write ${meant}; ${really}`;
  return text.includes(",") ? `Give each of them a trust of its own; ${really}` : undefined;
}

/** What to do about an environment that is probably another one. */
export function mistakeInEnvironment(text: string): string | undefined {
  const meant = /^environment:(.+)$/i.exec(text)?.[1] ?? /^(.+?):ref:refs\//.exec(text)?.[1];
  return meant === undefined ? undefined : `Write ${meant}.`;
}

const LAST_PARTS = "It ends with ref:refs/heads/BRANCH, ref:refs/tags/TAG, environment:NAME or pull_request.";

// The beginnings of a last part that GitHub never writes.
const WRONG_LAST_PART =
  /^(?:refs[:/]|ref=|ref:(?!refs\/(?:heads|tags|pull)\/[^:])|branch:|tag:|pr$|pull-request|pull_requests|environment=|environment:?$|$)/i;
const LAST_PARTS_BEGIN = ["ref:refs/heads/", "ref:refs/tags/", "environment:", "pull_request"];

function isWrongLastPart(last: string): boolean {
  const isInAnotherCase = (begin: string) => last.toLowerCase().startsWith(begin) && !last.startsWith(begin);
  return WRONG_LAST_PART.test(last) || LAST_PARTS_BEGIN.some(isInAnotherCase);
}

/**
 * What to do about a whole subject of GitHub's that no job can have. Organisations may customise theirs: only what
 * neither they nor GitHub write is a mistake.
 */
export function mistakeInGitHubSubject(subject: string): string | undefined {
  if (/^repo:/i.test(subject) && !subject.startsWith("repo:"))
    return `It begins with repo:, in small letters. ${LAST_PARTS}`;
  if (
    /^(?:repos[:/]|repo\/)|^(?:[\w.:/-]+\/)?[\w-]+\/[\w.-]+:(?:ref|environment|pull_request)/.test(subject) &&
    !subject.startsWith("repo:")
  )
    return `It begins with repo:OWNER/NAME. ${LAST_PARTS}`;
  const address = /^repo:((?:https?:\/\/|git@|ssh:)[^\s]*?)(?::(?:ref|environment|pull_request).*)?$/.exec(
    subject,
  )?.[1];
  const shown = address ?? /^repo:([^:]*)/.exec(subject)?.[1];
  if (shown === undefined) return undefined;
  const ids = shown.match(/@\d+/g)?.length ?? 0;
  const mistake = mistakeInRepository(shown.replace(/@\d+(?=\/|$)/g, ""));
  if (mistake !== undefined) return `After repo: stands owner/name. ${mistake} ${LAST_PARTS}`;
  if (ids === 1)
    return "It has an ID after the owner and one after the name, or none: repo:OWNER@ID/NAME@ID.";
  const colon = subject.indexOf(":", "repo:".length);
  if (colon < 0) return undefined;
  const last = subject.slice(colon + 1);
  return isWrongLastPart(last) ? LAST_PARTS : undefined;
}

/** What to do about a prefix that GitHub's API does not tell, or that contains the last part already. */
export function mistakeInPrefix(prefix: string): string | undefined {
  if (
    /:(?:ref|environment)$|:ref:refs\/(?:heads|tags)\/[^:]+$|:environment:[^:]+$|:pull_request$/.test(prefix)
  )
    return "Leave the last part out: branch, tag, environment or pullRequest adds it.";
  if (/:\s|\s:/.test(prefix)) return "Remove the space at the colon.";
  return mistakeInGitHubSubject(`${prefix}:pull_request`);
}
