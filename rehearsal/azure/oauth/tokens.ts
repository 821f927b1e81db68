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

/** Why a token was refused. */
export type TokenRefusal = "invalid" | "expired" | "audience";

/** A token that was refused; the reason decides what each service answers. */
export class TokenRefusedError extends Error {
  override readonly name = "TokenRefusedError";

  constructor(
    readonly code: TokenRefusal,
    readonly expiredAt?: Date,
  ) {
    super(`The access token was refused (${code}).`);
  }
}

/** Signs and checks access tokens. They live on the machine's time. */
export class TokenService {
  private constructor(
    private readonly privateKey: KeyObject,
    private readonly publicKey: KeyObject,
    readonly jwks: jose.JSONWebKeySet,
  ) {}

  static async create(): Promise<TokenService> {
    const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
    const jwk = await jose.exportJWK(publicKey);
    const jwks = { keys: [{ ...jwk, kid: KEY_ID, use: "sig", alg: "RS256" }] };
    return new TokenService(privateKey, publicKey, jwks);
  }

  /** The answer's `access_token` and `expires_in`. The claims are those of a v1-format token. */
  async issue(
    holder: TokenHolder,
    audience: string,
  ): Promise<{ accessToken: string; expiresInSeconds: number }> {
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
      .sign(this.privateKey);
    return { accessToken, expiresInSeconds: LIFETIME_SECONDS };
  }

  /** Checks signature, tenant, time and audience. */
  async verify(token: string, tenantId: string, audiences: readonly string[]): Promise<jose.JWTPayload> {
    try {
      const { payload } = await jose.jwtVerify(token, this.publicKey, {
        algorithms: ["RS256"],
        issuer: `https://sts.windows.net/${tenantId}/`,
        requiredClaims: ["exp", "oid", "appid"],
      });
      if (typeof payload.aud !== "string" || !audiences.includes(payload.aud))
        throw new TokenRefusedError("audience");
      return payload;
    } catch (error) {
      if (error instanceof jose.errors.JWTExpired) throw new TokenRefusedError("expired", expiryOf(token));
      if (error instanceof TokenRefusedError) throw error;
      if (error instanceof jose.errors.JOSEError || error instanceof TypeError)
        throw new TokenRefusedError("invalid");
      throw error;
    }
  }
}

function expiryOf(token: string): Date {
  return new Date((jose.decodeJwt(token).exp ?? 0) * 1000);
}
