import type * as pulumi from "@pulumi/pulumi";
import { getClientToken } from "@pulumi/azure-native/authorization/getClientToken";
import { DAY_MS } from "../plan/secret-schedule";
import { LookUpError } from "./ask";
import { askForLogin } from "./login";

/**
 * Refuses a clock that is more than a day away from the validity of the login's token, where a period of the secrets begins:
 * a secret that is made too early lives for years. Entra made the token just now, so its times are right.
 *
 * @throws LookUpError with both times, or where the provider gives no token
 */
export async function refuseWrongClock(parent: pulumi.Resource, time: Date): Promise<void> {
  const call = "azure-native:authorization:getClientToken";
  const { token } = await askForLogin("azure-native", parent, call, (opts) => getClientToken({}, opts));
  const validity = readValidity(token);
  // Not known in a preview whose provider is not configured yet.
  if (validity === undefined) return;
  const { from, to } = validity;
  if (time.getTime() >= from - DAY_MS && time.getTime() <= to + DAY_MS) return;
  throw new LookUpError("CLOCK_IS_WRONG", "Clock", {
    what: "The time of this machine",
    must: "be within a day of the time of Entra where a period of the secrets begins",
    received: { machine: time.toISOString(), entra: new Date(from).toISOString() },
    remedy:
      "Set the clock of this machine, for example with `timedatectl set-ntp true`, and run this again: a secret made now would not end when it should.",
  });
}

/** From when to when a token is valid, in milliseconds since 1970. */
function readValidity(token: string | undefined): { from: number; to: number } | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token!.split(".")[1]!, "base64url").toString()) as {
      nbf?: number;
      exp?: number;
    };
    const [from, to] = [Number(claims.nbf) * 1000, Number(claims.exp) * 1000];
    return Number.isNaN(from + to) ? undefined : { from, to };
  } catch {
    return undefined;
  }
}
