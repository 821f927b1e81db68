import { getSecret } from "@pulumi/azure-native/keyvault/getSecret";
import { Secret } from "@pulumi/azure-native/keyvault/secret";
import * as pulumi from "@pulumi/pulumi";
import { transformed, type Context } from "./children";
import { command } from "../plan/commands";
import { readLastDetails } from "../look-ups/last-outputs";
import { REPLACEABLE } from "./revocation-guard";
import { LookUpError } from "../look-ups/look-ups";
import { instanceOfVaultSecret, vaultSecretTags } from "../plan/ownership";
import type { PlannedSecret } from "../plan/secret-schedule";
import { vaultIdOf, type Variable, type VaultLocation } from "../plan/vaults";
import { valueIfKnown } from "../look-ups/world";

// Loaded only if a Key Vault is set.

/** A variable, its value, and the name of the secret that will hold it. */
export interface Delivered {
  variable: Variable;
  secretName: string;
  value: pulumi.Output<string>;
  /** For the password: its slot, and when it expires. */
  planned?: pulumi.Output<PlannedSecret>;
}

/**
 * One secret in the vault for each variable. A renewal writes a new version: after Entra has the new client secret, whose
 * text it needs, and before the old one is removed, since Pulumi deletes last.
 */
export function createVaultSecrets(
  context: Context,
  vault: VaultLocation,
  delivered: readonly Delivered[],
): Secret[] {
  const { component, name, args, instanceId } = context;
  const { resourceGroupName, vaultName } = vault;
  const secrets: Secret[] = [];
  for (const { variable, secretName, value, planned } of delivered) {
    const previous = secrets.at(-1);
    const slot = planned?.apply((secret) => secret.slot);
    const tags = pulumi.all([instanceId, slot]).apply(([id, of]) =>
      vaultSecretTags({
        instanceId: id,
        project: pulumi.getProject(),
        stack: pulumi.getStack(),
        variable,
        ...(of && { slot: of }),
      }),
    );
    const attributes = {
      enabled: true,
      ...(planned && { expires: planned.apply(({ endDate }) => Date.parse(endDate) / 1000) }),
    };
    const contentType = planned ? "Password of a service principal for hi-ml" : "Variable for hi-ml";
    const [childName, changed, opts] = transformed(
      context,
      args.transform?.keyVaultSecret,
      `${name}-key-vault-${variable}`,
      { resourceGroupName, vaultName, secretName, properties: { value, contentType, attributes }, tags },
      {
        ...REPLACEABLE,
        parent: component,
        // By default azure-native deletes first if the program sets the name: jobs would find no secret for a while.
        deleteBeforeReplace: false,
        // Azure sometimes refuses two writes to one vault at the same time (409, https://github.com/Azure/bicep/issues/4364).
        dependsOn: previous ? [previous] : [],
      },
    );
    secrets.push(new Secret(childName, changed, opts));
  }
  return secrets;
}

/**
 * Checks that the names are free, or belong to this instance: azure-native would refuse others only at `up`. It cannot
 * see deleted secrets: Azure Resource Manager does not show them. A secret without a mark that the last deployment
 * delivered is still this instance's: whoever writes a version by hand leaves the tags out, and an `up` must mend that.
 *
 * @throws LookUpError if a secret belongs to another instance
 */
export async function checkVaultSecrets(
  { component, instanceId }: Context,
  vault: VaultLocation,
  secretNames: readonly string[],
  isVaultSecret: boolean,
): Promise<void> {
  const { resourceGroupName, vaultName } = vault;
  const own = (await valueIfKnown(instanceId))?.toLowerCase();
  const ask = (secretName: string) =>
    getSecret({ resourceGroupName, vaultName, secretName }, { parent: component }).catch(() => undefined);
  const [found, last] = await Promise.all([
    Promise.all(secretNames.map(ask)),
    own === undefined ? [] : readLastDetails(component),
  ]);
  const delivered = last.flatMap(({ instanceId: id, keyVault }) =>
    id.toLowerCase() === own && keyVault?.vaultId.toLowerCase() === vaultIdOf(vault).toLowerCase()
      ? keyVault.secrets
      : [],
  );
  const taken = secretNames.flatMap((name, i) => {
    const secret = found[i];
    if (secret?.name === undefined) return [];
    const whose = instanceOfVaultSecret(secret.tags);
    const isOwn = whose === undefined ? delivered.includes(name) : whose === own;
    return isOwn ? [] : [{ name, whose }];
  });
  if (taken.length === 0) return;
  const others = [...new Set(taken.flatMap(({ whose }) => whose ?? []))];
  throw new LookUpError("KEY_VAULT_SECRET_TAKEN", "Key Vault", {
    what: "The names of the secrets",
    must: `be free in ${isVaultSecret ? "the vault" : vaultIdOf(vault)}${others.length > 0 ? `; they belong to instance ${others.join(", ")}` : ""}`,
    received: taken.map(({ name }) => name),
    remedy:
      "Choose other names with `pulumi config set keyVaultSecretPrefix NAME`, or another vault." +
      (own !== undefined && others.length === 0
        ? ` If it is this stack's, and somebody has written over it, mark it again: ${command`az keyvault secret set-attributes --vault-name ${isVaultSecret ? "VAULT" : vaultName} --name ${taken[0]!.name} --tags himl-instance=${own}`}.`
        : ""),
  });
}
