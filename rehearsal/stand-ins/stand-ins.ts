import { azureNative } from "./azure-native/provider";
import { azuread } from "./azuread/provider";
import { PROVIDER_NAMES, type ProviderName } from "./provider-names";
import { random } from "./random/provider";
import { type ServedProvider, serveProvider } from "./resource-provider-server";

/** Stand-ins that run in this process. */
export interface StandIns {
  /** What makes an engine use them, and no plugin, for these providers. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts the stand-ins of all providers but those named. `environment` is that of the caller: who is logged in, and where. */
export async function startStandIns(
  environment: Readonly<Record<string, string>>,
  except: readonly ProviderName[] = [],
): Promise<StandIns> {
  const serve: Record<ProviderName, () => Promise<ServedProvider>> = {
    azuread: () => serveProvider(azuread, environment),
    "azure-native": () => serveProvider(azureNative, environment),
    random: () => serveProvider(random, environment),
  };
  const served = await Promise.all(
    PROVIDER_NAMES.filter((name) => !except.includes(name)).map((name) => serve[name]()),
  );
  return {
    environment: { PULUMI_DEBUG_PROVIDERS: served.map(({ name, port }) => `${name}:${port}`).join(",") },
    close: async () => {
      await Promise.all(served.map((provider) => provider.close()));
    },
  };
}
