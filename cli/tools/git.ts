import { existsSync } from "node:fs";
import path from "node:path";
import { CliError } from "../errors";
import type { Io } from "../io";
import { checkAzureDevOpsOptions, checkGithubOptions } from "../push/targets";
import { askTool, explainFailure, runTool, type Tool } from "./tool";

/** Where a git remote leads. */
export type Remote =
  | { place: "github"; host: string; repository: string }
  | { place: "azure-devops"; organization: string; project: string; repository: string };

/** The folder's git repository. */
export interface GitRepository {
  /** Its top folder. */
  root: string;
  /** `origin` first. */
  remotes: Remote[];
  /** Every `config.json` in it that git does not ignore, by its absolute path. */
  workspaceConfigs: string[];
}

export const GIT: Tool = {
  program: "git",
  oldest: "2.25.0",
  install: "https://git-scm.com/downloads",
  mayHave: /^GIT_CONFIG_/,
  // Its words are read. And where objects are missing, nothing is fetched: a repository's settings say by which program.
  set: { LC_ALL: "C", GIT_ALLOW_PROTOCOL: "none", GIT_NO_LAZY_FETCH: "1", GIT_OPTIONAL_LOCKS: "0" },
};

/**
 * In a folder of somebody else, git could run programs that its settings name. So it is asked three things only, none of
 * which runs a hook, a filter or a pager, and without the two settings that all commands heed.
 */
const ask = (at: string, ...args: string[]) => [
  ...["-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit", "-C", at],
  ...args,
];

/** @returns nothing where there is no repository. @throws CliError where git says anything else than that */
export async function readGitRepository(io: Io, folder: string): Promise<GitRepository | undefined> {
  const root = await findRoot(io, folder);
  if (root === undefined) return undefined;
  const remotes = await readRemotes(io, folder);
  const list = ask(root, "ls-files", "-z", "-co", "--exclude-standard", "*config.json");
  const workspaceConfigs = (await runTool(io, GIT, list))
    .split("\0")
    .filter((file) => path.posix.basename(file) === "config.json")
    .map((file) => path.join(root, file));
  return { root, remotes, workspaceConfigs };
}

/** The host on which the folder's remotes have that repository of GitHub; several if they differ. */
export async function findHosts(io: Io, folder: string, repository: string): Promise<string[]> {
  if ((await findRoot(io, folder)) === undefined) return [];
  const isMeant = (remote: Remote) => remote.repository.toLowerCase() === repository.toLowerCase();
  return (await readRemotes(io, folder)).flatMap((remote) =>
    remote.place === "github" && isMeant(remote) ? [remote.host] : [],
  );
}

async function findRoot(io: Io, folder: string): Promise<string | undefined> {
  const top = ask(folder, "rev-parse", "--show-toplevel");
  let finished;
  try {
    finished = await askTool(io, GIT, top);
  } catch (error) {
    if (error instanceof CliError && error.code === "GIT_NOT_FOUND" && !isBelowGit(folder)) return undefined;
    throw error;
  }
  if (finished.exitCode !== 0) {
    if (/not a git repository/.test(finished.stderr)) return undefined;
    throw await explainFailure(io, GIT, top, finished);
  }
  return finished.stdout.replace(/\r?\n$/, "");
}

/** `origin` first. */
async function readRemotes(io: Io, folder: string): Promise<Remote[]> {
  const lines = (await runTool(io, GIT, ask(folder, "remote", "-v"))).split("\n");
  const urls = lines.flatMap((line) => {
    const [name, url] = line.split(/\s+/);
    return name && url ? [{ name, url }] : [];
  });
  urls.sort((a, b) => Number(b.name === "origin") - Number(a.name === "origin"));
  const remotes = new Map<string, Remote>();
  for (const url of new Set(urls.map((one) => one.url))) {
    const remote = parseRemote(await resolveAlias(io, url));
    if (remote !== undefined) remotes.set(JSON.stringify(remote), remote);
  }
  return [...remotes.values()];
}

