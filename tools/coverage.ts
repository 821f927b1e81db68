import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "../local-azure/call";
import { type AnyRoute, type AnyService, SERVICES } from "../local-azure/services";
import { readContracts } from "../test/local-azure/contract";

/** Where the list lies. */
export const COVERAGE_FILE = join(__dirname, "..", "local-azure", "COVERAGE.md");

const TITLES: Readonly<Record<Api, string>> = {
  oauth: "OAuth 2.0 and OpenID Connect",
  graph: "Microsoft Graph",
  arm: "Azure Resource Manager",
  vault: "Key Vault's data plane (`https://<vault>.vault.azure.net`)",
  metadata: "Cloud metadata",
  control: "Control API (not part of Azure)",
};

/** What users of Azure would look for here in vain. */
const NOT_ANSWERED: readonly (readonly [string, string])[] = [
  [
    "Interactive logins, the device code, consent pages; the v1 token endpoint",
    "no client of this project asks for them",
  ],
  ["Creating or changing people, groups and directory roles", "the control API puts them there"],
  [
    "addKey and removeKey, which sign what they send with a certificate that is there",
    "501; `keyCredentials` in a change works",
  ],
  ["`$expand`, `$orderby`, `$batch`, delta queries", "501"],
  ["Paths with keys in brackets, such as `/applications(appId='…')`", "501"],
  ["Custom roles, deny assignments, management groups", "do not exist here"],
  [
    "Conditions beyond ActionMatches, @Request, @Resource, GuidEquals and StringEqualsIgnoreCase",
    "400 when the role is assigned",
  ],
  ["Data actions other than those on the secrets of a key vault", "listed with the roles, never checked"],
  [
    "Creating or deleting subscriptions, resource groups, workspaces and key vaults; all data planes but that of Key Vault",
    "501",
  ],
  ["Keys and certificates in key vaults; backup and restore of secrets", "501"],
  ["Application templates, logos, claims mapping, token signing", "501"],
];

/** The list of what the local Azure answers, as Markdown: made from the route table alone. */
export function renderCoverage(): string {
  const sections = Object.entries(SERVICES).map(([api, service]) =>
    renderService(TITLES[api as Api], service),
  );
  const rows = NOT_ANSWERED.map(([what, how]) => `| ${what} | ${how} |`);
  return [
    "# What the local Azure answers",
    "",
    "Made from the routes by `tools/coverage.ts`; do not edit. **[?]**: what is written there is not established, and the tests of it say so in their names.",
    "**held by**: the contracts in `test/local-azure/contracts/` that an operation is compared with; **none**: no exchange with the real service is known for it, only its documentation.",
    "`{scope}` is nothing, a subscription, a resource group or a resource. Any other path is answered 501 with its method and path.",
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
    ...service.routes.map(renderRoute),
    "",
    ...(general.length === 0 ? [] : [...general, ""]),
  ].join("\n");
}

const CONTRACTS = readContracts();

function renderRoute(route: AnyRoute): string {
  const { api, method, path, does, uncertain } = route;
  const shown = api === "graph" ? `/${(route.versions ?? ["v1.0"]).join("|")}${path}` : path;
  const held = CONTRACTS.filter(({ operation }) => operation === `${method} ${path}`).map(({ name }) => name);
  const heldBy = api === "control" ? "" : held.length === 0 ? "**none**" : held.join(", ");
  const doubt = uncertain === undefined ? "" : `[?] ${uncertain}`;
  return `| ${method} | \`${shown.replaceAll("|", "\\|")}\` | ${does} | ${heldBy} | ${doubt} |`;
}

/** With `--check` nothing is written, and the exit code says whether the list is what the routes say. */
function main(args: readonly string[]): void {
  if (!args.includes("--check")) return writeFileSync(COVERAGE_FILE, renderCoverage());
  if (readFileSync(COVERAGE_FILE, "utf8") === renderCoverage()) return;
  process.stderr.write(
    "local-azure/COVERAGE.md must be what the routes say. Run it again without --check.\n",
  );
  process.exitCode = 1;
}

if (require.main === module) main(process.argv.slice(2));
