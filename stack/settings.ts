import * as pulumi from "@pulumi/pulumi";
import { distance } from "fastest-levenshtein";
import { command } from "../components/plan/commands";
import { DEFAULTS, type HimlServicePrincipalArgs } from "../components/himl-service-principal-args";
import { planPrincipal } from "../components/plan/plan";
import { InvalidValuesError, printAsMessage, type Problem } from "../components/plan/problems";
import {
  canonicalArgument,
  DEFERRABLE,
  describeSecretName,
  LATER,
  RULES,
  type CheckedArgument,
} from "../components/plan/rules";
import { isEncrypted } from "../components/pulumi-internals";
import { checkClouds, CLOUD_SETTINGS, type Clouds } from "../components/plan/clouds";
import { readWorkspaceConfig, WORKSPACE_CONFIG_FIELDS, type WorkspaceConfig } from "./workspace-config";

/** A setting of the stack: what the page says of it, and how its text is read. It sets the argument of its name. */
interface Setting {
  description: string;
  /** Shown in commands that work in any shell: `pulumi config set <example>`. */
  example: string;
  /** A second one, where one makes no right value. */
  andThen?: string;
  /** Its default, as text. */
  default?: string;
  /** Converts the text, since Pulumi passes every setting as text. @default unchanged */
  parse?: (text: string) => unknown;
}

