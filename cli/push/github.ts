import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { environmentFor } from "../tools/environments";
import { PASSWORD, type Variables } from "../variables";
import type { Holdings, Step, Target } from "./push";
import { runTool, type Tool } from "../tools/tool";

export interface GithubOptions {
  /** `OWNER/NAME`. */
  repo: string;
  environment?: string;
  /** @default the one that `gh` uses */
  hostname?: string;
}

const GH: Tool = {
  program: "gh",
  notFound: new CliError(
    "GH_NOT_FOUND",
    "The `gh` command must be installed and on PATH.",
    "Install it: https://cli.github.com",
  ),
  explain: (exitCode, stderr) => {
    // https://cli.github.com/manual/gh_help_exit-codes
    if (exitCode === 4) {
      return new CliError(
        "GH_NOT_LOGGED_IN",
        "The `gh` command must be logged in. It is not.",
        "`gh auth login`, or set GH_TOKEN.",
      );
    }
    if (/HTTP 40[34]/.test(stderr)) {
      return new CliError(
        "GH_NO_ACCESS",
        `GitHub refused: ${stderr.trim().split("\n")[0]}`,
        "Repository and environment must exist, and your login may need the right to write secrets and variables of both.",
      );
    }
    return undefined;
  },
};

/** Secrets and variables of GitHub Actions, of a repository or of one of its environments. */
export class GithubTarget implements Target {
  readonly description: string;
  private readonly where: readonly string[];

  constructor(
    private readonly io: Io,
    { repo, environment, hostname }: GithubOptions,
  ) {
    const place = hostname === undefined ? repo : `${hostname}/${repo}`;
    this.description = environment === undefined ? place : `${place}, environment ${environment}`;
    this.where = [`--repo=${place}`, ...(environment === undefined ? [] : [`--env=${environment}`])];
  }

  async inspect(): Promise<Holdings> {
    const [secrets, plain] = [await this.list("secret"), await this.list("variable")];
    if (plain.has(PASSWORD)) {
      this.io.stderr.write(
        `${PASSWORD} is also a plain variable of ${this.description}, which many can read. Treat that password as leaked: run \`himl-sp rotate\`, and \`gh variable delete\`.\n`,
      );
      plain.delete(PASSWORD);
    }
    return { secrets, plain };
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
    return runTool(GH, args, {
      env: { ...environmentFor("gh", this.io.env), GH_PROMPT_DISABLED: "1", GH_NO_UPDATE_NOTIFIER: "1" },
      signal: this.io.signal,
      ...(input !== undefined && { input }),
    });
  }
}
