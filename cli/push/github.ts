import type { Io } from "../io";
import { Gh, GITHUB } from "../tools/gh";
import { parseJson } from "../tools/process";
import { PASSWORD, type Variables } from "../variables";
import type { Holdings, Step, Target } from "./push";

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
    { repo, environment, hostname = GITHUB }: GithubOptions,
  ) {
    this.tool = new Gh(io, hostname);
    const place = `${hostname}/${repo}`;
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
    return this.tool.run(args, input);
  }
}
