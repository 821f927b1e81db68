import { bearerToken, type Call } from "../call";
import type { Cloud } from "../cloud";
import type { Refusal } from "../refusal";
import { type AccessTokenClaims, type TokenRefusal, TokenRefusedError } from "./tokens";

/** What the token of a request says, or the refusal that the service makes of a token that is missing or not good. */
export async function claimsOf(
  cloud: Cloud,
  call: Call<undefined>,
  audiences: readonly string[],
  refuse: (refusal: { readonly reason: "missing" } | TokenRefusal) => Refusal,
): Promise<AccessTokenClaims> {
  const token = bearerToken(call);
  if (token === undefined) throw refuse({ reason: "missing" });
  try {
    return await cloud.tokens.verify(token, cloud.world.directory.tenantId, audiences);
  } catch (error) {
    throw error instanceof TokenRefusedError ? refuse(error.refusal) : error;
  }
}
