import { z } from "zod";
import type { Call, Reply } from "../call";
import type { Cloud } from "../cloud";
import { vaultUrl } from "../key-vault/vault-host";
import type { VaultRecord, VaultSecretRecord } from "../store/records";
import { idOfVault, isAtOrAbove } from "../store/resources";
import { type SecretContent, VaultSecrets } from "../store/vaults";
import { type ArmCaller, scopeOf } from "./caller";
import { refuse } from "./errors";
import { mayRead, readBody } from "./handlers";
import * as views from "./views";

type ArmCall = Call<ArmCaller>;

const READ_VAULTS = "Microsoft.KeyVault/vaults/read";
const SECRET_NAME = /^[0-9a-z-]{1,127}$/i;

function show(cloud: Cloud, call: Call, vault: VaultRecord) {
  return views.viewVault(vault, cloud.world.directory, vaultUrl(cloud, call.base, vault.name));
}

/** The vaults of a group or subscription that the caller may read. */
export function listVaults(cloud: Cloud, call: ArmCall): Reply {
  const found = cloud.world.store.tables.vaults
    .all()
    .filter((vault) => isAtOrAbove(scopeOf(call), idOfVault(vault)))
    .filter((vault) => mayRead(cloud, call, READ_VAULTS, idOfVault(vault)));
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

function secretsOf(cloud: Cloud, call: Call): VaultSecrets {
  return new VaultSecrets(cloud.world.store, vaultOf(cloud, call), call.now);
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

const seconds = z.int().nonnegative().nullish();
const content = {
  contentType: z.string().max(255).nullish(),
  attributes: z.object({ enabled: z.boolean().nullish(), nbf: seconds, exp: seconds }).nullish(),
};
const tags = z.record(z.string().max(256), z.string().max(256)).nullish();
const MAX_VALUE = 25_000;
const putBody = z.object({ tags, properties: z.object({ ...content, value: z.string().max(MAX_VALUE) }) });
const patchBody = z.object({
  tags,
  properties: z.object({ ...content, value: z.string().max(MAX_VALUE).nullish() }).nullish(),
});

function contentOf(body: z.output<typeof patchBody>): SecretContent {
  const { contentType, attributes } = body.properties ?? {};
  return {
    contentType,
    enabled: attributes?.enabled,
    notBefore: attributes?.nbf,
    expires: attributes?.exp,
    tags: body.tags,
  };
}

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
