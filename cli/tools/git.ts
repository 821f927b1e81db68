import path from "node:path";
import type { Io } from "../io";
import { isNotFound, run } from "./process";
import { environmentFor } from "./environments";

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

/** @returns nothing where there is no repository, or no git. */
export async function readGitRepository(io: Io, folder: string): Promise<GitRepository | undefined> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    try {
      const { exitCode, stdout } = await run("git", ["-C", folder, ...args], {
        env: environmentFor("git", io.env),
        signal: io.signal,
      });
      return exitCode === 0 ? stdout : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const root = (await git("rev-parse", "--show-toplevel"))?.trim();
  if (root === undefined || root === "") return undefined;
  const lines = ((await git("remote", "-v")) ?? "").split("\n");
  const urls = lines.flatMap((line) => {
    const [name, url] = line.split(/\s+/);
    return name && url ? [{ name, url }] : [];
  });
  urls.sort((a, b) => Number(b.name === "origin") - Number(a.name === "origin"));
  const remotes = new Map<string, Remote>();
  for (const { url } of urls) {
    const remote = parseRemote(url);
    if (remote !== undefined) remotes.set(JSON.stringify(remote), remote);
  }
  const listed = await git("-C", root, "ls-files", "-z", "-co", "--exclude-standard", "*config.json");
  const workspaceConfigs = (listed ?? "")
    .split("\0")
    .filter((file) => path.posix.basename(file) === "config.json")
    .map((file) => path.join(root, file));
  return { root, remotes: [...remotes.values()], workspaceConfigs };
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
    return {
      place: "azure-devops",
      organization: `https://dev.azure.com/${org}`,
      project: decodeURIComponent(project!),
      repository: decodeURIComponent(repo!),
    };
  }
  const github =
    /^(?:https?:\/\/|ssh:\/\/)(?:[^@/]+@)?(?<host>[^/:]+)(?::\d+)?\/(?<owner>[\w.-]+)\/(?<name>[\w.-]+?)(?:\.git)?\/?$/.exec(
      url,
    ) ?? /^(?:[^@/:]+@)(?<host>[^/:]+):(?<owner>[\w.-]+)\/(?<name>[\w.-]+?)(?:\.git)?\/?$/.exec(url);
  if (github?.groups === undefined) return undefined;
  const { host, owner, name } = github.groups as Record<string, string>;
  if (/(^|\.)(dev\.azure\.com|visualstudio\.com|gitlab\.com|bitbucket\.org)$/.test(host!)) return undefined;
  return {
    place: "github",
    host: host === "ssh.github.com" ? "github.com" : host!,
    repository: `${owner}/${name}`,
  };
}
