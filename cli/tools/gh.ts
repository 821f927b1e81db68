import { command } from "../../components/plan/commands";
import { CliError } from "../errors";
import type { Io } from "../io";
import { excerpt, parseJson } from "./process";
import { askTool, explainFailure, runTool, type Tool } from "./tool";
import {
  type GithubRepository,
  isEnterpriseServer,
  type OrganizationCustomization,
  type RepositoryCustomization,
} from "../init/github-subjects";

export const GITHUB = "github.com";
/** The first with `--json` in both lists of secrets and variables. */
const OLDEST_GH = "2.45.0";
const PAGE_SIZE = 100;

/** @param host which every call names, whatever host the user's settings and variables prefer. */
export function ghOf(host: string): Tool {
  return {
    program: "gh",
    oldest: OLDEST_GH,
    install: "https://cli.github.com",
    mayHave: /^(GH|GITHUB)_(ENTERPRISE_)?TOKEN$/,
    set: { GH_PROMPT_DISABLED: "1", GH_NO_UPDATE_NOTIFIER: "1", NO_COLOR: "1" },
    explain: (exitCode, stderr) => {
      // https://cli.github.com/manual/gh_help_exit-codes
      if (exitCode === 4)
        return new CliError(
          "GH_NOT_LOGGED_IN",
          `The \`gh\` command must be logged in to ${host}. It is not.`,
          `${command`gh auth login --hostname ${host}`}, or set GH_TOKEN.`,
        );
      if (/HTTP 40[34]/.test(stderr))
        return new CliError(
          "GH_NO_ACCESS",
          `GitHub refused: ${excerpt(stderr)}`,
          "Repository and environment must exist, and your login may need the right to write secrets and variables of both.",
        );
      return undefined;
    },
  };
}

/**
 * Whether a host may be asked with the user's login: GitHub's own, and those to which the user's \`gh\` is logged in. A
 * remote of a clone is no such reason, nor is a token that stands in the environment for some other host.
 */
export async function isKnownHost(io: Io, host: string): Promise<boolean> {
  return host === GITHUB || host.endsWith(".ghe.com") || isLoggedIn(io, host);
}

/** By gh's own record, whatever tokens the environment has. */
export async function isLoggedIn(io: Io, host: string): Promise<boolean> {
  const withoutTokens = Object.entries(io.env).filter(([name]) => !/TOKEN/i.test(name));
  try {
    // It asks no server.
    const args = ["auth", "token", "--hostname", host];
    return (
      (await askTool({ ...io, env: Object.fromEntries(withoutTokens) }, ghOf(host), args)).exitCode === 0
    );
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

interface RepositoryAnswer {
  id: number;
  name: string;
  owner?: { id: number; login: string; type: string };
  created_at: string;
  visibility?: string;
  private: boolean;
  default_branch: string;
  archived?: boolean;
  disabled?: boolean;
}

/** What GitHub tells the user's own `gh` about a repository. */
export class Gh {
  constructor(
    private readonly io: Io,
    private readonly host: string = GITHUB,
  ) {}

  /** Runs a command of `gh`, which must succeed. */
  run(args: readonly string[], input?: string): Promise<string> {
    return runTool(this.io, ghOf(this.host), args, input === undefined ? {} : { input });
  }

  /** @throws CliError where it cannot be read: then nothing can be said of its subjects. */
  async repository(
    fullName: string,
  ): Promise<GithubRepository & { defaultBranch: string; isReadOnly: boolean }> {
    const answer = await this.get<RepositoryAnswer>(`repos/${fullName}`);
    if (typeof answer === "number" || answer.owner === undefined) {
      throw new CliError(
        "REPOSITORY_UNREADABLE",
        `\`gh\` must be able to read ${fullName} on ${this.host}. GitHub answered ${typeof answer === "number" ? answer : "something else than a repository"}.`,
        "Check the name; `gh auth status` shows who you are, `gh auth refresh -s repo` asks for the right.",
      );
    }
    // As GitHub spells them: in a subject upper and lower case count.
    return {
      host: this.host,
      owner: answer.owner.login,
      name: answer.name,
      ownerId: answer.owner.id,
      id: answer.id,
      createdAt: answer.created_at,
      visibility: answer.visibility ?? (answer.private ? "private" : "public"),
      isOwnedByOrganization: answer.owner.type === "Organization",
      defaultBranch: answer.default_branch,
      isReadOnly: answer.archived === true || answer.disabled === true,
    };
  }

  /** None as well where it has no such feature. */
  async environments(fullName: string): Promise<string[]> {
    const all = await this.list<{ environments?: { name: string }[] }, { name: string }>(
      `repos/${fullName}/environments`,
      ({ environments = [] }) => environments,
    );
    return all.map(({ name }) => name);
  }

  async customization(fullName: string): Promise<RepositoryCustomization | "not found"> {
    const answer = await this.get<RepositoryCustomization>(
      `repos/${fullName}/actions/oidc/customization/sub`,
    );
    if (typeof answer !== "number") return answer;
    if (answer === 404) return "not found";
    throw new CliError(
      "SUBJECT_UNREADABLE",
      `\`gh\` must be able to read how subjects of ${fullName} are made. GitHub answered ${answer}.`,
      "`gh auth refresh -s repo` asks for the right; or give --issuer and --subject, as in a token of a job.",
    );
  }

  async organizationCustomization(organization: string): Promise<OrganizationCustomization | "unreadable"> {
    const answer = await this.get<OrganizationCustomization>(
      `orgs/${organization}/actions/oidc/customization/sub`,
    );
    return typeof answer === "number" ? "unreadable" : answer;
  }

  /** Of GitHub Enterprise Server. */
  async serverVersion(): Promise<string | undefined> {
    if (!isEnterpriseServer(this.host)) return undefined;
    const answer = await this.get<{ installed_version?: string }>("meta");
    return typeof answer === "number" ? undefined : answer.installed_version;
  }

  /** Repositories of the login, for a folder that has no remote; the latest first. */
  async repositories(): Promise<string[]> {
    type Listed = { full_name: string };
    const all = await this.list<Listed[], Listed>("user/repos?sort=pushed", (page) => page);
    return all.map(({ full_name }) => full_name);
  }

  /** All pages. */
  private async list<Page, T>(path: string, entriesOf: (page: Page) => readonly T[]): Promise<T[]> {
    const all: T[] = [];
    for (let page = 1; ; page++) {
      const mark = path.includes("?") ? "&" : "?";
      const answer = await this.get<Page>(`${path}${mark}per_page=${PAGE_SIZE}&page=${page}`);
      if (answer === 404) return all;
      if (typeof answer === "number")
        throw new CliError(
          "GH_NO_ACCESS",
          `\`gh\` must be able to read ${path} on ${this.host}. GitHub answered ${answer}.`,
          "Ask for the right to read it, or name the environment or branch with an option.",
        );
      const entries = entriesOf(answer);
      all.push(...entries);
      if (entries.length < PAGE_SIZE) return all;
    }
  }

  /** The answer, or the status of a refusal: 403, or 404 for what the login may not see either. */
  private async get<T>(path: string): Promise<T | number> {
    const args = ["api", "--hostname", this.host, path];
    const finished = await askTool(this.io, ghOf(this.host), args);
    if (finished.exitCode === 0) return parseJson<T>(finished.stdout, "gh");
    const status = /HTTP (40[34])/.exec(finished.stderr)?.[1];
    if (status !== undefined && finished.exitCode !== 4) return Number(status);
    throw await explainFailure(this.io, ghOf(this.host), args, finished);
  }
}
