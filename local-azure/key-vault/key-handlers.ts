import { createPublicKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import type { Call, JsonObject, Reply } from "../call";
import type { Cloud } from "../cloud";
import type { SecretVersion, VaultRecord } from "../store/records";
import { type DeletedSecret, VaultObjects } from "../store/vaults";
import { vaultOf } from "./caller";
import { content, readContent, tags } from "./content";
import { refuse } from "./errors";
import { ok, page, readBody, type VaultCall } from "./handlers";
import { ALGORITHMS, decrypt, encrypt } from "./key-operations";
import { viewProperties, viewRecovery } from "./views";

const OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"] as const;

const updateBody = z.object({
  attributes: content.attributes,
  tags,
  key_ops: z.array(z.enum(OPERATIONS)).nullish(),
});
const createBody = updateBody.extend({
  kty: z.literal("RSA"),
  key_size: z.literal([2048, 3072, 4096]).nullish(),
});
const operationBody = z.object({ alg: z.enum(ALGORITHMS), value: z.base64url().min(1) });

const keysOf = (cloud: Cloud, call: Call) =>
  new VaultObjects(cloud.world.store, vaultOf(cloud, call), call.now, "key");
const nameOf = (call: Call): string => call.params.key!;
const idOf = (call: Call, name: string, version: SecretVersion) =>
  `${call.base}/keys/${name}/${version.version}`;

/** A version of a key: the public half, and what it may be used for. */
function viewKey(cloud: Cloud, call: Call, name: string, version: SecretVersion): JsonObject {
  const { kty, n, e } = createPublicKey(version.value).export({ format: "jwk" });
  return {
    key: { kid: idOf(call, name, version), kty, key_ops: version.operations, n, e },
    ...viewAbout(vaultOf(cloud, call), version),
  };
}

function viewAbout(vault: VaultRecord, version: SecretVersion): JsonObject {
  const { attributes, ...more } = viewProperties(vault, version);
  return { attributes: { ...(attributes as JsonObject), exportable: false }, ...more };
}

export async function createKey(cloud: Cloud, call: VaultCall): Promise<Reply> {
  const { key_size: modulusLength, key_ops: operations, ...more } = readBody(call, createBody);
  const made = await promisify(generateKeyPair)("rsa", { modulusLength: modulusLength ?? 2048 });
  const pem = made.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const about = { ...readContent(more), operations: operations ?? OPERATIONS };
  const written = keysOf(cloud, call).set(nameOf(call), pem, about, cloud.ids.hex("secretVersion"));
  return ok(viewKey(cloud, call, written.name, written.versions.at(-1)!));
}

export function getKey(cloud: Cloud, call: VaultCall): Reply {
  const keys = keysOf(cloud, call);
  const { name } = keys.find(nameOf(call));
  return ok(viewKey(cloud, call, name, keys.findVersion(name, call.params.version)));
}

export function listKeys(cloud: Cloud, call: VaultCall): Reply {
  const vault = vaultOf(cloud, call);
  const keys = keysOf(cloud, call).all();
  return page(
    call,
    keys.map(({ name, versions }) => ({
      kid: `${call.base}/keys/${name}`,
      ...viewAbout(vault, versions.at(-1)!),
    })),
  );
}

export function listKeyVersions(cloud: Cloud, call: VaultCall): Reply {
  const vault = vaultOf(cloud, call);
  const { name, versions } = keysOf(cloud, call).find(nameOf(call));
  return page(
    call,
    versions.map((version) => ({ kid: idOf(call, name, version), ...viewAbout(vault, version) })),
  );
}

export function updateKey(cloud: Cloud, call: VaultCall): Reply {
  const keys = keysOf(cloud, call);
  const { name } = keys.find(nameOf(call));
  const { key_ops: operations, ...more } = readBody(call, updateBody);
  const changed = keys.update(name, call.params.version ?? "", { ...readContent(more), operations });
  return ok(viewKey(cloud, call, name, changed));
}

function viewDeletedKey(cloud: Cloud, call: Call, deleted: DeletedSecret): JsonObject {
  const { name, versions } = deleted.secret;
  return { ...viewRecovery(call.base, deleted, "keys"), ...viewKey(cloud, call, name, versions.at(-1)!) };
}

export function deleteKey(cloud: Cloud, call: VaultCall): Reply {
  return ok(viewDeletedKey(cloud, call, keysOf(cloud, call).remove(nameOf(call))));
}

export function getDeletedKey(cloud: Cloud, call: VaultCall): Reply {
  return ok(viewDeletedKey(cloud, call, keysOf(cloud, call).findDeleted(nameOf(call))));
}

export function recoverKey(cloud: Cloud, call: VaultCall): Reply {
  const { name, versions } = keysOf(cloud, call).recover(nameOf(call));
  return ok(viewKey(cloud, call, name, versions.at(-1)!));
}

export function purgeKey(cloud: Cloud, call: VaultCall): Reply {
  keysOf(cloud, call).purge(nameOf(call));
  return { status: 204 };
}

type Operation = "encrypt" | "decrypt" | "wrapKey" | "unwrapKey";

/** An expired key still decrypts and unwraps, so that nothing is lost; a disabled one does nothing. */
export const perform =
  (operation: Operation) =>
  (cloud: Cloud, call: VaultCall): Reply => {
    const keys = keysOf(cloud, call);
    const { name } = keys.find(nameOf(call));
    const version = keys.findVersion(name, call.params.version);
    const encrypts = operation === "encrypt" || operation === "wrapKey";
    const now = call.now.getTime() / 1000;
    if (!version.enabled) throw refuse("keyDisabled", { operation });
    if (encrypts && version.notBefore !== null && now < version.notBefore)
      throw refuse("keyNotYetValid", { operation });
    if (encrypts && version.expires !== null && now >= version.expires)
      throw refuse("keyExpired", { operation });
    if (!version.operations!.includes(operation)) throw refuse("keyOperation", { operation });
    const { alg, value } = readBody(call, operationBody);
    const result = (encrypts ? encrypt : decrypt)(version.value, alg, Buffer.from(value, "base64url"));
    return ok({ kid: idOf(call, name, version), value: result.toString("base64url") });
  };
