import * as jose from "jose";
import type { Cloud } from "../cloud";
import type { Fault } from "../faults";
import type { RequestRecord } from "../request-log";
import type { ReplicationLag } from "../store/replication";
import type { TenantPolicy } from "../store/tenant-policy";
import { type CallerCredentials, type CallerOptions, createCaller } from "../world";
import { type DirectoryState, readState } from "./state";

/** Claims of an assertion: who presents it, and to whom. */
export interface AssertionClaims {
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

/** An OIDC issuer whose keys the local Azure trusts, such as a pretended GitHub. */
export interface DeclaredIssuer {
  readonly issuer: string;
  sign(claims: AssertionClaims, options?: SignOptions): Promise<string>;
}

/** Typed functions for tests: the same as the control API under `/_local/`. */
export interface LocalAzureControl {
  /** The directory's time. */
  now(): Date;
  setClock(instant: Date): void;
  advanceClock(by: { days?: number; seconds?: number }): void;
  /** In seconds of the directory's clock; a number sets all kinds, an object only those named. */
  setReplicationLag(seconds: ReplicationLag): void;
  setLatency(ms: number): void;
  addFault(fault: Fault): void;
  clearFaults(): void;
  requests(): RequestRecord[];
  clearRequests(): void;
  /** All records; those with `initial: false` were created by calls. */
  state(): DirectoryState;
  createCaller(options: CallerOptions): CallerCredentials;
  declareIssuer(issuer: string): Promise<DeclaredIssuer>;
  /** Parts left out stay as they are. */
  setPolicy(policy: Partial<TenantPolicy>): void;
  /** Back to the start: same IDs, no faults, no callers, no issuers, empty log. */
  reset(): void;
}

export function createControl(cloud: Cloud): LocalAzureControl {
  return {
    now: () => cloud.clock.now(),
    setClock: (instant) => cloud.clock.set(instant),
    advanceClock: (by) => cloud.clock.advance(by),
    setReplicationLag: (seconds) => cloud.replication.set(seconds),
    setLatency: (ms) => {
      cloud.latencyMs = ms;
    },
    addFault: (fault) => cloud.faults.add(fault),
    clearFaults: () => cloud.faults.clear(),
    requests: () => cloud.log.all(),
    clearRequests: () => cloud.log.clear(),
    state: () => readState(cloud),
    createCaller: (options) => createCaller(cloud.world, cloud.ids, cloud.clock.now(), options),
    declareIssuer: (issuer) => declareIssuer(cloud, issuer),
    setPolicy: (policy) => {
      cloud.policy = { ...cloud.policy, ...policy };
    },
    reset: () => cloud.reset(),
  };
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
