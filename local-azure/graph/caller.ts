import { graphAudiences } from "../audiences";
import type { Cloud } from "../cloud";
import { bearerToken, type Call } from "../http";
import { TokenRefusedError } from "../oauth/tokens";
import * as errors from "./errors";

/** Who calls Graph, and with which permissions of its token. */
export interface GraphCaller {
  readonly objectId: string;
  readonly readsAll: boolean;
  readonly writesAll: boolean;
  readonly writesOwned: boolean;
}

/** Checks the token and reads the permissions in it, as Graph does: not those of the directory at this moment. */
export async function authenticate(cloud: Cloud, call: Call): Promise<GraphCaller> {
  const token = bearerToken(call);
  if (token === undefined) throw errors.invalidToken("Access token is empty.");
  try {
    const claims = await cloud.tokens.verify(
      token,
      cloud.world.directory.tenantId,
      graphAudiences(cloud.url),
    );
    call.caller = claims.appId;
    const writesAll = claims.roles.includes("Application.ReadWrite.All");
    const writesOwned = claims.roles.includes("Application.ReadWrite.OwnedBy");
    return { objectId: claims.objectId, readsAll: writesAll || writesOwned, writesAll, writesOwned };
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    throw error.refusal.reason === "audience"
      ? errors.invalidToken("Access token validation failure. Invalid audience.")
      : errors.invalidToken();
  }
}

export function requireRead(caller: GraphCaller): void {
  if (!caller.readsAll) throw errors.insufficientPrivileges();
}

export function requireCreate(caller: GraphCaller): void {
  if (!caller.writesAll && !caller.writesOwned) throw errors.insufficientPrivileges();
}

/** With `Application.ReadWrite.OwnedBy` a caller may change only what it owns. */
export function requireWrite(caller: GraphCaller, record: { readonly owners: readonly string[] }): void {
  const mayWrite = caller.writesAll || (caller.writesOwned && record.owners.includes(caller.objectId));
  if (!mayWrite) throw errors.insufficientPrivileges();
}
