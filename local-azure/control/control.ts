import * as jose from "jose";
import type { Cloud, Snapshot } from "../cloud";
import type { AddedFault, Fault } from "../faults";
import type { RequestRecord } from "../request-log";
import { personClaims } from "../oauth/handlers";
import { AZURE_CLI_APP_ID, type DirectoryRole } from "../store/microsoft-graph";
import type { AccessPolicy, ScopeGrantRecord } from "../store/records";
import type { ReadMode, ReplicationLag } from "../store/store";
import type { TenantPolicy } from "../store/tenant-policy";
import * as world from "../world";
import { createKeyVault, type KeyVaultOptions, setAccessPolicy } from "../world-resources";
import { type DirectoryState, readState } from "./state";

/** Claims of an assertion: who presents it, and to whom. */
interface AssertionClaims {
  readonly sub: string;
  readonly aud: string;
  readonly [claim: string]: unknown;
}

/** How an assertion differs from a good one. */
export interface SignOptions {
  /** Seconds from now; negative: already expired. Default 300. */
  readonly expiresInSeconds?: number;
  /** Seconds from now. Default 0. */
  readonly notBeforeInSeconds?: number;
  /** Another `iss` than the issuer's own. */
  readonly issuer?: string;
}

/** An OIDC issuer whose keys the local Azure trusts, such as a simulated GitHub. */
export interface DeclaredIssuer {
  readonly issuer: string;
  sign(claims: AssertionClaims, options?: SignOptions): Promise<string>;
}

/** A person who can log in, or whose token is at hand as `az account get-access-token --resource` gives it. */
export interface LocalPerson extends world.PersonCredentials {
  tokenFor(resource: string): Promise<string>;
}

/** A key vault that is not there yet. */
type NewKeyVault = Pick<KeyVaultOptions, "name"> & Partial<KeyVaultOptions>;

/** Typed functions for tests: the same as the control API under `/_local/`. */
export interface LocalAzureControl {
  /** The directory's time. */
  now(): Date;
  setClock(instant: Date): void;
  advanceClock(by: { days?: number; seconds?: number }): void;
  /** In seconds of the directory's clock; a number sets all kinds, an object only those named. */
  setReplicationLag(seconds: ReplicationLag): void;
  /** "past": each read answers from some instant within the lag; "own" (the default): objects at once. */
  setReadMode(mode: ReadMode): void;
  setLatency(ms: number): void;
  addFault(fault: Fault): AddedFault;
  /** Faults that have not hit all of their requests yet. */
  faults(): (Fault & { left: number })[];
  clearFaults(): void;
  requests(): RequestRecord[];
  clearRequests(): void;
  /** All records; those with `initial: false` were created by calls. */
  state(): DirectoryState;
  createCaller(options: world.CallerOptions): world.CallerCredentials;
  createPerson(options: world.PersonOptions): LocalPerson;
  createGroup(options: Parameters<typeof world.createGroup>[3]): { objectId: string };
  /** Makes a person or a principal a member of a role of the directory. */
  giveDirectoryRole(objectId: string, role: DirectoryRole): void;
  /** As if a person, or an administrator for all, had consented to permissions of an application. */
  lendPermissions(grant: Omit<ScopeGrantRecord, "id">): { id: string };
  createSubscription(options: { displayName: string; subscriptionId?: string }): { subscriptionId: string };
  /** Makes the resource group too where it is missing, and a key vault. */
  createWorkspace(options: world.WorkspaceOptions): void;
  /** Makes the resource group too where it is missing. Left out: in the first resource group. */
  createKeyVault(options: NewKeyVault): { id: string; name: string };
  /** For vaults that go by access policies; no permission takes the policy away. */
  setAccessPolicy(vaultName: string, policy: AccessPolicy): void;
  declareIssuer(issuer: string): Promise<DeclaredIssuer>;
  /** Parts left out stay as they are. */
  setPolicy(policy: Partial<TenantPolicy>): void;
  /** All of the cloud as it is now; it can be restored as often as wanted. */
  snapshot(): Snapshot;
  /** Back to a snapshot, with an empty log and no faults. What is created afterwards has IDs that were never there. */
  restore(snapshot: Snapshot): void;
  /** Back to the start: same IDs, no faults, no callers, no issuers, empty log. */
  reset(): void;
}

