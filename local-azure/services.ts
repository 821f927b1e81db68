import assumed from "./assumed.json";
import { armService } from "./arm/routes";
import type { Api } from "./call";
import type { PUBLIC_HOSTS } from "./certificates";
import { controlService } from "./control/routes";
import { graphService } from "./graph/routes";
import { keyVaultService } from "./key-vault/routes";
import { isVaultHost } from "./key-vault/vault-host";
import { metadataService } from "./metadata";
import { oauthService } from "./oauth/routes";
import type { Route, Service } from "./route";

/** Services differ in their callers and permissions; who treats a request needs to know neither. */
export type AnyService = Service<unknown, unknown>;
export type AnyRoute = Route<unknown, unknown>;

/** The services by the interface that they answer. */
export const SERVICES: Readonly<Record<Api, AnyService>> = {
  oauth: oauthService as AnyService,
  graph: graphService as AnyService,
  arm: armService as AnyService,
  vault: keyVaultService as AnyService,
  metadata: metadataService as AnyService,
  control: controlService as AnyService,
};

/** What each public host answers; the server's own address answers everything. */
const APIS_OF_HOST: Readonly<Record<(typeof PUBLIC_HOSTS)[number], readonly Api[]>> = {
  "login.microsoftonline.com": ["oauth"],
  "login.windows.net": ["oauth"],
  "graph.microsoft.com": ["graph"],
  "management.azure.com": ["arm", "metadata"],
  "management.core.windows.net": ["arm", "metadata"],
};

const ASSUMED: ReadonlySet<string> = new Set(assumed);

/** Whether no exchange of the operation with the real service is known. */
export function isAssumed({ method, path }: AnyRoute): boolean {
  return ASSUMED.has(`${method} ${path}`);
}

const SCOPES = [
  "",
  "/subscriptions/:subscription",
  "/subscriptions/:subscription/resourceGroups/:group",
  "/subscriptions/:subscription/resourceGroups/:group/providers/:provider/:type/:name",
];

/** The paths of a route: Graph's have a version before them, and a scope stands for several. */
export function pathsOf({ api, path }: AnyRoute): string[] {
  if (api === "graph") return ["v1.0", "beta"].map((version) => `/${version}${path}`);
  return path.startsWith("{scope}") ? SCOPES.map((scope) => path.replace("{scope}", scope)) : [path];
}

/** Whose error body a request without a route gets. */
export function guessApi(path: string, host: string): Api {
  if (/^\/_local(\/|$)/i.test(path)) return "control";
  if (isVaultHost(host)) return "vault";
  const ofHost = APIS_OF_HOST[host.replace(/:\d+$/, "") as keyof typeof APIS_OF_HOST]?.[0];
  if (ofHost !== undefined) return ofHost;
  if (/^\/(v1\.0|beta)(\/|$)/i.test(path)) return "graph";
  return /\/(oauth2|discovery|\.well-known)\//i.test(path) ? "oauth" : "arm";
}

export function isServed(api: Api, base: string): boolean {
  const { hostname } = new URL(base);
  if (isVaultHost(hostname)) return api === "vault";
  return APIS_OF_HOST[hostname as keyof typeof APIS_OF_HOST]?.includes(api) ?? true;
}
