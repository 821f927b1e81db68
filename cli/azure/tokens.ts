import { parseJson } from "../tools/process";

/** What an access token says of its holder. Nothing is trusted because of it, so nobody has to check the signature. */
export interface Claims {
  /** Tenant. */
  tid?: string;
  /** Client ID of the application that logged in. */
  appid?: string;
  /** Object ID of the holder. */
  oid?: string;
  /** `app`, or `user`. */
  idtyp?: string;
  /** Name of a person's account; which of the two depends on the version of the token. */
  upn?: string;
  unique_name?: string;
  /** Permissions of an application. */
  roles?: string[];
  /** Directory roles, by their templates. */
  wids?: string[];
}

export function readClaims(token: string): Claims {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
  return parseJson<Claims>(payload, "The token endpoint");
}

/** Whose token it is, for messages: `ada@contoso.com`, or the client ID of an application. */
export function describeHolder(token: string): string {
  const { upn, unique_name: name, appid, oid, idtyp } = readClaims(token);
  return idtyp === "app" ? `the application ${appid ?? oid}` : (upn ?? name ?? appid ?? oid ?? "unknown");
}