export function createControl(cloud: Cloud): LocalAzureControl {
  return {
    now: () => cloud.clock.now(),
    setClock: (instant) => cloud.clock.set(instant),
    advanceClock: (by) => cloud.clock.advance(by),
    setReplicationLag: (seconds) => cloud.world.store.setLag(seconds),
    setReadMode: (mode) => {
      cloud.world.store.readMode = mode;
    },
    setLatency: (ms) => {
      cloud.latencyMs = ms;
    },
    addFault: (fault) => cloud.faults.add(fault),
    faults: () => cloud.faults.all(),
    clearFaults: () => cloud.faults.clear(),
    requests: () => cloud.log.all(),
    clearRequests: () => cloud.log.clear(),
    state: () => readState(cloud),
    createCaller: (options) => world.createCaller(cloud.world, cloud.ids, cloud.clock.now(), options),
    createPerson: (options) => {
      const person = world.createPerson(cloud.world, cloud.ids, cloud.clock.now(), options);
      return { ...person, tokenFor: (resource) => issueFor(cloud, person.objectId, resource) };
    },
    createGroup: (options) => world.createGroup(cloud.world, cloud.ids, cloud.clock.now(), options),
    giveDirectoryRole: (objectId, role) =>
      world.giveDirectoryRole(cloud.world, cloud.clock.now(), objectId.toLowerCase(), role),
    lendPermissions: (grant) => {
      const id = cloud.ids.guid("scopeGrant");
      cloud.world.store.tables.scopeGrants.put(id, { ...grant, id }, cloud.clock.now());
      return { id };
    },
    createSubscription: (options) =>
      world.createSubscription(cloud.world, cloud.ids, cloud.clock.now(), options),
    createWorkspace: (options) => world.createWorkspace(cloud.world, cloud.ids, cloud.clock.now(), options),
    createKeyVault: (options) => {
      const { store, place } = cloud.world;
      const { subscriptionId, resourceGroup } = place;
      return createKeyVault(store, cloud.clock.now(), { subscriptionId, resourceGroup, ...options });
    },
    setAccessPolicy: (vaultName, policy) =>
      setAccessPolicy(cloud.world.store, cloud.clock.now(), vaultName, policy),
    declareIssuer: (issuer) => declareIssuer(cloud, issuer),
    setPolicy: (policy) => {
      cloud.policy = { ...cloud.policy, ...policy };
    },
    snapshot: () => cloud.snapshot(),
    restore: (snapshot) => cloud.restore(snapshot),
    reset: () => cloud.reset(),
  };
}

async function issueFor(cloud: Cloud, objectId: string, resource: string): Promise<string> {
  const user = cloud.world.store.tables.users.get(objectId)!;
  const claims = personClaims(cloud, user, AZURE_CLI_APP_ID, resource, cloud.clock.now());
  return (await cloud.tokens.issue(cloud.world.directory.tenantId, claims, resource)).accessToken;
}

async function declareIssuer(cloud: Cloud, issuer: string): Promise<DeclaredIssuer> {
  const { privateKey, publicKey } = await jose.generateKeyPair("RS256");
  const kid = cloud.ids.guid("issuerKey");
  const jwk = await jose.exportJWK(publicKey);
  cloud.issuers.set(issuer, { keys: [{ ...jwk, kid, alg: "RS256", use: "sig" }] });
  return {
    issuer,
    sign: (claims, options = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return new jose.SignJWT({ ...claims })
        .setProtectedHeader({ typ: "JWT", alg: "RS256", kid })
        .setIssuer(options.issuer ?? issuer)
        .setIssuedAt(now)
        .setNotBefore(now + (options.notBeforeInSeconds ?? 0))
        .setExpirationTime(now + (options.expiresInSeconds ?? 300))
        .sign(privateKey);
    },
  };
}
