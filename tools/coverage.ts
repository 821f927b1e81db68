import type { Api } from "../local-azure/call";
import { type AnyRoute, type AnyService, SERVICES } from "../local-azure/services";
import { readContracts } from "../test/local-azure/contract";
import { writeGenerated } from "./generated-files";

const TITLES: Readonly<Record<Api, string>> = {
  oauth: "OAuth 2.0 and OpenID Connect",
  graph: "Microsoft Graph",
  arm: "Azure Resource Manager",
  vault: "Key Vault's data plane (`https://<vault>.vault.azure.net`)",
  metadata: "Cloud metadata",
  control: "Control API (not part of Azure)",
};

/** What users of Azure may expect, and the local Azure does not do. */
const NOT_ANSWERED: readonly (readonly [string, string])[] = [
  [
    "Interactive logins, the device code, consent pages; the v1 token endpoint",
    "no client of this project asks for them",
  ],
  ["Creating directory roles, or changing who has them", "the control API does it"],
  ["Rules of dynamic groups: they are kept, and make nobody a member", "add members by hand"],
  ["Administrative units, invitations of guests, licences", "501"],
  [
    "addKey and removeKey, which need a proof signed with an existing certificate",
    "501; change `keyCredentials` with PATCH instead",
  ],
  ["`$expand`, `$orderby`, `$batch`, delta queries", "501"],
  [
    "Keys in brackets other than `applications(appId='…')`, `applications(uniqueName='…')` and `servicePrincipals(appId='…')`",
    "501",
  ],
  [
    "Deleting the administrator's own application, principal, first secret and permissions",
    "403, which is not Azure's answer: nobody could use this world without them",
  ],
  ["Custom roles, deny assignments, management groups", "do not exist"],
  [
    "Conditions beyond ActionMatches, @Request, @Resource, GuidEquals and StringEqualsIgnoreCase",
    "400 when the role is assigned",
  ],
  ["Data actions other than those on the secrets of a key vault", "listed with the roles, never checked"],
  [
    "Creating or deleting subscriptions, resource groups, workspaces and key vaults; every data plane except Key Vault's",
    "501",
  ],
  ["Keys and certificates in key vaults; backup and restore of secrets", "501"],
  ["Application templates, logos, claims mapping policies, token signing certificates", "501: not claimed"],
];

/** COVERAGE.md, made from the route tables alone. */
function renderCoverage(): string {
  const sections = Object.entries(SERVICES).map(([api, service]) =>
    renderService(TITLES[api as Api], service),
  );
  const rows = NOT_ANSWERED.map(([what, how]) => `| ${what} | ${how} |`);
  return [
    "# What the local Azure answers",
    "",
    "`tools/coverage.ts` writes this page from the routes; do not edit it. **[?]** marks behaviour that no source confirms; its tests say so in their names.",
    "**held by** names the contracts in `test/local-azure/contracts/` that the operation is tested against. A contract that is **assumed** follows from documentation: no exchange with the real service is known. Where all of an operation are assumed, the request log says so of its answers (`assumed`).",
    "`{scope}` is empty, a subscription, a resource group or a resource. The answer to any other path is 501, with its method and path.",
    "",
    ...sections,
    "## Not answered",
    "",
    "| what | instead |",
    "| --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function renderService(title: string, service: AnyService): string {
  const general = (service.uncertain ?? []).map((text) => `- [?] ${text}.`);
  return [
    `## ${title}`,
    "",
    "| method | path | what | held by | uncertain |",
    "| --- | --- | --- | --- | --- |",
    ...[...service.routes].sort(byPath).map(renderRoute),
    "",
    ...(general.length === 0 ? [] : [...general, ""]),
  ].join("\n");
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

function byPath(one: AnyRoute, other: AnyRoute): number {
  const order = METHODS.indexOf(one.method) - METHODS.indexOf(other.method);
  return one.path.localeCompare(other.path, "en") || order;
}

const CONTRACTS = readContracts();

function renderRoute(route: AnyRoute): string {
  const { api, method, path, does, uncertain } = route;
  const shown = api === "graph" ? `/v1.0|beta${path}` : path;
  const held = CONTRACTS.filter(({ operation }) => operation === `${method} ${path}`).map(
    ({ name, assumed }) => (assumed === true ? `${name} (assumed)` : name),
  );
  const heldBy = api === "control" ? "" : held.length === 0 ? "**none**" : held.join(", ");
  const doubt = uncertain === undefined ? "" : `[?] ${uncertain}`;
  return `| ${method} | \`${shown.replaceAll("|", "\\|")}\` | ${does} | ${heldBy} | ${doubt} |`;
}

/** Operations of which no contract shows an exchange with the real service. */
function assumedOperations(): string[] {
  const seen = new Set(CONTRACTS.filter(({ assumed }) => assumed !== true).map(({ operation }) => operation));
  return [...new Set(CONTRACTS.map(({ operation }) => operation))].filter((one) => !seen.has(one)).sort();
}

writeGenerated("write:coverage", "local-azure/COVERAGE.md", renderCoverage());
writeGenerated(
  "write:coverage",
  "local-azure/assumed.json",
  `${JSON.stringify(assumedOperations(), null, 2)}\n`,
);
