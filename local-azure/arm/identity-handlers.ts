import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Call, JsonObject, Reply } from "../call";
import type { Cloud } from "../cloud";
import * as credentials from "../store/credentials";
import type { FederatedCredentialRecord, IdentityRecord } from "../store/records";
import { idOfIdentity, resourceGroupId } from "../store/resources";
import type { ArmCaller } from "./caller";
import { refuse } from "./errors";
import { readable, readBody } from "./handlers";

type ArmCall = Call<ArmCaller>;

const TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities";
const IDENTITY_NAME = /^[a-z0-9][\w-]{2,127}$/i;
const CREDENTIAL_NAME = /^[a-z0-9][\w-]{2,119}$/i;
/** Entra takes a moment for each write, and denies another one to the same identity meanwhile. */
const WRITE_MS = 100;

const tags = z.record(z.string().max(512), z.string().max(256)).nullish();
const putBody = z.object({ location: z.string().nullish(), tags });
const credentialBody = z.object({
  properties: z
    .object({
      issuer: z.string().nullish(),
      subject: z.string().nullish(),
      audiences: z.array(z.string()).nullish(),
    })
    .nullish(),
});

function view(cloud: Cloud, identity: IdentityRecord): JsonObject {
  const { name, location, tags, principalId, clientId } = identity;
  const { tenantId } = cloud.world.directory;
  return {
    id: idOfIdentity(identity),
    name,
    type: TYPE,
    location,
    tags,
    properties: { tenantId, principalId, clientId },
  };
}

function viewCredential(identity: IdentityRecord, credential: FederatedCredentialRecord): JsonObject {
  const { name, issuer, subject, audiences } = credential;
  return {
    id: `${idOfIdentity(identity)}/federatedIdentityCredentials/${name}`,
    name,
    type: `${TYPE}/federatedIdentityCredentials`,
    properties: { issuer, subject, audiences },
  };
}

const ok = (body: JsonObject): Reply => ({ status: 200, body });
const created = (body: JsonObject): Reply => ({
  status: 201,
  body,
  headers: { Location: String(body.id) },
});

function find(cloud: Cloud, { params }: Call): IdentityRecord | undefined {
  const { subscription, group, identity } = params;
  const place = { subscriptionId: subscription!, resourceGroup: group!, name: identity! };
  return cloud.world.store.tables.identities.get(idOfIdentity(place));
}

/** Those of a group or of a subscription that the caller may read. */
export function listIdentities(cloud: Cloud, call: ArmCall): Reply {
  const { identities: table } = cloud.world.store.tables;
  const found = readable(cloud, call, { table, idOf: idOfIdentity, action: `${TYPE}/read` });
  return ok({ value: found.map((one) => view(cloud, one)) });
}

export function getIdentity(cloud: Cloud, call: ArmCall): Reply {
  return ok(view(cloud, find(cloud, call)!));
}

/** Creates an identity, or changes the tags of one that is there. */
export function putIdentity(cloud: Cloud, call: ArmCall): Reply {
  const { subscription, group, identity: name } = call.params;
  if (!IDENTITY_NAME.test(name!)) throw refuse("identityNameInvalid", { name: name! });
  const { location, tags } = readBody(call, putBody);
  if (location == null) throw refuse("locationRequired");
  const present = find(cloud, call);
  if (present !== undefined && location.toLowerCase() !== present.location)
    throw refuse("locationTaken", { name: name!, present: present.location, group: group!, location });
  if (present !== undefined) return change(cloud, call, present, tags);
  const { resourceGroups } = cloud.world.store.tables;
  const resourceGroup = resourceGroups.get(resourceGroupId(subscription!, group!))!.name;
  const place = { subscriptionId: subscription!.toLowerCase(), resourceGroup, name: name! };
  const resourceId = idOfIdentity(place);
  const principal = cloud.world.directory.createManagedPrincipal(name!, resourceId, call.now);
  const ids = { principalId: principal.id, clientId: principal.appId };
  const identity = { ...place, location: location.toLowerCase(), tags: tags ?? {}, ...ids };
  cloud.world.store.tables.identities.put(resourceId, identity, call.now);
  return created(view(cloud, identity));
}

