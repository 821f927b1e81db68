import { type Call, newRequestId, type Reply } from "../call";
import { routesFor, type Service } from "../route";
import { renderOAuthError } from "./errors";
import * as handlers from "./handlers";

/** Who asks for a token: nobody is known before it is there. */
interface OAuthCaller {
  readonly appId: string | null;
}

const routes = routesFor<OAuthCaller, "anybody">("oauth", "anybody", {
  "GET /:tenant/v2.0/.well-known/openid-configuration": [
    "OIDC discovery; unknown tenant: AADSTS90002",
    handlers.getOpenIdConfiguration,
  ],
  "GET /common/discovery/instance": ["Instance discovery", handlers.getInstanceDiscovery],
  "GET /:tenant/discovery/v2.0/keys": ["Keys that sign access tokens (JWKS)", handlers.getKeys],
  "GET /common/userrealm/:user": [
    "How a person logs in: always with a password of this directory",
    handlers.getUserRealm,
  ],
  "POST /:tenant/oauth2/v2.0/token": [
    "Access token for a client secret, a client assertion (certificate or federation), a person's password or refresh token",
    handlers.createToken,
    "The order of the checks; status of 7000229; code of a federated token whose signature is wrong though its key is known (700027 here); 7000112; 501661 for an issuer that nobody declared; 50027 for an `aud` that is no text; codes of people's refusals",
  ],
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
