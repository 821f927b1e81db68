import { command } from "../../components/plan/commands";
import { CliError } from "../errors";
import type { Io } from "../io";
import { isNotFound, lastLines, parseJson, run } from "./process";
import { environmentFor } from "./environments";
import {
  type GithubRepository,
  isEnterpriseServer,
  type OrganizationCustomization,
  type RepositoryCustomization,
} from "../init/github-subjects";

interface RepositoryAnswer {
  id: number;
  name: string;
  owner: { id: number; login: string; type: string };
  created_at: string;
  visibility?: string;
  private: boolean;
  default_branch: string;
}

/** What GitHub tells the user's own `gh` about a repository. */
export class Gh {
  constructor(
    private readonly io: Io,
    private readonly host: string,
  ) {}

  /** @throws CliError where it cannot be read: then nothing can be said of its subjects. */
  async repository(fullName: string): Promise<GithubRepository & { defaultBranch: string }> {
    const answer = await this.get<RepositoryAnswer>(`repos/${fullName}`);
    if (typeof answer === "number") {
      throw new CliError(
        "REPOSITORY_UNREADABLE",
        `\`gh\` must be able to read ${fullName} on ${this.host}. GitHub answered ${answer}.`,
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
    };
  }

  async environments(fullName: string): Promise<string[]> {
    const answer = await this.get<{ environments?: { name: string }[] }>(
      `repos/${fullName}/environments?per_page=100`,
    );
    return typeof answer === "number" ? [] : (answer.environments ?? []).map(({ name }) => name);
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

  /** Repositories of the login, for a folder that has no remote. */
  async repositories(): Promise<string[]> {
    const json = await this.run(["repo", "list", "--limit", "200", "--json", "nameWithOwner"]);
    if (json.exitCode !== 0) return [];
    return parseJson<{ nameWithOwner: string }[]>(json.stdout, "gh").map(
      ({ nameWithOwner }) => nameWithOwner,
    );
  }

  /** The answer, or the status of a refusal. */
  private async get<T>(path: string): Promise<T | number> {
    const { exitCode, stdout, stderr } = await this.run([
      "api",
      ...(this.host === "github.com" ? [] : ["--hostname", this.host]),
      path,
    ]);
    if (exitCode === 0) return parseJson<T>(stdout, "gh");
    // https://cli.github.com/manual/gh_help_exit-codes
    if (exitCode === 4) {
      throw new CliError(
        "GH_NOT_LOGGED_IN",
        `The \`gh\` command must be logged in to ${this.host}. It is not.`,
        `${command`gh auth login --hostname ${this.host}`}, or set GH_TOKEN.`,
      );
    }
    const status = /HTTP (\d{3})/.exec(stderr)?.[1];
    if (status !== undefined) return Number(status);
    throw new CliError(
      "GH_FAILED",
      `${command`gh api ${path}`} failed: ${lastLines(stderr, 2)}`,
      "`gh auth status`",
    );
  }

  private async run(args: readonly string[]) {
    const env = { ...environmentFor("gh", this.io.env), GH_PROMPT_DISABLED: "1", GH_NO_UPDATE_NOTIFIER: "1" };
    try {
      return await run("gh", args, { env, signal: this.io.signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new CliError(
        "GH_NOT_FOUND",
        "The `gh` command must be installed and on PATH.",
        "Install it: https://cli.github.com",
      );
    }
  }
}
