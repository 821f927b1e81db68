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
  const audiences = armAudiences(cloud.url);
  try {
    const { appId, objectId } = await cloud.tokens.verify(token, tenantId, audiences);
    call.caller = appId;
    return { appId, objectId };
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    const { refusal } = error;
    switch (refusal.reason) {
      case "expired":
        throw errors.tokenExpired(call, tenantId, refusal.expiredAt);
      case "audience":
        throw errors.tokenForOtherAudience(call, tenantId, refusal.audience, audiences);
      case "invalid":
        throw errors.tokenInvalid(call, tenantId);
    }
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

/** For what every member of a subscription sees: a role on it, above it or anywhere below it suffices. */
export function requireRoleWithin(
  cloud: Cloud,
  call: Call,
  caller: ArmCaller,
  action: string,
  scope: string,
): void {
  if (!cloud.world.access.hasRoleWithin(caller.objectId, scope, call.now))
    throw errors.authorizationFailed(caller.appId, caller.objectId, action, scope);
}
