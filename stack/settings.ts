import * as pulumi from "@pulumi/pulumi";
import { distance } from "fastest-levenshtein";
import { resolveTrusts, type TrustArgs } from "../components/federated-subjects";
import { DEFAULTS, type Authentication, type RoleArgs } from "../components/himl-service-principal-args";
import { InvalidValuesError, printAsMessage, type Problem } from "../components/problems";
import { checkValue, describeProblem, isFutureDate, RULES, type Rule } from "../components/rules";
import { checkAuthentication, checkExistingApplication, resolveRoles } from "../components/validate-args";
import { checkClouds, CLOUD_SETTINGS, type Clouds } from "./cloud";
import { readWorkspaceConfig, WORKSPACE_CONFIG_FIELDS, type WorkspaceSetting } from "./workspace-config";

/** A setting of the stack: what the README says of it, and how its text is read. */
interface Setting<T> {
  description: string;
  /** Shown in commands: `pulumi config set <name> <example>`. */
  example: string;
  /** Its value where it is left out, as text; settings without one are optional, or required as the description says. */
  default?: string;
  rule: Rule<T>;
  /** Pulumi hands every setting over as text. */
  parse: (text: string) => unknown;
}

const asText = (text: string): unknown => text;
// An empty text is 0 to Number, and a list of one number is that number.
const asNumber = (text: string): unknown => (/^\s*$/.test(text) ? text : Number(text));
const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const setting = <T>(definition: Setting<T>) => definition;

/** Every setting of a stack. Pulumi.yaml repeats the defaults, so that `pulumi config` shows them. */
export const SETTINGS = {
  workspaceConfig: setting({
    description:
      "Path of hi-ml's `config.json`, relative to the project. It stands for the next three settings; any of them may be set as well, to the same value.",
    example: "config.json",
    rule: {
      accepts: (value): value is string => typeof value === "string" && value.trim() !== "",
      code: "InvalidWorkspaceConfig",
      must: "be the path of hi-ml's config.json",
      remedy: "Leave it out if you set resourceGroup and workspaceName.",
    },
    parse: asText,
  }),
  subscriptionId: setting({
    description:
      "Subscription of the workspace. Left out: the one that the azure-native provider is logged in to.",
    example: "00000000-0000-0000-0000-000000000000",
    rule: RULES.subscriptionId,
    parse: asText,
  }),
  resourceGroup: setting({
    description: "Resource group that contains the workspace. Required without `workspaceConfig`.",
    example: "rg-ml",
    rule: RULES.resourceGroupName,
    parse: asText,
  }),
  workspaceName: setting({
    description: "Name of the Azure ML workspace. Required without `workspaceConfig`.",
    example: "ws-ml",
    rule: RULES.workspaceName,
    parse: asText,
  }),
  existingApplicationId: setting({
    description:
      "Client ID of an application that somebody else registered: it gets secrets, trusts and roles, and a principal if it has none. Left out: an application of its own.",
    example: "00000000-0000-0000-0000-000000000000",
    rule: RULES.existingApplicationId,
    parse: asText,
  }),
  displayName: setting({
    description: "Name of the app registration. Left out: `himl-<workspace>-<stack>`.",
    example: "himl-training",
    rule: RULES.displayName,
    parse: asText,
  }),
  description: setting({
    description:
      "What an administrator reads about the app registration. Left out: a sentence that names workspace, project and stack.",
    example: '"Nightly training of team X"',
    rule: RULES.description,
    parse: asText,
  }),
  owners: setting({
    description:
      "Object IDs of those who own the application: exactly these. Left out: whoever creates it, recorded once. Set with `pulumi config set --path 'owners[0]' ID`.",
    example: "--path 'owners[0]' 00000000-0000-0000-0000-000000000000",
    rule: RULES.owners,
    parse: asJson,
  }),
  serviceManagementReference: setting({
    description:
      "Reference to a service in the tenant's asset management; some tenants refuse applications without.",
    example: "12345",
    rule: RULES.serviceManagementReference,
    parse: asText,
  }),
  role: setting({
    description:
      "Role on the resource group of the workspace: the name of a built-in role of Azure ML or the GUID of any role. Left out, and without `roles`: Contributor.",
    example: '"AzureML Data Scientist"',
    rule: RULES.role,
    parse: asText,
  }),
  roles: setting({
    description:
      "Instead of `role`: a list of `{role, scope}`, with scope `resourceGroup`, `workspace`, `subscription` or a resource ID. An empty list gives no role; the output `details` then has the command for an administrator.",
    example: `'[{"role": "AzureML Data Scientist", "scope": "workspace"}]'`,
    rule: {
      accepts: (value): value is RoleArgs[] =>
        Array.isArray(value) && value.every((item) => isRecord(item) && typeof item["role"] === "string"),
      code: "InvalidRoles",
      must: "be a list of {role, scope}",
      remedy: "scope may be left out: then it is the resource group of the workspace.",
    },
    parse: asJson,
  }),
  allowPrivilegedRoles: setting({
    description:
      "Allows Owner, User Access Administrator and Role Based Access Control Administrator as `role`, whose holder can give itself every other role.",
    example: "true",
    default: String(DEFAULTS.allowPrivilegedRoles),
    rule: {
      accepts: (value): value is boolean => typeof value === "boolean",
      code: "InvalidAllowPrivilegedRoles",
      must: "be true or false",
      remedy: "Leave it out unless a privileged role is meant.",
    },
    parse: asJson,
  }),
  authentication: setting({
    description:
      "How pipelines log in: `secret`, `federated` (with the pipeline's own tokens, without a password) or `both` (for moving from one to the other). A change to `federated` removes the secrets.",
    example: "federated",
    default: DEFAULTS.authentication,
    rule: RULES.authentication as Rule<Authentication>,
    parse: asText,
  }),
  federatedCredentials: setting({
    description:
      "The tokens to trust with `federated` or `both`, 20 at most: a list of `{github: {repository, ownerId, repositoryId, branch | tag | environment | pullRequest}}`, `{azureDevOps: {issuer, subject}}` or `{name, issuer, subject, audience}`.",
    example: `'[{"github": {"repository": "octocat/training", "environment": "production"}}]'`,
    rule: {
      accepts: (value): value is TrustArgs[] => Array.isArray(value),
      code: "InvalidTrust",
      must: "be a list of trusts",
      remedy: "docs/passwordless.md shows one for each kind of pipeline.",
    },
    parse: asJson,
  }),
  renewSecretsEveryDays: setting({
    description:
      "Days from one renewal to the next; a secret lives for two of these periods at most. A change replaces every secret at once.",
    example: "30",
    default: String(DEFAULTS.renewSecretsEveryDays),
    rule: RULES.renewSecretsEveryDays,
    parse: asNumber,
  }),
  secretsSince: setting({
    description:
      "Day from which the periods count, in UTC. A change replaces every secret at once. With today's date a new stack starts with one secret instead of two.",
    example: "2026-11-01",
    default: DEFAULTS.secretsSince,
    rule: RULES.secretsSince,
    parse: asText,
  }),
  secretGeneration: setting({
    description: "Raise it by one after a leak: every secret is replaced at once.",
    example: "2",
    default: String(DEFAULTS.secretGeneration),
    rule: RULES.secretGeneration,
    parse: asNumber,
  }),
};

