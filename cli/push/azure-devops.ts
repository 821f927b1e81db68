import { CliError } from "../errors";
import { azDevOpsOf, runAzDevOps } from "../tools/az";
import type { Io } from "../io";
import { parseJson } from "../tools/process";
import { PASSWORD, VARIABLE_NAMES, type Variables } from "../variables";
import type { ExistingVariables, Step, Target } from "./push";

export interface AzureDevOpsOptions {
  /** `https://dev.azure.com/NAME`. */
  organization: string;
  project: string;
  group: string;
}

interface VariableGroup {
  id: number;
  name: string;
  /** `Vsts`; or `AzureKeyVault`, whose variables are those of a vault. */
  type?: string;
  variables: Record<string, { isSecret: boolean | null; isReadOnly?: boolean | null }>;
}

/**
 * Under this prefix the azure-devops extension reads the value of a secret variable, so that it is no argument.
 * https://learn.microsoft.com/azure/devops/pipelines/scripts/cli/pipeline-variable-group-secret-nonsecret-variables
 */
const SECRET_PREFIX = "AZURE_DEVOPS_EXT_PIPELINE_VAR_";

/** A variable group of Azure Pipelines. */
export class AzureDevOpsTarget implements Target {
  readonly description: string;
  private readonly where: readonly string[];
  private existing: VariableGroup | undefined;

  constructor(
    private readonly io: Io,
    private readonly options: AzureDevOpsOptions,
  ) {
    const { organization, project, group } = options;
    this.description = `variable group ${group} of ${project}`;
    this.where = azDevOpsOf(organization, project);
  }

  async inspect(): Promise<ExistingVariables> {
    const json = await this.az(["list", `--group-name=${this.options.group}`, ...this.where]);
    // `*` in a name is a wildcard for the service.
    const isMeant = ({ name }: VariableGroup) => name.toLowerCase() === this.options.group.toLowerCase();
    this.existing = parseJson<VariableGroup[]>(json, "az").find(isMeant);
    const entries = Object.entries(this.existing?.variables ?? {});
    this.checkGroup(entries);
    const names = (wanted: boolean) =>
      new Set(
        entries
          .filter(([, { isSecret }]) => (isSecret ?? false) === wanted)
          .map(([name]) => name.toUpperCase()),
      );
    return { secrets: names(true), plain: names(false) };
  }

  /** @throws CliError where the service would refuse what is to be written. */
  private checkGroup(entries: [name: string, of: { isReadOnly?: boolean | null }][]): void {
    const { group } = this.options;
    if (this.existing?.type === "AzureKeyVault") {
      throw new CliError(
        "TARGET_READ_ONLY",
        `The ${this.description} must take new values. It is linked to a Key Vault, and shows that vault's secrets.`,
        `Choose another --group; or give the stack that vault in \`keyVault\`, and nothing has to be pushed.`,
      );
    }
    const locked = entries.filter(
      ([name, { isReadOnly }]) => isReadOnly && VARIABLE_NAMES.some((known) => known === name.toUpperCase()),
    );
    if (locked.length === 0) return;
    throw new CliError(
      "TARGET_READ_ONLY",
      `The ${this.description} must take new values. Read-only there: ${locked.map(([name]) => name).join(", ")}.`,
      `Unlock them under Pipelines, Library, ${group}.`,
    );
  }

  /** The Azure CLI takes `@file` for the content of the file, after `=` as well. A secret is no argument. */
  findUnsupported(value: string, isSecret: boolean): string | undefined {
    return !isSecret && value.startsWith("@") ? '"@" in front' : undefined;
  }

  /** A group is created with all its plain variables: the service refuses an empty one. */
  group(steps: readonly Step[]): Step[][] {
    if (this.existing !== undefined) return steps.map((step) => [step]);
    const plain = steps.filter(({ isSecret }) => !isSecret);
    return [plain, ...steps.filter(({ isSecret }) => isSecret).map((step) => [step])];
  }

  async write(steps: readonly Step[], variables: Variables): Promise<void> {
    if (this.existing === undefined) {
      const pairs = steps.map(({ name }) => `${name}=${variables[name]}`);
      const json = await this.az([
        "create",
        `--name=${this.options.group}`,
        ...this.where,
        "--variables",
        ...pairs,
      ]);
      this.existing = { ...parseJson<VariableGroup>(json, "az"), variables: {} };
      this.io.stderr.write(
        `Variable group ${this.options.group} created. Azure DevOps asks for permission when a pipeline first uses it.\n`,
      );
      return;
    }
    for (const step of steps) await this.writeOne(step, variables[step.name], this.existing);
  }

  private async writeOne({ name, action, isSecret }: Step, value: string | undefined, group: VariableGroup) {
    const variable = ["--group-id", String(group.id), "--name", name, ...this.where];
    if (action === "delete") await this.az(["variable", "delete", "--yes", ...variable]);
    else if (!isSecret)
      await this.az(["variable", action, ...variable, "--secret", "false", `--value=${value}`]);
    else {
      // The extension looks for the name as the group spells it, which may be in another case.
      const spelled = Object.keys(group.variables).find((known) => known.toUpperCase() === PASSWORD) ?? name;
      // On update it takes a value from there only when it is told to prompt for one.
      const prompt = action === "update" ? ["--prompt-value", "true"] : [];
      await this.az(["variable", action, ...variable, "--secret", "true", ...prompt], {
        [`${SECRET_PREFIX}${spelled}`]: value!,
      });
    }
  }

  private az(args: readonly string[], secrets: Record<string, string> = {}): Promise<string> {
    return runAzDevOps(this.io, ["pipelines", "variable-group", ...args], secrets);
  }
}
