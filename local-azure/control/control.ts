import * as jose from "jose";
import type { Cloud, Snapshot } from "../cloud";
import type { AddedFault, Fault } from "../faults";
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
export type LocalAzureControl = ReturnType<typeof createControl>;

export function createControl(cloud: Cloud) {
  const now = () => cloud.clock.now();
  return {
    /** The directory's time. */
    now,
    setClock: (instant: Date): void => cloud.clock.set(instant),
    advanceClock: (by: { days?: number; seconds?: number }): void => cloud.clock.advance(by),
    /** In seconds of the directory's clock; a number sets all kinds, an object only those named. */
    setReplicationLag: (seconds: ReplicationLag): void => cloud.world.store.setLag(seconds),
    /** "past": each read answers from some instant within the lag; "own" (the default): objects at once. */
    setReadMode: (mode: ReadMode): void => void (cloud.world.store.readMode = mode),
    setLatency: (ms: number): void => void (cloud.latencyMs = ms),
    addFault: (fault: Fault): AddedFault => cloud.faults.add(fault),
    /** Faults that have not hit all of their requests yet. */
    faults: (): (Fault & { left: number })[] => cloud.faults.all(),
    clearFaults: (): void => cloud.faults.clear(),
    requests: () => cloud.log.all(),
    clearRequests: (): void => cloud.log.clear(),
    /** All records; those with `initial: false` were created by calls. */
    state: (): DirectoryState => readState(cloud),
    createCaller: (options: world.CallerOptions) =>
      world.createCaller(cloud.world, cloud.ids, now(), options),
    createPerson: (options: world.PersonOptions): LocalPerson => {
      const person = world.createPerson(cloud.world, cloud.ids, now(), options);
      return { ...person, tokenFor: (resource) => issueFor(cloud, person.objectId, resource) };
    },
    createGroup: (options: Parameters<typeof world.createGroup>[3]) =>
      world.createGroup(cloud.world, cloud.ids, now(), options),
    /** Makes a person or a principal a member of a role of the directory. */
    giveDirectoryRole: (objectId: string, role: DirectoryRole): void =>
      world.giveDirectoryRole(cloud.world, now(), objectId.toLowerCase(), role),
    /** As if a person, or an administrator for all, had consented to permissions of an application. */
    lendPermissions: (grant: Omit<ScopeGrantRecord, "id">): { id: string } => {
      const id = cloud.ids.guid("scopeGrant");
      cloud.world.store.tables.scopeGrants.put(id, { ...grant, id }, now());
      return { id };
    },
    createSubscription: (options: { displayName: string; subscriptionId?: string }) =>
      world.createSubscription(cloud.world, cloud.ids, now(), options),
    /** Makes the resource group too where it is missing, and a key vault. */
    createWorkspace: (options: world.WorkspaceOptions): void =>
      world.createWorkspace(cloud.world, cloud.ids, now(), options),
    /** Makes the resource group too where it is missing. Left out: in the first resource group. */
    createKeyVault: (options: NewKeyVault) => {
      const { store, place } = cloud.world;
      const { subscriptionId, resourceGroup } = place;
      return createKeyVault(store, now(), { subscriptionId, resourceGroup, ...options });
    },
    /** For vaults that go by access policies; no permission takes the policy away. */
    setAccessPolicy: (vaultName: string, policy: AccessPolicy): void =>
      setAccessPolicy(cloud.world.store, now(), vaultName, policy),
    declareIssuer: (issuer: string): Promise<DeclaredIssuer> => declareIssuer(cloud, issuer),
    /** Parts left out stay as they are. */
    setPolicy: (policy: Partial<TenantPolicy>): void => void (cloud.policy = { ...cloud.policy, ...policy }),
    /** All of the cloud as it is now; it can be restored as often as wanted. */
    snapshot: (): Snapshot => cloud.snapshot(),
    /** Back to a snapshot, with an empty log and no faults. What is created afterwards has IDs that were never there. */
    restore: (snapshot: Snapshot): void => cloud.restore(snapshot),
    /** Back to the start: same IDs, no faults, no callers, no issuers, empty log. */
    reset: (): void => cloud.reset(),
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