export type SettingName = keyof typeof SETTINGS;
type SettingValue<S> = S extends Setting<infer T> ? T : never;
type SettingValues = { [Name in SettingName]?: SettingValue<(typeof SETTINGS)[Name]> };

export interface SettingsSource {
  /** The settings of the project's namespace, as Pulumi hands them over. */
  values: Record<string, string>;
  /** Names of those that are encrypted: an error never shows their values. */
  secretNames: ReadonlySet<string>;
  stack: string;
  projectFolder: string;
  now: Date;
  /** The clouds that the providers are told to use. */
  clouds?: Clouds;
}

/**
 * The settings of the current stack as arguments of the component.
 *
 * @throws pulumi.RunError, which Pulumi shows without a stack trace, with every problem at once.
 */
export function readSettings(now: Date) {
  const prefix = `${pulumi.getProject()}:`;
  // Internal in the types of Pulumi, so it may go; then encrypted values are told from others no more.
  const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  // Each call parses the whole configuration anew.
  const all = pulumi.runtime.allConfig();
  const keys = Object.keys(all).filter((key) => key.startsWith(prefix));
  try {
    return parseSettings({
      values: Object.fromEntries(keys.map((key) => [key.slice(prefix.length), all[key]!])),
      secretNames: new Set(
        keys.filter((key) => isConfigSecret?.(key)).map((key) => key.slice(prefix.length)),
      ),
      stack: pulumi.getStack(),
      projectFolder: process.cwd(),
      now,
      clouds: readClouds(all),
    });
  } catch (error) {
    throw error instanceof InvalidValuesError ? printAsMessage(new pulumi.RunError(error.message)) : error;
  }
}

function readClouds(config: Record<string, string>): Clouds {
  const named = CLOUD_SETTINGS.map((name) => [name, config[name] ?? process.env[name]] as const);
  return Object.fromEntries(named.filter(([, cloud]) => cloud !== undefined));
}

/**
 * Reads and checks settings without Pulumi.
 *
 * @throws InvalidValuesError with every problem at once.
 */
