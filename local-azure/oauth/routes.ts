import type { Route, Service } from "../http";
import { renderOAuthError } from "./errors";
import * as handlers from "./handlers";

const routes: readonly Route[] = [
  {
    api: "oauth",
    method: "GET",
    path: "/:tenant/v2.0/.well-known/openid-configuration",
    does: "OIDC discovery; unknown tenant: AADSTS90002",
    handle: handlers.getOpenIdConfiguration,
  },
  {
    api: "oauth",
    method: "GET",
    path: "/common/discovery/instance",
    does: "Instance discovery",
    handle: handlers.getInstanceDiscovery,
  },
  {
    api: "oauth",
    method: "GET",
    path: "/:tenant/discovery/v2.0/keys",
    does: "Keys that sign access tokens (JWKS)",
    handle: handlers.getKeys,
  },
  {
    api: "oauth",
    method: "POST",
    path: "/:tenant/oauth2/v2.0/token",
    does: "Access token for a client secret or a client assertion",
    uncertain:
      "The order of the checks; status of 7000229; 700212 and 7002138; code of a federated token with a bad signature (700027 here); `error` of 50027 and of 90002 here; 7000112; 501661 for an issuer that nobody declared; 900023",
    handle: handlers.createToken,
  },
];

export const oauthService: Service = { routes, renderError: renderOAuthError };
