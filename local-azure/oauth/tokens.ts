import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import * as jose from "jose";

const LIFETIME_SECONDS = 3599;
const KEY_ID = "local-azure-1";

/** What an access token says about its holder. */
export interface TokenHolder {
  readonly tenantId: string;
  readonly appId: string;
  readonly objectId: string;
  readonly roles: readonly string[];
  readonly credential: "secret" | "assertion";
}

/** What the services read in a token that they accept. */
export interface AccessTokenClaims {
  readonly appId: string;
  readonly objectId: string;
  readonly roles: readonly string[];
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

/** Signs and checks access tokens. They live on the machine's time. */
export class TokenService {
  /** An RSA key takes up to half a second to find, so nobody waits for it before the first token. */
  private readonly keys: Promise<SigningKeys> = createKeys();

  async jwks(): Promise<jose.JSONWebKeySet> {
    return (await this.keys).jwks;
  }

  /** The answer's `access_token` and `expires_in`. The claims are those of a v1-format token. */
  async issue(
    holder: TokenHolder,
    audience: string,
  ): Promise<{ accessToken: string; expiresInSeconds: number }> {
    const { privateKey } = await this.keys;
    const issuedAt = Math.floor(Date.now() / 1000);
    const accessToken = await new jose.SignJWT({
      appid: holder.appId,
      appidacr: holder.credential === "secret" ? "1" : "2",
      idp: `https://sts.windows.net/${holder.tenantId}/`,
      idtyp: "app",
      oid: holder.objectId,
      roles: holder.roles,
      sub: holder.objectId,
      tid: holder.tenantId,
      ver: "1.0",
    })
      .setProtectedHeader({ typ: "JWT", alg: "RS256", kid: KEY_ID })
      .setIssuer(`https://sts.windows.net/${holder.tenantId}/`)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME_SECONDS)
      .sign(privateKey);
    return { accessToken, expiresInSeconds: LIFETIME_SECONDS };
  }

  /** Checks signature, time, tenant and audience. */
  async verify(token: string, tenantId: string, audiences: readonly string[]): Promise<AccessTokenClaims> {
    const { publicKey } = await this.keys;
    let payload: jose.JWTPayload;
    try {
      ({ payload } = await jose.jwtVerify(token, publicKey, {
        algorithms: ["RS256"],
        issuer: `https://sts.windows.net/${tenantId}/`,
        requiredClaims: ["aud", "exp", "oid", "appid"],
      }));
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
    const { aud: audience } = payload;
    if (typeof audience !== "string" || !audiences.includes(audience))
      throw new TokenRefusedError({ reason: "audience", audience: String(audience) });
    return {
      appId: String(payload.appid),
      objectId: String(payload.oid),
      roles: Array.isArray(payload.roles) ? payload.roles.map(String) : [],
    };
  }
}

async function createKeys(): Promise<SigningKeys> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const jwk = await jose.exportJWK(publicKey);
  return { privateKey, publicKey, jwks: { keys: [{ ...jwk, kid: KEY_ID, use: "sig", alg: "RS256" }] } };
}
