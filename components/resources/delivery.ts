import * as pulumi from "@pulumi/pulumi";
import type { Context } from "./children";
import type * as keyVault from "./key-vault";
import type { KeyVaultInfo } from "../details";
import type { PlannedSecret } from "../plan/secret-schedule";
import { vaultIdOf, type NamedSecret, type Variable, type VaultLocation } from "../plan/vaults";
import { ifFulfilled, toResourceError } from "../look-ups/world";

// Loaded only if a Key Vault is set. `require`, since TypeScript does not translate `import()` to CommonJS, and Node
// then needs file names with extensions.
// oxlint-disable-next-line typescript/no-require-imports
const loadKeyVault = () => require("./key-vault") as typeof keyVault;

/** What goes into the vault. */
export interface VaultContent {
  values: Record<Variable, pulumi.Output<string> | undefined>;
  /** The client secret that the stack outputs. */
  current: pulumi.Output<PlannedSecret> | undefined;
}

/** The secrets in the vault, and what `details` says about them. */
export interface DeliveredSecrets {
  resources: pulumi.Output<readonly pulumi.CustomResource[]>;
  info: pulumi.Output<KeyVaultInfo>;
}

/** Writes the variables into the vault. */
export function deliver(
  context: Context,
  named: readonly NamedSecret[],
  content: VaultContent,
): DeliveredSecrets {
  const { world, component } = context;
  const secretNames = named.map(({ secretName }) => secretName);
  const delivered = named.map(({ variable, secretName }) => ({
    variable,
    secretName,
    value: content.values[variable]!,
    ...(variable === "HIML_SERVICE_PRINCIPAL_PASSWORD" && { planned: content.current! }),
  }));
  const { checkVaultSecrets, createVaultSecrets } = loadKeyVault();
  const declare = async (vault: VaultLocation | undefined) => {
    if (vault === undefined) return [];
    if (context.args.workspaceLookup !== false) {
      const isSecret = await pulumi.isSecret(world.vault);
      const checked = checkVaultSecrets(context, vault, secretNames, isSecret);
      // As with `verified`: only this may fail, and nothing is computed from it (docs/decisions/0003).
      void checked.catch((error: unknown) => {
        throw toResourceError(error, component) as Error;
      });
      await ifFulfilled(checked);
    }
    return createVaultSecrets(context, vault, delivered);
  };
  return {
    resources: world.vault.apply(declare),
    info: world.vault.apply(
      (vault) => vault && { vaultId: vaultIdOf(vault), secrets: secretNames },
    ) as unknown as DeliveredSecrets["info"],
  };
}
