import { z } from "zod";
import type { Call, JsonObject, Reply } from "../call";
import type { Cloud } from "../cloud";
import { VaultObjects } from "../store/vaults";
import { type VaultCaller, vaultOf } from "./caller";
import { content, readContent, secretValue, tags } from "./content";
import { refuse } from "./errors";
import * as views from "./views";

export type VaultCall = Call<VaultCaller>;

const MAX_PAGE = 25;

export const ok = (body: JsonObject): Reply => ({ status: 200, body });

function secretsOf(cloud: Cloud, call: Call): VaultObjects {
  return new VaultObjects(cloud.world.store, vaultOf(cloud, call), call.now);
}

const nameOf = (call: Call): string => call.params.secret!;

const updateBody = z.object({ ...content, tags });
const setBody = updateBody.extend({ value: secretValue });

export function readBody<Schema extends z.ZodType>(call: Call, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(call.body.json);
  if (result.success) return result.data;
  throw refuse("bodyInvalid", { property: result.error.issues[0]!.path.join(".") });
}

/** One page of a list. */
export function page(call: Call, items: readonly JsonObject[]): Reply {
  const size = Math.min(Number(call.query.get("maxresults") ?? MAX_PAGE) || MAX_PAGE, MAX_PAGE);
  const start = Number(call.query.get("$skiptoken") ?? 0) || 0;
  const end = start + size;
  const next = new URLSearchParams(call.query);
  next.set("$skiptoken", String(end));
  const nextLink = end < items.length ? `${call.base}${call.path}?${next.toString()}` : null;
  return ok({ value: items.slice(start, end), nextLink });
}

export function listSecrets(cloud: Cloud, call: VaultCall): Reply {
  const vault = vaultOf(cloud, call);
  return page(
    call,
    secretsOf(cloud, call)
      .all()
      .map((secret) => views.viewItem(call.base, vault, secret)),
  );
}

export function listVersions(cloud: Cloud, call: VaultCall): Reply {
  const vault = vaultOf(cloud, call);
  const { name, versions } = secretsOf(cloud, call).find(nameOf(call));
  return page(
    call,
    versions.map((version) => views.viewVersion(call.base, vault, name, version)),
  );
}

/** A value can be read before its start and after its expiry, but not while it is disabled. */
export function getSecret(cloud: Cloud, call: VaultCall): Reply {
  const secrets = secretsOf(cloud, call);
  const version = secrets.findVersion(nameOf(call), call.params.version);
  if (!version.enabled) throw refuse("secretDisabled");
  const { name } = secrets.find(nameOf(call));
  return ok(views.viewSecret(call.base, vaultOf(cloud, call), name, version));
}

export function setSecret(cloud: Cloud, call: VaultCall): Reply {
  const body = readBody(call, setBody);
  const version = cloud.ids.hex("secretVersion");
  const { name, versions } = secretsOf(cloud, call).set(nameOf(call), body.value, readContent(body), version);
  return ok(views.viewSecret(call.base, vaultOf(cloud, call), name, versions.at(-1)!));
}

export function updateSecret(cloud: Cloud, call: VaultCall): Reply {
  const secrets = secretsOf(cloud, call);
  const { name } = secrets.find(nameOf(call));
  const changed = secrets.update(name, call.params.version ?? "", readContent(readBody(call, updateBody)));
  return ok(views.viewVersion(call.base, vaultOf(cloud, call), name, changed));
}

export function deleteSecret(cloud: Cloud, call: VaultCall): Reply {
  const deleted = secretsOf(cloud, call).remove(nameOf(call));
  return ok(views.viewDeleted(call.base, vaultOf(cloud, call), deleted));
}

export function listDeletedSecrets(cloud: Cloud, call: VaultCall): Reply {
  const vault = vaultOf(cloud, call);
  return page(
    call,
    secretsOf(cloud, call)
      .allDeleted()
      .map((deleted) => views.viewDeletedItem(call.base, vault, deleted)),
  );
}

export function getDeletedSecret(cloud: Cloud, call: VaultCall): Reply {
  const deleted = secretsOf(cloud, call).findDeleted(nameOf(call));
  return ok(views.viewDeleted(call.base, vaultOf(cloud, call), deleted));
}

export function recoverSecret(cloud: Cloud, call: VaultCall): Reply {
  const { name, versions } = secretsOf(cloud, call).recover(nameOf(call));
  return ok(views.viewVersion(call.base, vaultOf(cloud, call), name, versions.at(-1)!));
}

export function purgeSecret(cloud: Cloud, call: VaultCall): Reply {
  secretsOf(cloud, call).purge(nameOf(call));
  return { status: 204 };
}
