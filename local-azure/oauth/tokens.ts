import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import * as jose from "jose";

const LIFETIME_SECONDS = 3599;
const KEY_ID = "local-azure-1";

/** What the services read in a token that they accept. */
export interface AccessTokenClaims {
  readonly appId: string;
  readonly objectId: string;
  readonly roles: readonly string[];
  readonly isPerson: boolean;
  /** Template IDs of a person's directory roles. */
  readonly directoryRoles: readonly string[];
  /** A person's sign-in name. */
  readonly personName: string | undefined;
}

/** Why a token was refused. */
export type TokenRefusal =
  | { readonly reason: "invalid" }
  | { readonly reason: "expired"; readonly expiredAt: Date }
  | { readonly reason: "audience"; readonly audience: string };

/** A token that was refused; the reason decides what each service answers. */
export class TokenRefusedError extends Error {
  override readonly name = "TokenRefusedError";

  constructor(readonly refusal: TokenRefusal) {
    super(`The access token was refused (${refusal.reason}).`);
  }
}

interface SigningKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwks: jose.JSONWebKeySet;
}

/** Signs and checks tokens. They live on the machine's time. */
export class TokenService {
  /** An RSA key takes up to half a second to find, so nobody waits for it before the first token. */
  private readonly keys: Promise<SigningKeys> = createKeys();

  async jwks(): Promise<jose.JSONWebKeySet> {
    return (await this.keys).jwks;
  }

  /** An access token in the v1 format. */
  async issue(
    tenantId: string,
    claims: jose.JWTPayload,
    audience: string,
  ): Promise<{ accessToken: string; expiresInSeconds: number }> {
    const issuer = `https://sts.windows.net/${tenantId}/`;
    const token = await this.sign({ ...claims, idp: issuer, tid: tenantId, ver: "1.0" }, issuer, audience);
    return { accessToken: token, expiresInSeconds: LIFETIME_SECONDS };
  }

  async sign(claims: jose.JWTPayload, issuer: string, audience: string): Promise<string> {
    const { privateKey } = await this.keys;
    const issuedAt = Math.floor(Date.now() / 1000);
    return new jose.SignJWT(claims)
      .setProtectedHeader({ typ: "JWT", alg: "RS256", kid: KEY_ID })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME_SECONDS)
      .sign(privateKey);
  }

  /** Checks signature, time, tenant and audience. */
  async verify(token: string, tenantId: string, audiences: readonly string[]): Promise<AccessTokenClaims> {
    const payload = await this.read(token, `https://sts.windows.net/${tenantId}/`);
    const { aud: audience, roles, wids } = payload;
    if (typeof audience !== "string" || !audiences.includes(audience))
      throw new TokenRefusedError({ reason: "audience", audience: String(audience) });
    return {
      appId: String(payload.appid),
      objectId: String(payload.oid),
      roles: Array.isArray(roles) ? roles.map(String) : [],
      isPerson: payload.idtyp === "user",
      directoryRoles: Array.isArray(wids) ? wids.map(String) : [],
      personName: typeof payload.upn === "string" ? payload.upn : undefined,
    };
  }

  private async read(token: string, issuer: string): Promise<jose.JWTPayload> {
    const { publicKey } = await this.keys;
    try {
      const { payload } = await jose.jwtVerify(token, publicKey, {
        algorithms: ["RS256"],
        issuer,
        requiredClaims: ["aud", "exp", "oid", "appid"],
      });
      return payload;
    } catch (error) {
      if (error instanceof jose.errors.JWTExpired)
        throw new TokenRefusedError({
          reason: "expired",
          expiredAt: new Date((error.payload.exp ?? 0) * 1000),
        });
      if (error instanceof jose.errors.JOSEError || error instanceof TypeError)
        throw new TokenRefusedError({ reason: "invalid" });
      throw error;
    }
  }
}

async function createKeys(): Promise<SigningKeys> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const jwk = await jose.exportJWK(publicKey);
  return { privateKey, publicKey, jwks: { keys: [{ ...jwk, kid: KEY_ID, use: "sig", alg: "RS256" }] } };
}