// Number alone would read an empty text as 0, and 0x10 as 16.
const asNumber = (text: string): unknown => (/^(0|[1-9]\d*)$/.test(text.trim()) ? Number(text) : text);
const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};
/** A name alone, or one role with its scope, means a list with that role. */
const asRoles = (text: string): unknown => {
  const value = asJson(text);
  if (typeof value === "string" && /^\s*[[{]/.test(text)) return value;
  if (Array.isArray(value)) return value;
  return [typeof value === "object" && value !== null ? value : typeof value === "string" ? value : text];
};

/** Every setting of a stack. Pulumi.yaml repeats the defaults, so that `pulumi config` shows them. */
export const SETTINGS = {
  workspaceConfig: {
    description:
      "Path of hi-ml's `config.json`, relative to the project. It replaces the next three settings. If you set one of them too, it must have the same value.",
    example: "workspaceConfig config.json",
  },
  subscriptionId: {
    description: "Subscription of the workspace. Default: the one that the azure-native provider uses.",
    example: "subscriptionId 00000000-0000-0000-0000-000000000000",
  },
  resourceGroupName: {
    description: "Resource group that contains the workspace. Required without `workspaceConfig`.",
    example: "resourceGroupName rg-ml",
  },
  workspaceName: {
    description: "Name of the Azure ML workspace. Required without `workspaceConfig`.",
    example: "workspaceName ws-ml",
  },
  existingClientId: {
    description:
      "Client ID of an application that somebody else registered. It gets secrets, trusts and roles, and a principal if it has none. Default: the stack registers its own application.",
    example: "existingClientId 00000000-0000-0000-0000-000000000000",
  },
  displayName: {
    description: "Name of the app registration. Default: `himl-<workspace>-<stack>`.",
    example: "displayName himl-training",
  },
  description: {
    description:
      "What an administrator reads about the app registration. Default: a sentence that names workspace, project and stack.",
    example: 'description "Nightly training of team X"',
  },
  owners: {
    description:
      "Object IDs of all owners of the application. Default: the identity that creates it, recorded once.",
    example: '--path "owners[0]" 00000000-0000-0000-0000-000000000000',
    parse: asJson,
  },
  serviceManagementReference: {
    description:
      "Reference to a service in the tenant's asset management. Some tenants refuse applications without one.",
    example: "serviceManagementReference 12345",
  },
  roles: {
    description:
      "A role on the resource group of the workspace: the name of a built-in role of Azure ML, or the GUID of any role. Or a list of such names and of `{role, scope}`, with scope `resourceGroup`, `workspace`, `subscription` or a resource ID. Default: Contributor. With an empty list (`[]`) the stack assigns no role; the output `details` then has the command for an administrator.",
    example: 'roles "AzureML Data Scientist"',
    parse: asRoles,
  },
  allowPrivilegedRoles: {
    description:
      "Allows Owner, User Access Administrator and Role Based Access Control Administrator. A principal with one of these can give itself every other role.",
    example: "allowPrivilegedRoles true",
    default: String(DEFAULTS.allowPrivilegedRoles),
    parse: asJson,
  },
  authentication: {
    description:
      "How pipelines log in: `secret`, `federated` (with the pipeline's own tokens, without a password) or `both` (for moving from one to the other). A change to `federated` removes the secrets. Default: `federated` with `federatedCredentials`, otherwise `secret`.",
    example: "authentication both",
  },
  federatedCredentials: {
    description:
      "The tokens to trust in the place of a password, 20 at most: a list of `{github: {repository, ownerId, repositoryId | subjectPrefix, branch | tag | environment | pullRequest | anyJob}}`, `{azureDevOps: {issuer, subject}}` or `{name, issuer, subject, audience}`.",
    example: '--path "federatedCredentials[0].github.repository" octocat/training',
    andThen: '--path "federatedCredentials[0].github.branch" main',
    parse: asJson,
  },
  allowBroadTrusts: {
    description:
      "Allows trusts that let in more than one repository of GitHub, project of GitLab or workspace of Terraform. Everybody who can run such a job can log in.",
    example: "allowBroadTrusts true",
    default: String(DEFAULTS.allowBroadTrusts),
    parse: asJson,
  },
  renewSecretsEveryDays: {
    description:
      "Days from one renewal to the next, counted from the day of the first `pulumi up`. A secret is valid for at most two of these periods. A change replaces every secret at once.",
    example: "renewSecretsEveryDays 30",
    default: String(DEFAULTS.renewSecretsEveryDays),
    parse: asNumber,
  },
  secretGeneration: {
    description: "Raise it by one after a leak: that replaces every secret at once.",
    example: "secretGeneration 2",
    default: String(DEFAULTS.secretGeneration),
    parse: asNumber,
  },
  keyVault: {
    description:
      "A Key Vault to which each `pulumi up` writes the password: its name, if it is in the resource group of the workspace; its resource ID; or `workspace` for the vault of the workspace. Everybody who may run a job in the workspace can read that vault. Or `{vault, allVariables, secretPrefix}`: with `allVariables` the five other variables are written too (required with `federated`); `secretPrefix` begins the names of the secrets, and no other stack may use it in that vault (default: the stack's name, and 8 characters computed from project, stack and component). Default: no Key Vault.",
    example: "keyVault kv-ml",
    parse: (text) => (/^\s*\{/.test(text) ? asJson(text) : text),
  },
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** The argument that a setting sets. */
function argumentOf(name: SettingName): CheckedArgument | undefined {
  return name === "workspaceConfig" ? undefined : name;
}

/** The rule of a setting, in words. */
export function ruleOf(name: SettingName): string {
  const argument = argumentOf(name);
  return argument ? RULES[argument].must : "be the path of hi-ml's config.json";
}

interface SettingsSource {
  /** The settings of the project's namespace, as Pulumi hands them over. */
  values: Record<string, string>;
  /** Names of the encrypted settings: an error never shows their values. */
  secretNames: ReadonlySet<string>;
  stack: string;
  projectFolder: string;
  /** The clouds that the providers are told to use. */
  clouds?: Clouds;
}

/**
 * The settings of the current stack as arguments of the component.
 *
 * @throws pulumi.RunError, which Pulumi shows without a stack trace, with every problem at once.
 */
export function readSettings(): HimlServicePrincipalArgs {
  const prefix = `${pulumi.getProject()}:`;
  // Call it once: each call parses the whole configuration again.
  const all = pulumi.runtime.allConfig();
  const keys = Object.keys(all).filter((key) => key.startsWith(prefix));
  const secretNames = new Set(keys.filter(isEncrypted).map((key) => key.slice(prefix.length)));
  try {
    const args = parseSettings({
      values: Object.fromEntries(keys.map((key) => [key.slice(prefix.length), all[key]!])),
      secretNames,
      stack: pulumi.getStack(),
      projectFolder: process.cwd(),
      clouds: readClouds(all),
    });
    return keepSecret(args, secretNames);
  } catch (error) {
    throw error instanceof InvalidValuesError ? printAsMessage(new pulumi.RunError(error.message)) : error;
  }
}

/** Keeps secret values secret, in outputs and in errors from Azure. The other settings must be plain. */
function keepSecret(
  args: HimlServicePrincipalArgs,
  secretNames: ReadonlySet<string>,
): HimlServicePrincipalArgs {
  const secret = [...secretNames]
    .filter(isSettingName)
    .map((name) => argumentOf(name) as (typeof DEFERRABLE)[number])
    .filter((argument) => DEFERRABLE.includes(argument) && args[argument] !== undefined);
  return {
    ...args,
    ...Object.fromEntries(secret.map((argument) => [argument, pulumi.secret(args[argument])])),
  };
}

/** Settings that stand in outputs and messages, and in Azure's own logs: none of them may be encrypted. */
const SHOWN: readonly SettingName[] = [
  "subscriptionId",
  "resourceGroupName",
  "workspaceName",
  "existingClientId",
  "roles",
  "federatedCredentials",
  "keyVault",
];

function readClouds(config: Record<string, string>): Clouds {
  const named = CLOUD_SETTINGS.map((name) => [name, config[name] ?? process.env[name]] as const);
  return Object.fromEntries(named.filter(([, cloud]) => cloud !== undefined));
}

/**
 * Reads settings, without Pulumi, and has their plan checked.
 *
 * @throws InvalidValuesError with every problem at once.
 */
export function parseSettings(source: SettingsSource): HimlServicePrincipalArgs {
  const { values, clouds = {}, stack } = source;
  const names = Object.keys(values);
  const args: Partial<Record<CheckedArgument, unknown>> = {};
  for (const name of names.filter(isSettingName)) {
    const argument = argumentOf(name);
    const { parse } = SETTINGS[name] as Setting;
    if (argument) args[argument] = parse ? parse(values[name]!) : values[name];
  }
  const file = values["workspaceConfig"];
  const config = file === undefined ? undefined : readConfig(file, source);
  const workspaceProblems = mergeWorkspace(args, config, source.secretNames);
  const { problems: planned = [] } = planPrincipal(args);
  const problems = [
    ...checkClouds(clouds),
    ...planned.map((problem) => asSetting(problem, source, config)),
    ...SHOWN.filter((name) => source.secretNames.has(name)).map(describeSecretName),
    ...names.filter((name) => !isSettingName(name)).map(describeUnknownSetting),
    ...(config?.problems ?? []),
    ...workspaceProblems,
  ];
  if (problems.length > 0) throw new InvalidValuesError(`Settings of stack ${stack}`, problems);
  return args as unknown as HimlServicePrincipalArgs;
}

function readConfig(file: string, source: SettingsSource): WorkspaceConfig {
  const { projectFolder, secretNames } = source;
  if (file.trim() !== "") {
    const config = readWorkspaceConfig(file, projectFolder);
    if (!secretNames.has("workspaceConfig")) return config;
    const secret = { received: "[secret]", remedy: "Its path is secret, so it is not shown." };
    return { ...config, problems: config.problems.map(({ what, must }) => ({ what, must, ...secret })) };
  }
  const remedy = `Leave it out if you set resourceGroupName and workspaceName.${hintAt("workspaceConfig", source)}`;
  return {
    values: {},
    problems: [{ what: "workspaceConfig", must: ruleOf("workspaceConfig"), received: file, remedy }],
  };
}

/** Adds what config.json says to the arguments; the two must not contradict each other, and together name a workspace. */
function mergeWorkspace(
  args: Partial<Record<CheckedArgument, unknown>>,
  config: WorkspaceConfig | undefined,
  secretNames: ReadonlySet<string>,
): Problem[] {
  const problems: Problem[] = [];
  for (const { argument, field } of WORKSPACE_CONFIG_FIELDS) {
    const set = args[argument];
    const read = config?.values[argument];
    if (typeof set === "string" && typeof read === "string" && !isSameName(argument, set, read)) {
      problems.push({
        what: argument,
        must: `be the ${field} of config.json, or be left out`,
        received: { [argument]: secretNames.has(argument) ? "[secret]" : set, "config.json": read },
        remedy: `${command`pulumi config rm ${argument}`}, or correct config.json.`,
      });
    }
    args[argument] ??= read;
    if (args[argument] !== undefined || argument === "subscriptionId") continue;
    args[argument] = LATER;
    // If config.json is wrong, that is reported already.
    if (config) continue;
    problems.push({
      what: argument,
      must: "be set, here or in the config.json that workspaceConfig names",
      remedy: `${command`pulumi config set ${argument} NAME`}, or \`pulumi config set workspaceConfig config.json\``,
    });
  }
  if (args.subscriptionId === undefined) delete args.subscriptionId;
  return problems;
}

/** Azure compares names and IDs without regard to case. */
function isSameName(argument: CheckedArgument, a: string, b: string): boolean {
  const spell = (text: string) => canonicalArgument(argument, text).toLowerCase();
  return spell(a) === spell(b);
}

/** Turns a problem of an argument into a problem of the setting that set it. */
function asSetting(problem: Problem, source: SettingsSource, config: WorkspaceConfig | undefined): Problem {
  const [, argument = "", place = ""] = /^(\w+)(.*)$/s.exec(problem.what) ?? [];
  const name = (Object.keys(SETTINGS) as SettingName[]).find((one) => argumentOf(one) === argument);
  if (name === undefined) return problem;
  if (config && source.values[name] === undefined && argument in config.values) {
    const { field } = WORKSPACE_CONFIG_FIELDS.find((one) => one.argument === argument)!;
    return { ...problem, what: `${field} in config.json` };
  }
  const example = hintAt(name, source);
  if (source.secretNames.has(name)) {
    const { must, received } = problem;
    const remedy = `${RULES[argument as CheckedArgument].remedy}${example}`;
    return { what: name, must, ...(received !== undefined && { received: "[secret]" }), remedy };
  }
  const quoted = problem.remedy.replace(
    "put it in quotes",
    `put it in quotes in Pulumi.${source.stack}.yaml`,
  );
  const at = name === "roles" ? placeInRoles(place, source.values[name]) : place;
  // `--path` on a list that was set as one text leaves nulls in the list: the whole list must be set again.
  if (at !== "")
    return {
      ...problem,
      what: `${name}${at}`,
      remedy: `${quoted}${problem.received === null ? example : ""}`,
    };
  // As it stands in the stack's settings.
  const received =
    problem.received === undefined ? {} : { received: source.values[name] ?? problem.received };
  return { what: name, must: problem.must, ...received, remedy: `${quoted}${example}` };
}

/** The command that sets a valid value. On an existing list, `--path` would keep wrong entries or lose right ones. */
function hintAt(name: SettingName, { values }: SettingsSource): string {
  const { example, andThen }: Setting = SETTINGS[name];
  const isSet = example.startsWith("--path") && values[name] !== undefined;
  const rest = andThen === undefined ? "" : `, then \`pulumi config set ${andThen}\``;
  return ` For example: ${isSet ? `${command`pulumi config rm ${name}`}, then ` : ""}\`pulumi config set ${example}\`${rest}`;
}

/** The place of a role in the setting: a name alone is not a list. */
function placeInRoles(place: string, text: string | undefined): string {
  return Array.isArray(asJson(text ?? "")) ? place : place.replace(/^\[0\]/, "");
}

function describeUnknownSetting(name: string): Problem {
  const near = Object.keys(SETTINGS)
    .map((known) => ({ known, far: distance(known.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0]!;
  const hint = near.far <= Math.max(2, name.length / 3) ? `Did you mean ${near.known}? ` : "";
  return {
    what: `Setting ${JSON.stringify(name)}`,
    must: "be one that this program knows",
    // Its value is not shown: somebody may have stored a password under a name of their own.
    remedy: `${hint}${command`pulumi config rm ${name}`} removes it. Known: ${Object.keys(SETTINGS).join(", ")}.`,
  };
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
