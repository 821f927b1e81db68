import { CliError } from "../errors";
import type { Io } from "../io";
import { type Environment, parseJson } from "./process";
import { runTool, type Tool, type ToolOptions } from "./tool";

/** The Azure CLI. 2.30 is the oldest with which the extension azure-devops works. */
export const AZ: Tool = {
  program: "az",
  oldest: "2.30.0",
  install: "https://learn.microsoft.com/cli/azure/install-azure-cli",
  mayHave: /^(AZURE_DEVOPS_EXT_\w*PAT|IDENTITY_HEADER|MSI_SECRET)$/,
  set: { AZURE_CORE_NO_COLOR: "true" },
  explain: (_exitCode, stderr) =>
    /az login|AADSTS/.test(stderr)
      ? new CliError(
          "AZ_NOT_LOGGED_IN",
          `The \`az\` command must be logged in. It is not.${/ AADSTS\d+/.exec(stderr)?.[0] ?? ""}`,
          "`az login`",
        )
      : undefined,
};

/** Whose token: that of a tenant, or of the account that sees a subscription. */
export type TokenOwner = { tenant?: string; subscription?: string };

/** An access token of a login that the Azure CLI has. @param errors what to say if there is none. */
export async function tokenOfAzureCli(
  io: Io,
  resource: string,
  { tenant, subscription }: TokenOwner = {},
  errors: Pick<ToolOptions, "explain" | "notFound"> = {},
): Promise<string> {
  const args = ["account", "get-access-token", "--resource", resource, "--output", "json"];
  // The Azure CLI takes one of them: a subscription has a tenant.
  if (subscription !== undefined) args.push("--subscription", subscription);
  else if (tenant !== undefined) args.push("--tenant", tenant);
  const json = await runTool(io, AZ, args, errors);
  return parseJson<{ accessToken: string }>(json, "az").accessToken;
}

/** A command of the extension azure-devops. @param args with those that `azDevOpsOf` gives. */
export function runAzDevOps(io: Io, args: readonly string[], env: Environment = {}): Promise<string> {
  return runTool(io, AZ, args, { env, explain: explainAzDevOps });
}

/** What such a command works on: named, and never read from the user's defaults or the folder's git remote. */
export function azDevOpsOf(organization: string, project?: string): string[] {
  const where = [
    `--organization=${organization}`,
    ...(project === undefined ? [] : [`--project=${project}`]),
  ];
  return [...where, "--detect=false", "--output=json"];
}

function explainAzDevOps(_exitCode: number | undefined, stderr: string): CliError | undefined {
  if (/requires the extension azure-devops|'(pipelines|devops)' is misspelled/.test(stderr))
    return new CliError(
      "AZ_DEVOPS_NOT_FOUND",
      "The `az` command must have the extension azure-devops. The extension is not installed.",
      "`az extension add --name azure-devops`",
    );
  if (/need to run the login command|az login|az devops login/.test(stderr))
    return new CliError(
      "AZ_NOT_LOGGED_IN",
      "The `az` command must be logged in to Azure DevOps. It is not.",
      "`az login` or `az devops login`; in a pipeline, set AZURE_DEVOPS_EXT_PAT to $(System.AccessToken).",
    );
  return undefined;
}
