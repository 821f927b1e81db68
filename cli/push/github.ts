import type { Io } from "../io";
import { CliError } from "../errors";
import { Gh, GITHUB } from "../tools/gh";
import { parseJson } from "../tools/process";
import { PASSWORD, type Variables } from "../variables";
import type { ExistingVariables, Step, Target } from "./push";

export interface GithubOptions {
  /** `OWNER/NAME`. */
  repo: string;
  environment?: string;
  /** @default "github.com" */
  hostname?: string;
}

/** Secrets and variables of GitHub Actions, of a repository or of one of its environments. */
export class GithubTarget implements Target {
  readonly description: string;
  private readonly where: readonly string[];
  private readonly tool: Gh;

  constructor(
    private readonly io: Io,
    private readonly options: GithubOptions,
  ) {
    const { repo, environment, hostname = GITHUB } = options;
    this.tool = new Gh(io, hostname);
    const place = `${hostname}/${repo}`;
    this.description = environment === undefined ? place : `${place}, environment ${environment}`;
    this.where = [`--repo=${place}`, ...(environment === undefined ? [] : [`--env=${environment}`])];
  }

  async inspect(): Promise<ExistingVariables> {
    await this.checkRepository();
    const secrets = await this.list("secret").catch((error) => this.explainRefusal(error));
    const plain = await this.list("variable");
    if (plain.has(PASSWORD)) {
      this.io.stderr.write(
        `${PASSWORD} is also a plain variable of ${this.description}, which many can read. Treat that password as leaked: run \`himl-sp rotate\`, and \`gh variable delete\`.\n`,
      );
      plain.delete(PASSWORD);
    }
    return { secrets, plain };
  }

  /** @throws CliError where GitHub would refuse every write, or carry it elsewhere. */
  private async checkRepository(): Promise<void> {
    const { repo } = this.options;
    const { owner, name, isReadOnly } = await this.tool.repository(repo);
    if (isReadOnly) {
      throw new CliError(
        "TARGET_READ_ONLY",
        `${this.description} must take new values. The repository is archived or disabled, so GitHub refuses every one.`,
        "Unarchive it in its settings, or push to the repository that has replaced it.",
      );
    }
    if (`${owner}/${name}`.toLowerCase() !== repo.toLowerCase()) {
      throw new CliError(
        "TARGET_RENAMED",
        `--repo must be the repository's name. ${repo} is called ${owner}/${name} now; somebody else may get its former name.`,
        `Use --repo ${owner}/${name}.`,
      );
    }
  }

  /** GitHub gives the same answer for no environment and for no right to it. */
  private async explainRefusal(error: unknown): Promise<never> {
    const { repo, environment } = this.options;
    if (!(error instanceof CliError) || error.code !== "GH_NO_ACCESS" || environment === undefined)
      throw error;
    const existing = await this.tool.environments(repo).catch(() => undefined);
    if (existing === undefined || existing.some((name) => name.toLowerCase() === environment.toLowerCase()))
      throw error;
    throw new CliError(
      "TARGET_MISSING",
      `--environment must be one of ${repo}. Received ${JSON.stringify(environment)}. The repository has ${existing.slice(0, 20).join(", ") || "none"}.`,
      "Create it in the repository's settings, or correct the name.",
    );
  }

  group(steps: readonly Step[]): Step[][] {
    return steps.map((step) => [step]);
  }

  async write([step]: readonly [Step], variables: Variables): Promise<void> {
    const { name, action, isSecret } = step;
    if (action === "delete") await this.gh(["secret", "delete", name, ...this.where]);
    // Without --body, gh reads the value from its standard input.
    else if (isSecret) await this.gh(["secret", "set", name, ...this.where], variables[name]);
    else await this.gh(["variable", "set", name, ...this.where, `--body=${variables[name]}`]);
  }

  private async list(kind: "secret" | "variable"): Promise<Set<string>> {
    const json = await this.gh([kind, "list", ...this.where, "--json", "name"]);
    return new Set(parseJson<{ name: string }[]>(json, "gh").map(({ name }) => name.toUpperCase()));
  }

  private gh(args: readonly string[], input?: string): Promise<string> {
    return this.tool.run(args, input);
  }
}
