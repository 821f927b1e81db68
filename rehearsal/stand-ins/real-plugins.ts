import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { getVersion as azureNativeVersion } from "@pulumi/azure-native/utilities";
import { getVersion as azureadVersion } from "@pulumi/azuread/utilities";
import { getVersion as randomVersion } from "@pulumi/random/utilities";
import { commandLine } from "../../components/plan/commands";
import { ProviderError } from "./provider-error";
import type { ProviderName } from "./provider-names";

const VERSIONS: Record<ProviderName, () => string> = {
  azuread: azureadVersion,
  "azure-native": azureNativeVersion,
  random: randomVersion,
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folders of the real plugins, for the engine's PATH: a rehearsal has a Pulumi home of its own, in which nothing is
 * installed. Fails for those that are not here.
 */
export async function findRealPlugins(names: readonly ProviderName[], env: Environment): Promise<string[]> {
  const folders = await Promise.all(names.map((name) => findPlugin(name, env)));
  const missing = names.filter((_, i) => folders[i] === undefined);
  if (missing.length > 0) {
    const commands = missing.map(
      (name) => commandLine`pulumi plugin install resource ${name} ${VERSIONS[name]()}`,
    );
    throw new ProviderError(
      "PLUGIN_NOT_INSTALLED",
      `--real-providers must name providers whose plugins are installed. Received ${missing.join(", ")}, found neither ` +
        `on PATH nor below ${pluginsFolder(env)}.\nInstall them: ${commands.join("; ")}`,
    );
  }
  return folders.filter((folder) => folder !== undefined);
}

async function findPlugin(name: ProviderName, env: Environment): Promise<string | undefined> {
  const executable = `pulumi-resource-${name}${process.platform === "win32" ? ".exe" : ""}`;
  const onPath = (env["PATH"] ?? env["Path"] ?? "").split(path.delimiter).filter(Boolean);
  for (const folder of [path.join(pluginsFolder(env), `resource-${name}-v${VERSIONS[name]()}`), ...onPath]) {
    const found = await stat(path.join(folder, executable)).catch(() => undefined);
    if (found?.isFile()) return folder;
  }
  return undefined;
}

function pluginsFolder(env: Environment): string {
  return path.join(env["PULUMI_HOME"] ?? path.join(homedir(), ".pulumi"), "plugins");
}
