import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Api, Route, Service } from "../local-azure/http";
import { SERVICES } from "../local-azure/server";

/** Where the list lies. */
export const COVERAGE_FILE = join(__dirname, "..", "local-azure", "COVERAGE.md");

const TITLES: Readonly<Record<Api, string>> = {
  oauth: "OAuth 2.0 and OpenID Connect",
  graph: "Microsoft Graph",
  arm: "Azure Resource Manager",
  metadata: "Cloud metadata",
  control: "Control API (not part of Azure)",
};

/** What users of Azure would look for here in vain. */
const NOT_ANSWERED: readonly (readonly [string, string])[] = [
  ["Users, groups, conditional access, consent, app roles", "only applications and service principals exist"],
  ["Grants other than client credentials; the v1 token endpoint", "no client of this project asks for them"],
  ["Certificates and `keyCredentials`, secrets inside POST or PATCH of an application", "501"],
  ["addPassword and removePassword of a service principal", "501; secrets belong to the application here"],
  ["`$expand`, `$search`, `$orderby`, `$batch`, delta queries", "501"],
  ["`$filter` beyond `eq`, `startswith`, `any(… eq …)` and `and`", "400 `Invalid filter clause`"],
  ["Paths with keys in brackets, such as `/applications(appId='…')`", "501"],
  ["Flexible federated credentials (`claimsMatchingExpression`)", "ignored"],
  [
    "Custom roles, deny assignments, management groups, conditions of role assignments",
    "conditions are kept, not evaluated",
  ],
  ["Data actions", "listed with the roles, never checked"],
  ["Creating or deleting subscriptions, resource groups and workspaces; all data planes", "501"],
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
    "Made from the routes by `coverage.ts`; do not edit. **[?]**: what is written there is not established, and the tests of it say so in their names.",
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

function renderService(title: string, service: Service): string {
  const general = (service.uncertain ?? []).map((text) => `- [?] ${text}.`);
  return [
    `## ${title}`,
    "",
    "| method | path | what | uncertain |",
    "| --- | --- | --- | --- |",
    ...service.routes.map(renderRoute),
    "",
    ...(general.length === 0 ? [] : [...general, ""]),
  ].join("\n");
}

function renderRoute({ method, path, does, uncertain }: Route): string {
  return `| ${method} | \`${path}\` | ${does} | ${uncertain === undefined ? "" : `[?] ${uncertain}`} |`;
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
