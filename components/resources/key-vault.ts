import { getSecret } from "@pulumi/azure-native/keyvault/getSecret";
import { Secret } from "@pulumi/azure-native/keyvault/secret";
import * as pulumi from "@pulumi/pulumi";
import type { KeyVaultInfo } from "../details";
import { LookUpError } from "../look-ups/ask";
import { readRecordedState } from "../look-ups/state";
import { command } from "../plan/commands";
import { instanceOfVaultSecret, vaultSecretTags } from "../plan/ownership";
import {
  nameVaultSecrets,
  vaultIdOf,
  type NamedSecret,
  type Variable,
  type VaultLocation,
} from "../plan/vaults";
import { valueIfKnown } from "../pulumi-internals";
import { checked } from "../report";
import type { Context } from "./context";
import { REPLACEABLE } from "./revocation-guard";
import type { Secrets } from "./secrets";

// Loaded only if a Key Vault is set.

/**
 * One secret in the vault for each variable. A renewal writes a new version: after Entra has the new client secret, whose
 * text it needs, and before the old one is removed, since Pulumi deletes last.
 */
export function writeToVault(
  context: Context,
  values: { readonly [Name in Variable]?: pulumi.Output<string> },
  current: Secrets["current"] | undefined,
) {
  const { args, component, name, plan, target } = context;
  const owner = { project: pulumi.getProject(), stack: pulumi.getStack(), component: name };
  const named = nameVaultSecrets(owner, plan.delivery!);
  const names = named.map(({ secretName }) => secretName);
  const declare = async (vault: VaultLocation | undefined) => {
    if (vault === undefined) return [];
    if (args.previewChecks !== false) await checked(refuseTaken(context, vault, names), component);
    const secrets: Secret[] = [];
    for (const one of named)
      secrets.push(
        createVaultSecret(context, vault, { ...one, value: values[one.variable]!, current }, secrets.at(-1)),
      );
    return secrets;
  };
  return {
    resources: target.vault.apply(declare) as unknown as pulumi.Output<readonly pulumi.CustomResource[]>,
    details: {
      keyVault: target.vault.apply(
        (vault) => vault && { vaultId: vaultIdOf(vault), secrets: names },
      ) as unknown as pulumi.Output<KeyVaultInfo>,
    },
  };
}

function createVaultSecret(
  { component, name, instanceId }: Context,
  { resourceGroupName, vaultName }: VaultLocation,
  delivered: NamedSecret & { value: pulumi.Output<string>; current: Secrets["current"] | undefined },
  previous: Secret | undefined,
): Secret {
  const { variable, secretName, value } = delivered;
  const current = variable === "HIML_SERVICE_PRINCIPAL_PASSWORD" ? delivered.current : undefined;
  const slot = current?.apply((secret) => secret.slot);
  const whose = { project: pulumi.getProject(), stack: pulumi.getStack(), variable };
  const tags = pulumi
    .all([instanceId, slot])
    .apply(([id, of]) => vaultSecretTags({ instanceId: id, ...whose, ...(of && { slot: of }) }));
  const attributes = {
    enabled: true,
    ...(current && { expires: current.apply(({ endDate }) => Date.parse(endDate) / 1000) }),
  };
  const contentType = current ? "Password of a service principal for hi-ml" : "Variable for hi-ml";
  return new Secret(
    // Another vault or name is another secret, written before the old one goes.
    `${name}-key-vault-${vaultName}-${secretName}`,
    { resourceGroupName, vaultName, secretName, properties: { value, contentType, attributes }, tags },
    {
      ...REPLACEABLE,
      parent: component,
      // A forced replacement finds the name taken until the old one is gone.
      deleteBeforeReplace: true,
      // Azure sometimes refuses two writes to one vault at the same time (409, https://github.com/Azure/bicep/issues/4364).
      dependsOn: previous ? [previous] : [],
    },
  );
}

/**
 * Refuses names that others use: azure-native would refuse them only at `up`. It cannot see deleted secrets: Azure Resource
 * Manager does not show them. A secret without a mark that the last deployment delivered is still this instance's: whoever
 * writes a version by hand leaves the tags out, and an `up` must mend that.
 *
 * @throws LookUpError if a secret belongs to another instance
 */
async function refuseTaken(
  { component, instanceId }: Context,
  vault: VaultLocation,
  secretNames: readonly string[],
): Promise<void> {
  const { resourceGroupName, vaultName } = vault;
  const own = (await valueIfKnown(instanceId))?.toLowerCase();
  const ask = (secretName: string) =>
    getSecret({ resourceGroupName, vaultName, secretName }, { parent: component }).catch(() => undefined);
  const [found, recorded] = await Promise.all([
    Promise.all(secretNames.map(ask)),
    readRecordedState(component, instanceId),
  ]);
  const last = recorded?.details.keyVault;
  const delivered = last?.vaultId.toLowerCase() === vaultIdOf(vault).toLowerCase() ? last.secrets : [];
  const taken = secretNames.flatMap((name, i) => {
    const secret = found[i];
    if (secret?.name === undefined) return [];
    const whose = instanceOfVaultSecret(secret.tags);
    const isOwn = whose === undefined ? delivered.includes(name) : whose === own;
    return isOwn ? [] : [{ name, whose }];
  });
  if (taken.length === 0) return;
  const others = [...new Set(taken.flatMap(({ whose }) => whose ?? []))];
  const isUnmarked = own !== undefined && others.length === 0;
  throw new LookUpError("KEY_VAULT_SECRET_TAKEN", "Key Vault", {
    what: "The names of the secrets",
    must: `be free in ${vaultIdOf(vault)}${others.length > 0 ? `; they belong to instance ${others.join(", ")}` : ""}`,
    received: taken.map(({ name }) => name),
    remedy:
      "Choose other names with secretPrefix of keyVault, or another vault." +
      (isUnmarked
        ? ` If it is this stack's, and somebody has written over it, mark it again: ${command`az keyvault secret set-attributes --vault-name ${vaultName} --name ${taken[0]!.name} --tags himl-instance=${own}`}.`
        : ""),
  });
}
