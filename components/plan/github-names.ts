import { isVisible } from "./problems";

/** What GitHub and git allow as names: one grammar for the component, its settings and the command. */

// https://docs.github.com/enterprise-cloud@latest/admin/managing-iam: the names of managed users have an underscore.
const REPOSITORY = /^[a-z\d_][\w-]{0,38}\/(?!\.\.?$)(?!.*\.git$)[\w.-]{1,100}$/i;

export function isRepository(text: string): boolean {
  return REPOSITORY.test(text);
}

/** The repository in an address of GitHub, or in a name with something around it. */
export function repositoryIn(text: string): string | undefined {
  const path = text
    .trim()
    .replace(/^(?:git\+)?(?:https?|ssh|git):\/\//i, "")
    .replace(/^(?:git@)?(?:www\.)?github\.com(?::\d+)?[/:]/i, "")
    .replace(/^[/@]+/, "");
  const [, found] = /^([^/\s]+\/[^/\s?#@:]+?)(?:\.git)?(?:[/?#@:].*)?$/i.exec(path) ?? [];
  return found !== undefined && isRepository(found) ? found : undefined;
}

/** `OWNER/NAME` of `repo:` in a subject: by name, or immutable with an ID after each of the two. */
export function repositoryOfClaim(value: string): string | undefined {
  const [, owner, ownerId, name, id] = /^([^/@]+)(@\d+)?\/([^/@]+)(@\d+)?$/.exec(value) ?? [];
  if (owner === undefined) return undefined;
  const found = `${owner}/${name}`;
  return (ownerId === undefined) === (id === undefined) && isRepository(found) ? found : undefined;
}

/** Whether git allows a branch or tag of this name: https://git-scm.com/docs/git-check-ref-format */
export function isRefName(name: string): boolean {
  return (
    isVisible(name) &&
    !/^$|^-|^@$|^HEAD$|[\s~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$/.test(name) &&
    name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"))
  );
}

/** https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments */
export function isEnvironmentName(name: string): boolean {
  return isVisible(name) && name.trim() === name && name !== "" && name.length <= 255;
}