export function parseSettings(source: SettingsSource) {
  const problems: Problem[] = checkClouds(source.clouds ?? {});
  const given = checkSingleSettings(source, problems);
  const workspace = mergeWorkspace(given, source, problems);

  if (given.secretsSince !== undefined && isFutureDate(given.secretsSince, source.now)) {
    problems.push(describeSetting("secretsSince", RULES.secretsSince, given.secretsSince));
  }
  const roles = given.roles ?? [{ role: given.role ?? DEFAULTS.role }];
  const nameOf = (index: number, field: string) => (given.roles ? `roles[${index}]${field}` : "role");
  problems.push(...resolveRoles(roles, given.allowPrivilegedRoles, nameOf).problems);
  if ("role" in source.values && "roles" in source.values) {
    problems.push({
      code: "RoleAndRoles",
      what: "role",
      must: "be left out where roles is set",
      received: source.values["role"],
      remedy: "`pulumi config rm role`; it is the short form of one role on the resource group.",
    });
  }
  const { problems: trustProblems } = resolveTrusts("federatedCredentials", given.federatedCredentials ?? []);
  problems.push(...trustProblems);
  // Where one of the two is wrong in itself, nothing can be said about both.
  const areRead = (["authentication", "federatedCredentials"] as const).every(
    (name) => given[name] !== undefined || !(name in source.values),
  );
  problems.push(...checkExistingApplication(given));
  if (areRead && trustProblems.length === 0) problems.push(...checkAuthentication(given));

  if (problems.length > 0) throw new InvalidValuesError(`Settings of stack ${source.stack}`, problems);
  return {
    workspaceName: workspace.workspaceName!,
    resourceGroupName: workspace.resourceGroup!,
    subscriptionId: workspace.subscriptionId,
    existingApplicationId: given.existingApplicationId,
    displayName: given.displayName,
    description: given.description,
    owners: given.owners,
    serviceManagementReference: given.serviceManagementReference,
    roles,
    authentication: given.authentication,
    federatedCredentials: given.federatedCredentials,
    allowPrivilegedRoles: given.allowPrivilegedRoles,
    renewSecretsEveryDays: given.renewSecretsEveryDays,
    secretsSince: given.secretsSince,
    secretGeneration: given.secretGeneration,
  };
}

function checkSingleSettings({ values, secretNames }: SettingsSource, problems: Problem[]): SettingValues {
  const checked: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(values)) {
    if (!isSettingName(name)) {
      problems.push(describeUnknownSetting(name));
      continue;
    }
    const rule: Rule = SETTINGS[name].rule;
    const { value, problem } = checkValue(rule, name, SETTINGS[name].parse(text));
    if (problem) problems.push(describeSetting(name, rule, secretNames.has(name) ? "[secret]" : text));
    else checked[name] = value;
  }
  return checked;
}

/** The workspace from its three settings and `config.json`, which must not contradict each other. */
function mergeWorkspace(
  given: SettingValues,
  { values, projectFolder }: SettingsSource,
  problems: Problem[],
): Partial<Record<WorkspaceSetting, string>> {
  const file = given.workspaceConfig;
  const fromFile = file === undefined ? undefined : readWorkspaceConfig(file, projectFolder);
  problems.push(...(fromFile?.problems ?? []));

  const merged: Partial<Record<WorkspaceSetting, string>> = {};
  for (const name of Object.keys(WORKSPACE_CONFIG_FIELDS) as WorkspaceSetting[]) {
    const set = given[name];
    const read = fromFile?.values[name];
    // Azure compares names and IDs without regard to case.
    if (set !== undefined && read !== undefined && set.toLowerCase() !== read.toLowerCase()) {
      problems.push({
        code: "ContradictoryWorkspace",
        what: name,
        must: `be the ${WORKSPACE_CONFIG_FIELDS[name].field} of config.json, or be left out`,
        received: { [name]: set, "config.json": read },
        remedy: `\`pulumi config rm ${name}\`, or correct ${file}.`,
      });
    }
    merged[name] = set ?? read;
    // A value that was given and is wrong has its own problem already.
    if (
      merged[name] === undefined &&
      name !== "subscriptionId" &&
      !(name in values) &&
      !("workspaceConfig" in values)
    ) {
      problems.push({
        code: "MissingWorkspace",
        what: name,
        must: "be set, here or in the config.json that workspaceConfig names",
        remedy: `\`pulumi config set ${name} NAME\`, or \`pulumi config set workspaceConfig config.json\``,
      });
    }
  }
  return merged;
}

function describeSetting(name: SettingName, rule: Rule, received: unknown): Problem {
  const problem = describeProblem(rule, name, received);
  return {
    ...problem,
    remedy: `${problem.remedy} For example: \`pulumi config set ${name} ${SETTINGS[name].example}\``,
  };
}

function describeUnknownSetting(name: string): Problem {
  const near = Object.keys(SETTINGS)
    .map((known) => ({ known, far: distance(known.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0]!;
  const hint = near.far <= Math.max(2, name.length / 3) ? `Did you mean ${near.known}? ` : "";
  return {
    code: "UnknownSetting",
    what: `Setting ${JSON.stringify(name)}`,
    must: "be one that this program knows",
    // Its value is not shown: somebody may have stored a password under a name of their own.
    remedy: `${hint}\`pulumi config rm ${name}\` removes it. Known: ${Object.keys(SETTINGS).join(", ")}.`,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