export function patchIdentity(cloud: Cloud, call: ArmCall): Reply {
  return change(cloud, call, find(cloud, call)!, readBody(call, putBody).tags);
}

type Tags = z.output<typeof putBody>["tags"];

function change(cloud: Cloud, call: ArmCall, former: IdentityRecord, tags: Tags): Reply {
  const changed = { ...former, tags: tags ?? former.tags };
  cloud.world.store.tables.identities.put(idOfIdentity(changed), changed, call.now);
  return ok(view(cloud, changed));
}

/** Takes its principal and its trusts along at once; role assignments stay, as those of nobody. Already gone: 204. */
export function deleteIdentity(cloud: Cloud, call: ArmCall): Reply {
  const identity = find(cloud, call);
  if (identity === undefined) return { status: 204 };
  cloud.world.directory.destroyPrincipal(identity.principalId, call.now);
  cloud.world.store.tables.identities.delete(idOfIdentity(identity), call.now);
  return { status: 200 };
}

export function listCredentials(cloud: Cloud, call: ArmCall): Reply {
  const identity = find(cloud, call)!;
  const view = cloud.world.store.readable(call.now);
  const found = credentials.federatedCredentialsOf(view, identity.principalId);
  return ok({ value: found.map((one) => viewCredential(identity, one)) });
}

function findCredential(cloud: Cloud, call: ArmCall, { principalId }: IdentityRecord) {
  const wanted = call.params.credential!.toLowerCase();
  const all = credentials.federatedCredentialsOf(cloud.world.store.tables, principalId);
  return all.find(({ name }) => name.toLowerCase() === wanted);
}

export function getCredential(cloud: Cloud, call: ArmCall): Reply {
  const identity = find(cloud, call)!;
  const credential = findCredential(cloud, call, identity);
  if (credential === undefined) throw refuse("credentialNotFound", { name: call.params.credential! });
  return ok(viewCredential(identity, credential));
}

/** Creates a credential, or changes the one of that name. */
export function putCredential(cloud: Cloud, call: ArmCall): Promise<Reply> {
  const name = call.params.credential!;
  if (!CREDENTIAL_NAME.test(name)) throw refuse("credentialNameInvalid", { name });
  const { issuer, subject, audiences } = readBody(call, credentialBody).properties ?? {};
  if (!issuer || !subject || audiences == null) throw refuse("credentialIncomplete");
  if (audiences.length !== 1) throw refuse("credentialAudiences");
  return alone(cloud, call, (identity) => {
    const present = findCredential(cloud, call, identity);
    const sent = { issuer, subject, audiences, claimsMatchingExpression: null, description: null };
    const { store } = cloud.world;
    if (present === undefined) {
      const request = { ...sent, name };
      const { principalId } = identity;
      const added = credentials.addFederatedCredential(store, principalId, request, cloud.ids, call.now);
      return created(viewCredential(identity, added));
    }
    credentials.updateFederatedCredential(store, present, sent, call.now);
    return ok(viewCredential(identity, { ...present, ...sent }));
  });
}

/** Already gone: 204. */
export function deleteCredential(cloud: Cloud, call: ArmCall): Promise<Reply> {
  return alone(cloud, call, (identity) => {
    const credential = findCredential(cloud, call, identity);
    if (credential === undefined) return { status: 204 };
    cloud.world.store.tables.federatedCredentials.delete(credential.id, call.now);
    return { status: 200 };
  });
}

/** Identities to which a write of credentials is under way. */
const written = new WeakMap<Cloud, Set<string>>();

async function alone(
  cloud: Cloud,
  call: ArmCall,
  write: (identity: IdentityRecord) => Reply,
): Promise<Reply> {
  const { principalId, ...place } = find(cloud, call)!;
  const busy = written.get(cloud) ?? new Set();
  written.set(cloud, busy);
  if (busy.has(principalId)) throw refuse("credentialsConcurrent", { id: idOfIdentity(place).toLowerCase() });
  busy.add(principalId);
  try {
    await delay(WRITE_MS);
    return write(find(cloud, call)!);
  } finally {
    busy.delete(principalId);
  }
}
