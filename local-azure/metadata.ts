import { localVaultAudience } from "./audiences";
import { armService } from "./arm/routes";
import type { Call, Reply } from "./call";
import type { Cloud } from "./cloud";
import { routesFor, type Service } from "./route";

/** Endpoints of this cloud, for clients that can be told of another one. Lower case, no slash at the end. */
function getEndpoints(cloud: Cloud, call: Call): Reply {
  const base = cloud.url;
  const endpoints = {
    name: "LocalAzure",
    portal: base,
    resourceManager: base,
    microsoftGraphResourceId: base,
    graphAudience: `${base}/graph`,
    authentication: {
      loginEndpoint: base,
      audiences: [`${base}/arm`, base],
      tenant: "common",
      identityProvider: "AAD",
    },
    suffixes: {
      keyVaultDns: new URL(localVaultAudience(base)).host,
      storage: "core.local",
      acrLoginServer: "acr.local",
      sqlServerHostname: "db.local",
    },
    activeDirectoryDataLake: base,
    batch: base,
    media: base,
    gallery: base,
    sqlManagement: base,
    vmImageAliasDoc: base,
  };
  const isArray = call.query.get("api-version") === "2019-05-01";
  return { status: 200, body: isArray ? [endpoints] : endpoints };
}

/** A part of Resource Manager that needs no token. */
export const metadataService: Service<undefined, "anybody"> = {
  routes: routesFor("metadata", "anybody", {
    "GET /metadata/endpoints": [
      "Endpoints of this cloud; an array with api-version 2019-05-01",
      getEndpoints,
      "The array was not tried with azure-ai-ml",
    ],
  }),
  authenticate: () => undefined,
  admit: () => undefined,
  renderError: armService.renderError,
  headers: armService.headers,
};
