import type { Call } from "../call";
import { LOCATION } from "../world-resources";
import { refuse } from "./errors";

/** A resource type of Resource Manager, with the API versions that it takes. */
export interface ResourceType {
  readonly namespace: string;
  readonly name: string;
  readonly versions: readonly string[];
}

function list(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

// The versions that the specifications of Azure publish, as far as clients still use them.
const CORE_VERSIONS = list(`
  2014-04-01 2015-01-01 2015-11-01 2016-02-01 2016-06-01 2016-07-01 2016-09-01 2017-03-01 2017-05-01 2017-05-10
  2017-06-01 2017-08-01 2017-12-01 2018-01-01 2018-02-01 2018-05-01 2018-06-01 2018-07-01 2018-08-01 2018-09-01
  2018-11-01 2019-03-01 2019-05-01 2019-05-10 2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-10-01 2019-11-01
  2020-01-01 2020-05-01 2020-06-01 2020-07-01 2020-08-01 2020-09-01 2020-10-01 2021-01-01 2021-04-01 2022-01-01
  2022-03-01-preview 2022-05-01 2022-06-01 2022-09-01 2022-11-01-preview 2022-12-01 2023-03-01-preview 2023-07-01
  2023-07-01-preview 2024-03-01 2024-06-01-preview 2024-07-01 2024-08-01 2024-11-01 2025-03-01 2025-04-01`);

const RESOURCES: ResourceType = {
  namespace: "Microsoft.Resources",
  name: "resourceGroups",
  versions: CORE_VERSIONS,
};

const AUTHORIZATION_VERSIONS = list(`
  2014-07-01-preview 2014-10-01-preview 2015-05-01-preview 2015-06-01 2015-07-01 2016-07-01 2017-05-01 2017-09-01
  2017-10-01-preview 2018-01-01-preview 2018-07-01 2018-09-01-preview 2018-12-01-preview 2019-04-01-preview
  2020-03-01-preview 2020-04-01-preview 2020-08-01-preview 2020-10-01-preview 2021-04-01-preview 2022-01-01-preview
  2022-04-01 2022-05-01-preview 2023-07-01-preview`);

const authorization = (name: string): ResourceType => ({
  namespace: "Microsoft.Authorization",
  name,
  versions: AUTHORIZATION_VERSIONS,
});
const ROLE_ASSIGNMENTS = authorization("roleAssignments");
const ROLE_DEFINITIONS = authorization("roleDefinitions");
const PERMISSIONS = authorization("permissions");

const WORKSPACES: ResourceType = {
  namespace: "Microsoft.MachineLearningServices",
  name: "workspaces",
  versions: list(`
    2018-03-01-preview 2018-11-19 2019-05-01 2019-06-01 2019-11-01 2020-01-01 2020-02-18-preview 2020-03-01
    2020-04-01 2020-05-01-preview 2020-05-15-preview 2020-06-01 2020-08-01 2020-09-01-preview 2021-01-01
    2021-03-01-preview 2021-04-01 2021-07-01 2022-01-01-preview 2022-02-01-preview 2022-05-01 2022-06-01-preview
    2022-10-01 2022-10-01-preview 2022-12-01-preview 2023-02-01-preview 2023-04-01 2023-04-01-preview
    2023-06-01-preview 2023-08-01-preview 2023-10-01 2024-01-01-preview 2024-04-01 2024-04-01-preview
    2024-07-01-preview 2024-10-01 2024-10-01-preview 2025-01-01-preview 2025-04-01 2025-04-01-preview 2025-06-01
    2025-07-01-preview 2025-09-01 2025-10-01-preview 2025-12-01 2026-01-15-preview 2026-03-01 2026-03-15-preview
    2026-05-01 2026-05-15-preview`),
};

const VAULTS: ResourceType = {
  namespace: "Microsoft.KeyVault",
  name: "vaults",
  versions: list(`
    2015-06-01 2016-10-01 2018-02-14-preview 2018-02-14 2019-09-01 2020-04-01-preview 2021-04-01-preview
    2021-06-01-preview 2021-10-01 2021-11-01-preview 2022-02-01-preview 2022-07-01 2022-11-01 2023-02-01 2023-07-01
    2024-04-01-preview 2024-11-01 2024-12-01-preview 2025-05-01 2026-02-01 2026-03-01-preview 2026-04-01-preview`),
};

const MANAGED_HSMS: ResourceType = { ...VAULTS, name: "managedHSMs" };

const IDENTITIES: ResourceType = {
  namespace: "Microsoft.ManagedIdentity",
  name: "userAssignedIdentities",
  versions: list(`
    2015-08-31-preview 2018-11-30 2021-09-30-preview 2022-01-31-preview 2023-01-31 2023-07-31-preview 2024-11-30
    2025-01-31-preview 2025-05-31-preview`),
};

const RESOURCE_GRAPH: ResourceType = {
  namespace: "Microsoft.ResourceGraph",
  name: "resources",
  versions: list("2019-04-01 2020-04-01-preview 2021-03-01 2022-10-01 2024-04-01"),
};

/** All resource types that the local Azure answers. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  RESOURCES,
  ROLE_ASSIGNMENTS,
  ROLE_DEFINITIONS,
  PERMISSIONS,
  WORKSPACES,
  IDENTITIES,
  VAULTS,
  MANAGED_HSMS,
  RESOURCE_GRAPH,
];

/** The resource type that a route answers: what stands after `/providers/`; without that, Resource Manager itself. */
export function typeOfPath(path: string): ResourceType {
  const [, namespace, name] = /\/providers\/([\w.]+)\/(\w+)/.exec(path) ?? [];
  return RESOURCE_TYPES.find((type) => type.namespace === namespace && type.name === name) ?? RESOURCES;
}

/** Refuses a missing or unknown `api-version` as Resource Manager does. */
export function requireApiVersion(call: Call, type: ResourceType): void {
  const version = call.query.get("api-version") ?? "";
  if (version === "") throw refuse("apiVersionMissing");
  if (type.versions.includes(version.toLowerCase())) return;
  throw type === RESOURCES
    ? refuse("apiVersionInvalid", { version, supported: [...type.versions].reverse().join(",") })
    : refuse("noRegisteredProvider", {
        version,
        location: LOCATION,
        type: type.name,
        supported: type.versions.join(", "),
      });
}
