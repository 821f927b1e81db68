import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LocalAzure } from "../../local-azure/local-azure";
import { buildCommand, type Finished } from "./command";
import { CommandHost } from "./command-host";
import { type Answer, StandIns } from "./stand-ins";
import { Terminal } from "./terminal";
import { type Caller, UNKNOWN_ID, VerifyStage } from "./verify-stage";

/** What npm packs in these tests, and as `init` names it: by its content. */
const ARCHIVE = "himl-service-principal-0.1.0.tgz";
export const NAMED = `himl-service-principal-0.1.0-${createHash("sha256").update("the package").digest("hex").slice(0, 12)}.tgz`;

export const REPOSITORY = {
  id: 1296269,
  name: "training",
  owner: { id: 583231, login: "octocat", type: "Organization" },
  created_at: "2024-03-01T10:00:00Z",
  visibility: "private",
  private: true,
  default_branch: "main",
};

/** What `gh` answers about a repository, as recorded; parts of it can be others. */
export function answersOfGh(
  customization: object | number,
  options: {
    repository?: object;
    environments?: string[];
    organization?: object | number;
    host?: string;
  } = {},
): Answer[] {
  const host = ["--hostname", options.host ?? "github.com"];
  const get = (apiPath: string, body: object | number): Answer =>
    typeof body === "number"
      ? { args: ["api", ...host, apiPath], exitCode: 1, stderr: `gh: Not Found (HTTP ${body})\n` }
      : { args: ["api", ...host, apiPath], stdout: JSON.stringify(body) };
  const environments = (options.environments ?? []).map((name) => ({ name }));
  return [
    get("repos/octocat/training", { ...REPOSITORY, ...options.repository }),
    get("repos/octocat/training/environments?per_page=100&page=1", {
      total_count: environments.length,
      environments,
    }),
    get("repos/octocat/training/actions/oidc/customization/sub", customization),
    get("orgs/octocat/actions/oidc/customization/sub", options.organization ?? 404),
    get("meta", { installed_version: "3.19.1" }),
    get("user/repos?sort=pushed&per_page=100&page=1", [{ full_name: "octocat/training" }]),
  ];
}

const GIT_SETTINGS = ["-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit"];

/** What `git` answers in a clone of the repository, or in none. */
export function answersOfGit(
  folder: string | undefined,
  url = "git@github.com:octocat/training.git",
  listed = "",
): Answer[] {
  if (folder === undefined) return [{ args: [], exitCode: 128, stderr: "fatal: not a git repository\n" }];
  return [
    { args: [...GIT_SETTINGS, "-C", folder, "rev-parse"], stdout: `${folder}\n` },
    { args: [...GIT_SETTINGS, "-C", folder, "ls-files"], stdout: listed },
    {
      args: [...GIT_SETTINGS, "-C", folder, "remote"],
      stdout: `origin\t${url} (fetch)\norigin\t${url} (push)\n`,
    },
  ];
}

/** A principal with its secret, or a person. */
type Login = Caller | LocalAzure["admin"] | ReturnType<LocalAzure["control"]["createPerson"]>;

/** An empty folder, a local Azure, and the user's own tools, planted with recorded answers. */
export class InitStage {
  folder!: string;
  private readonly host: CommandHost;

  private constructor(
    readonly verify: VerifyStage,
    readonly tools: StandIns,
  ) {
    this.host = CommandHost.start(this.azure.public);
  }

  static async create(running?: LocalAzure): Promise<InitStage> {
    const tools = await StandIns.create({});
    const packs = path.join(tools.folder, ARCHIVE);
    await writeFile(packs, "the package");
    await tools.install("npm", [{ args: ["pack"], packs, stdout: JSON.stringify([{ filename: ARCHIVE }]) }]);
    return new InitStage(await VerifyStage.create(running), tools);
  }

  get azure(): LocalAzure {
    return this.verify.azure;
  }

  /** A new folder; `az` logged in as the caller, who sees the local Azure's subscriptions. */
  async reset(caller: Login, more: readonly Answer[] = []): Promise<void> {
    await this.clean();
    this.folder = await mkdtemp(path.join(await realpath(tmpdir()), "himl-init-"));
    await this.tools.forgetCalls();
    await this.tools.install("az", [...more, ...(await this.answersOfAz(caller))]);
    await this.tools.install("git", answersOfGit(undefined));
  }

  /** What `az account` answers whom. */
  async answersOfAz(caller: Login): Promise<Answer[]> {
    const { tenantId, subscriptionId, otherSubscriptionId } = this.azure;
    const account = (id: string, name: string, isDefault: boolean) => ({
      id,
      name,
      tenantId,
      isDefault,
      state: "Enabled",
    });
    const accounts = [
      account(otherSubscriptionId, "Contoso Other", false),
      account(subscriptionId, "Contoso ML", true),
      { ...account(UNKNOWN_ID, "Closed", false), state: "Disabled" },
    ];
    const token = async (resource: string): Promise<Answer> => ({
      args: ["account", "get-access-token", "--resource", resource],
      stdout: JSON.stringify({
        accessToken: await this.tokenOf(caller, resource),
        tokenType: "Bearer",
      }),
    });
    return [
      { args: ["account", "list"], stdout: JSON.stringify(accounts) },
      await token("https://management.azure.com"),
      await token("https://graph.microsoft.com"),
    ];
  }

  private tokenOf(caller: Login, resource: string): Promise<string> {
    return "password" in caller
      ? this.verify.tokenOfPerson(caller, resource)
      : this.verify.tokenOf(caller, resource);
  }

  get env(): Record<string, string> {
    return { ...this.azure.public, PATH: this.tools.folder };
  }

  run(...args: string[]): Promise<Finished> {
    return this.runWith({}, ...args);
  }

  runWith(env: Record<string, string>, ...args: string[]): Promise<Finished> {
    const cwd = args.includes("--cwd") ? [] : ["--cwd", this.folder];
    return this.host.run(["init", ...cwd, ...args], { ...this.env, ...env });
  }

  /** With a person at a terminal of plain lines. */
  answer(answers: readonly string[], ...args: string[]): Promise<Finished> {
    return this.host.run(["init", "--cwd", this.folder, ...args], this.env, answers);
  }

  open(...args: string[]): Promise<Terminal> {
    return this.openIn(this.folder, this.env, ...args);
  }

  async openIn(cwd: string, env: Record<string, string>, ...args: string[]): Promise<Terminal> {
    return Terminal.open([await buildCommand(), "init", ...args], { cwd, env });
  }

  /** Every file in the folder, with its folders; `.git` and what npm made are left out. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files
      .map((file) => path.relative(this.folder, path.join(file.parentPath, file.name)).replaceAll("\\", "/"))
      .filter((file) => !file.startsWith("node_modules/"))
      .sort();
  }

  read(file: string): Promise<string> {
    return readFile(path.join(this.folder, file), "utf8");
  }

  async close(): Promise<void> {
    this.host.close();
    await this.clean();
    await Promise.all([this.tools.remove(), this.verify.close()]);
  }

  private async clean(): Promise<void> {
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}
