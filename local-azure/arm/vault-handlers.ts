import { z } from "zod";
import type { Call, Reply } from "../call";
import type { Cloud } from "../cloud";
import { content, readContent, secretValue, tags } from "../key-vault/content";
import { vaultUrl } from "../key-vault/vault-host";
import type { VaultRecord, VaultSecretRecord } from "../store/records";
import { idOfVault } from "../store/resources";
import { type SecretContent, VaultObjects } from "../store/vaults";
import type { ArmCaller } from "./caller";
import { refuse } from "./errors";
import { readable, readBody } from "./handlers";
import * as views from "./views";

type ArmCall = Call<ArmCaller>;

const READ_VAULTS = "Microsoft.KeyVault/vaults/read";
const SECRET_NAME = /^[0-9a-z-]{1,127}$/i;

function show(cloud: Cloud, call: Call, vault: VaultRecord) {
  return views.viewVault(vault, cloud.world.directory, vaultUrl(cloud, call.base, vault.name));
}

/** The vaults of a group or subscription that the caller may read. */
export function listVaults(cloud: Cloud, call: ArmCall): Reply {
  const { vaults: table } = cloud.world.store.tables;
  const found = readable(cloud, call, { table, idOf: idOfVault, action: READ_VAULTS });
  return { status: 200, body: { value: found.map((vault) => show(cloud, call, vault)) } };
}

export function listManagedHsms(): Reply {
  return { status: 200, body: { value: [] } };
}

function vaultOf(cloud: Cloud, { params }: Call): VaultRecord {
  const place = {
    subscriptionId: params.subscription!,
    resourceGroup: params.group!,
    name: params.vault!,
  };
  return cloud.world.store.tables.vaults.get(idOfVault(place))!;
}

export function getVault(cloud: Cloud, call: ArmCall): Reply {
  return { status: 200, body: show(cloud, call, vaultOf(cloud, call)) };
}

function secretsOf(cloud: Cloud, call: Call): VaultObjects {
  return new VaultObjects(cloud.world.store, vaultOf(cloud, call), call.now);
}

function showSecret(cloud: Cloud, call: Call, secret: VaultSecretRecord) {
  const vault = vaultOf(cloud, call);
  return views.viewSecret(vault, secret, vaultUrl(cloud, call.base, vault.name));
}

export function listSecrets(cloud: Cloud, call: ArmCall): Reply {
  const value = secretsOf(cloud, call)
    .all()
    .map((secret) => showSecret(cloud, call, secret));
  return { status: 200, body: { value } };
}

export function getSecret(cloud: Cloud, call: ArmCall): Reply {
  const secret = secretsOf(cloud, call).find(call.params.secret!);
  return { status: 200, body: showSecret(cloud, call, secret) };
}

const putBody = z.object({ tags, properties: z.object({ ...content, value: secretValue }) });
const patchBody = z.object({
  tags,
  properties: z.object({ ...content, value: secretValue.nullish() }).nullish(),
});

const contentOf = ({ properties, tags }: z.output<typeof patchBody>): SecretContent =>
  readContent({ ...properties, tags });

/** Each PUT creates a new version, even if nothing changed. */
export function putSecret(cloud: Cloud, call: ArmCall): Reply {
  const name = call.params.secret!;
  if (!SECRET_NAME.test(name)) throw refuse("secretNameInvalid", { name });
  const body = readBody(call, putBody);
  const version = cloud.ids.hex("secretVersion");
  const secret = secretsOf(cloud, call).set(name, body.properties.value, contentOf(body), version);
  return { status: secret.versions.length === 1 ? 201 : 200, body: showSecret(cloud, call, secret) };
}

export function patchSecret(cloud: Cloud, call: ArmCall): Reply {
  const name = call.params.secret!;
  const body = readBody(call, patchBody);
  const secrets = secretsOf(cloud, call);
  secrets.find(name);
  const value = body.properties?.value;
  if (value == null) secrets.update(name, "", contentOf(body));
  else secrets.set(name, value, contentOf(body), cloud.ids.hex("secretVersion"));
  return { status: 200, body: showSecret(cloud, call, secrets.find(name)) };
}
