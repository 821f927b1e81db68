import { armAudiences } from "../audiences";
import type { Cloud } from "../cloud";
import { bearerToken, type Call } from "../http";
import { TokenRefusedError } from "../oauth/tokens";
import * as errors from "./errors";

/** Who calls Resource Manager. What they may do is looked up in the role assignments at each call. */
export interface ArmCaller {
  readonly appId: string;
  readonly objectId: string;
}

export async function authenticate(cloud: Cloud, call: Call): Promise<ArmCaller> {
  const { tenantId } = cloud.world.directory;
  const token = bearerToken(call);
  if (token === undefined) throw errors.tokenMissing(call, tenantId);
  try {
    const claims = await cloud.tokens.verify(token, tenantId, armAudiences(cloud.url));
    call.caller = String(claims.appid);
    return { appId: String(claims.appid), objectId: String(claims.oid) };
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    if (error.code === "expired") throw errors.tokenExpired(call, tenantId, error.expiredAt ?? new Date());
    throw error.code === "audience"
      ? errors.tokenForOtherAudience(call, tenantId)
      : errors.tokenInvalid(call, tenantId);
  }
}

/** Rights come before existence: who has none on a scope does not learn whether it exists. */
export function requireAction(
  cloud: Cloud,
  call: Call,
  caller: ArmCaller,
  action: string,
  scope: string,
): void {
  if (!cloud.world.access.isAllowed(caller.objectId, action, scope, call.now))
    throw errors.authorizationFailed(caller.appId, caller.objectId, action, scope);
}
