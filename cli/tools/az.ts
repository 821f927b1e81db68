import { CliError } from "../errors";
import type { Io } from "../io";
import { parseJson } from "./process";
import { runTool, type Tool } from "./tool";
import { environmentFor } from "./environments";

export const AZ_NOT_FOUND = new CliError(
  "AZ_NOT_FOUND",
  "The `az` command must be installed and on PATH.",
  "Install it: https://learn.microsoft.com/cli/azure/install-azure-cli",
);

/** An access token of the login that the Azure CLI has. @param errors what to say if there is no token. */
export async function tokenOfAzureCli(
  io: Io,
  errors: Omit<Tool, "program">,
  resource: string,
  tenant?: string,
): Promise<string> {
  const args = ["account", "get-access-token", "--resource", resource, "--output", "json"];
  const json = await runTool(
    { program: "az", ...errors },
    tenant === undefined ? args : [...args, "--tenant", tenant],
    { env: environmentFor("az", io.env), signal: io.signal },
  );
  return parseJson<{ accessToken: string }>(json, "az").accessToken;
}
