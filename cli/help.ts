import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** What each command's `--help` ends with: an example, and the page that says more. */
const EXAMPLES: Record<string, [example: string, page: string]> = {
  init: ["himl-sp init --workspace ws-ml --pipeline github --no-password", "docs/init.md"],
  doctor: ["himl-sp doctor --stack dev", "docs/init.md"],
  env: ["himl-sp env --stack dev --format dotenv > .env", "docs/to-pipelines/README.md"],
  push: ["himl-sp push github --repo octocat/training", "docs/to-pipelines/README.md"],
  "push github": [
    "himl-sp push github --stack dev --repo octocat/training --environment production",
    "docs/to-pipelines/README.md",
  ],
  "push azure-devops": [
    "himl-sp push azure-devops --stack dev --organization https://dev.azure.com/contoso --project ml --group himl",
    "docs/to-pipelines/README.md",
  ],
  verify: ["himl-sp verify --from stack --stack dev --wait 5m", "docs/to-pipelines/README.md"],
  status: ["himl-sp status --stack dev --fail-within 14d", "docs/changes.md"],
  rotate: ["himl-sp rotate --stack dev", "docs/changes.md"],
  audit: ["himl-sp audit --stack dev", "docs/after-a-broken-run.md"],
  repair: ["himl-sp repair --stack dev", "docs/after-a-broken-run.md"],
};

/** The path of a command from the program on: `push github`. */
export function pathOf(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

/** The command and all below it. */
export function withSubcommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

export function exampleOf(command: CommandUnknownOpts): { example: string; page: string } | undefined {
  const [example, page] = EXAMPLES[pathOf(command)] ?? [];
  return example === undefined || page === undefined ? undefined : { example, page };
}

/** @param program with all of its commands. */
export function addExamples(program: CommandUnknownOpts): void {
  for (const command of withSubcommands(program)) {
    const known = exampleOf(command);
    if (known === undefined) continue;
    command.addHelpText(
      "after",
      `\nExample:\n  ${known.example}\n\nMore: ${known.page}; all commands: docs/commands.md`,
    );
  }
}
