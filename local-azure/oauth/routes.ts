import { type Call, newRequestId, type Reply } from "../call";
import { defineRoutes, type Service } from "../route";
import { renderOAuthError } from "./errors";
import * as handlers from "./handlers";

/** Who asks for a token: nobody is known before it is there. */
interface OAuthCaller {
  readonly appId: string | null;
}

const routes = defineRoutes<OAuthCaller, "anybody">("oauth", {
  "GET /:tenant/v2.0/.well-known/openid-configuration": {
    does: "OIDC discovery; unknown tenant: AADSTS90002",
    permission: "anybody",
    handle: handlers.getOpenIdConfiguration,
  },
  "GET /common/discovery/instance": {
    does: "Instance discovery",
    permission: "anybody",
    handle: handlers.getInstanceDiscovery,
  },
  "GET /:tenant/discovery/v2.0/keys": {
    does: "Keys that sign access tokens (JWKS)",
    permission: "anybody",
    handle: handlers.getKeys,
  },
  "GET /common/userrealm/:user": {
    does: "How a person logs in: always with a password of this directory",
    permission: "anybody",
    handle: handlers.getUserRealm,
  },
  "POST /:tenant/oauth2/v2.0/token": {
    does: "Access token for a client secret, a client assertion (certificate or federation), a person's password or refresh token",
    permission: "anybody",
    uncertain:
      "The order of the checks; status of 7000229; code of a federated token whose signature is wrong though its key is known (700027 here); 7000112; 501661 for an issuer that nobody declared; 50027 for an `aud` that is no text; codes of people's refusals",
    handle: handlers.createToken,
  },
});

function headers(_call: Call, reply: Reply): Record<string, string> {
  return {
    "cache-control": "no-store, no-cache",
    "content-type": "application/json; charset=utf-8",
    expires: "-1",
    pragma: "no-cache",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    ...(reply.headers?.["x-ms-request-id"] === undefined ? { "x-ms-request-id": newRequestId() } : {}),
  };
}

export const oauthService: Service<OAuthCaller, "anybody"> = {
  routes,
  authenticate: handlers.readClient,
  admit: () => undefined,
  renderError: renderOAuthError,
  headers,
};