function isBelowGit(folder: string): boolean {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, ".git"))) return true;
    if (at === path.dirname(at)) return false;
  }
}

const SSH: Tool = { program: "ssh", oldest: "0.0", install: "https://www.openssh.com", mayHave: /^$/ };

/** The host of `git@work:octocat/training.git` may be a name that only the user's SSH configuration knows. */
async function resolveAlias(io: Io, url: string): Promise<string> {
  const [, before, alias, after] =
    /^(ssh:\/\/(?:[^@/]+@)?|(?:[^@/:]+@)?)([A-Za-z0-9][\w.-]*)((?::\d+)?\/.*|:(?!\/\/).*)$/s.exec(url) ?? [];
  const isSsh =
    alias !== undefined && alias.length > 1 && (before!.startsWith("ssh://") || after!.startsWith(":"));
  if (!isSsh || /^(github\.com|ssh\.github\.com|ssh\.dev\.azure\.com)$/.test(alias)) return url;
  try {
    // It connects to nothing.
    const { exitCode, stdout } = await askTool(io, SSH, ["-G", alias]);
    const host = exitCode === 0 ? /^hostname (\S+)$/m.exec(stdout)?.[1] : undefined;
    return host === undefined ? url : `${before}${host}${after}`;
  } catch (error) {
    // Without ssh, nobody has such names.
    if (error instanceof CliError && error.code === "SSH_NOT_FOUND") return url;
    throw error;
  }
}

/** The address forms of GitHub (any host) and of Azure DevOps. A login in the address is left out. */
export function parseRemote(url: string): Remote | undefined {
  const devOps =
    /^https:\/\/(?:[^@/]+@)?dev\.azure\.com\/(?<org>[^/]+)\/(?<project>[^/]+)\/_git\/(?<repo>[^/]+?)\/?$/.exec(
      url,
    ) ??
    /^https:\/\/(?:[^@/]+@)?(?<org>[^./]+)\.visualstudio\.com\/(?:DefaultCollection\/)?(?<project>[^/]+)\/_git\/(?<repo>[^/]+?)\/?$/.exec(
      url,
    ) ??
    /^(?:ssh:\/\/)?git@ssh\.dev\.azure\.com(?::|:22\/|\/)v3\/(?<org>[^/]+)\/(?<project>[^/]+)\/(?<repo>[^/]+?)\/?$/.exec(
      url,
    );
  if (devOps?.groups !== undefined) {
    const { org, project, repo } = devOps.groups as Record<string, string>;
    return checked({
      place: "azure-devops",
      organization: `https://dev.azure.com/${org}`,
      project: decoded(project!),
      repository: decoded(repo!),
    });
  }
  const github =
    /^(?:https?:\/\/|ssh:\/\/)(?:[^@/]+@)?(?<host>[^/:]+)(?::\d+)?\/(?<owner>[\w.-]+)\/(?<name>[\w.-]+?)(?:\.git)?\/?$/.exec(
      url,
    ) ?? /^(?:[^@/:]+@)(?<host>[^/:]+):(?<owner>[\w.-]+)\/(?<name>[\w.-]+?)(?:\.git)?\/?$/.exec(url);
  if (github?.groups === undefined) return undefined;
  const { host, owner, name } = github.groups as Record<string, string>;
  if (/(^|\.)(dev\.azure\.com|visualstudio\.com|gitlab\.com|bitbucket\.org)$/.test(host!)) return undefined;
  return checked({
    place: "github",
    host: host === "ssh.github.com" ? "github.com" : host!.toLowerCase(),
    repository: `${owner}/${name}`,
  });
}

/** By the rules for options: a remote is no better a source. */
function checked(remote: Remote): Remote | undefined {
  try {
    if (remote.place === "github") checkGithubOptions({ repo: remote.repository, hostname: remote.host });
    else checkAzureDevOpsOptions({ ...remote, group: "any" });
    return remote;
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
