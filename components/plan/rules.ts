import { isVisible, type Problem } from "./problems";
import { canonicalScope, GUID_PATTERN, RESOURCE_GROUP, subscriptionOf, unwrap } from "./scopes";
import { canonicalVault, LONGEST_PREFIX, WORKSPACE_VAULT } from "./vaults";

/** The rule for one value, the message if it is broken, and the canonical spelling if there are several. */
export interface Rule<T = unknown> {
  accepts: (value: unknown) => value is T;
  /** To be read after "must". */
  must: string;
  remedy: string;
  /** The right value that somebody meant with a wrong one, for the message. */
  meant?: (value: string) => string | undefined;
  /** Whether the value is a number or a truth value, so that quotes do not help. */
  takesScalars?: true;
  canonical?: (value: T) => T;
}

type Guard<T> = (value: unknown) => value is T;

// Predicates rather than a schema library: one sentence states each rule, and checking the types of a schema
// library costs more than the rest of the program (measured with bench/program.ts).
const textThat =
  (holds: (text: string) => boolean): Guard<string> =>
  (value): value is string =>
    typeof value === "string" && holds(value);
const textLike = (pattern: RegExp) => textThat((text) => pattern.test(text));
const textOf = (most: number) => textThat((text) => text.length <= most && text.trim() !== "");
const wholeNumber =
  (least: number, most: number): Guard<number> =>
  (value): value is number =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const guid = textThat((text) => GUID_PATTERN.test(unwrap(text)));
const canonicalGuid = (text: string) => unwrap(text).toLowerCase();
// https://github.com/Azure/azure-rest-api-specs: Microsoft.MachineLearningServices, parameter workspaceName
const WORKSPACE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$/;
const rule = <T>(definition: Rule<T>) => definition;

/** What `az account show` and Azure Resource Manager print: the GUID, or the ID of something in the subscription. */
const canonicalSubscription = (text: string) => {
  const scope = canonicalScope(text);
  return scope?.startsWith("/") ? subscriptionOf(scope) : canonicalGuid(text);
};

/** The one GUID in a text that has more than that: an address, `api://` and the GUID, or one without its hyphens. */
const guidIn = (text: string): string | undefined => {
  const spelled = text.replace(
    /\b([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})\b/gi,
    "$1-$2-$3-$4-$5",
  );
  const found = spelled.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi) ?? [];
  return found.length === 1 ? found[0].toLowerCase() : undefined;
};

/** The name at a place of the resource ID that somebody gave instead of the name, or the name without what was copied along. */
const nameIn = (text: string, place: number, isName: RegExp): string | undefined => {
  const scope = canonicalScope(text);
  const name = scope?.startsWith("/") ? scope.split("/")[place] : unwrap(text).replace(/^\/+|\/+$/g, "");
  return name !== undefined && name !== text && isName.test(name) ? name : undefined;
};

function isListOfDifferentGuids(value: unknown): value is string[] {
  if (!Array.isArray(value) || !value.every(guid)) return false;
  const different = new Set(value.map(canonicalGuid));
  return value.length >= 1 && value.length <= 100 && different.size === value.length;
}

/** The rules of the arguments, one sentence each; a setting of the stack has the rule of the argument that it sets. */
export const RULES = {
  subscriptionId: rule({
    accepts: textThat((text) => GUID_PATTERN.test(canonicalSubscription(text))),
    must: "be a GUID",
    remedy: "`az account list --output table` lists your subscriptions.",
    meant: guidIn,
    canonical: canonicalSubscription,
  }),
  resourceGroupName: rule({
    accepts: textLike(RESOURCE_GROUP),
    must: "have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period",
    remedy: "The Azure portal shows the name on the Overview page of the workspace.",
    meant: (text) => nameIn(text, 4, RESOURCE_GROUP),
  }),
  workspaceName: rule({
    accepts: textLike(WORKSPACE_NAME),
    must: "have 3 to 33 letters, digits, - or _, the first a letter or a digit",
    remedy: "The Azure portal shows the name on the Overview page of the workspace.",
    meant: (text) => nameIn(text, 8, WORKSPACE_NAME),
  }),
  existingClientId: rule({
    accepts: guid,
    must: "be a GUID",
    remedy: '`az ad app list --display-name NAME --query "[].appId"` shows the client ID of an application.',
    meant: guidIn,
    canonical: canonicalGuid,
  }),
  // 120: the limit of the Entra portal; Microsoft Graph itself takes 256.
  displayName: rule({
    accepts: textOf(120),
    must: "have 1 to 120 characters",
    remedy: "Choose a name by which an administrator recognises the pipeline.",
  }),
  // https://learn.microsoft.com/graph/api/resources/application: description
  description: rule({
    accepts: textOf(1024),
    must: "have 1 to 1024 characters",
    remedy: "Leave it out for a description made from the workspace and the stack.",
  }),
  serviceManagementReference: rule({
    accepts: textThat((reference) => reference.trim() !== ""),
    must: "not be empty",
    remedy: "Leave it out unless your tenant demands it; its administrators know the value.",
  }),
  // 100: https://learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions
  owners: rule({
    accepts: isListOfDifferentGuids,
    must: "be a list of 1 to 100 different object IDs, each a GUID",
    remedy: "`az ad signed-in-user show --query id` shows your own object ID.",
    // Their order means nothing.
    canonical: (ids) => ids.map(canonicalGuid).sort(),
  }),
  roles: rule({
    accepts: (value): value is unknown[] => Array.isArray(value),
    must: "be a list of roles",
    remedy: "Each is a name, then it applies to the resource group of the workspace, or {role, scope}.",
  }),
  allowPrivilegedRoles: rule({
    accepts: isBoolean,
    must: "be true or false",
    takesScalars: true,
    remedy: "Leave it out unless you mean to give a privileged role.",
  }),
  authentication: rule({
    accepts: (value): value is "secret" | "federated" | "both" =>
      value === "secret" || value === "federated" || value === "both",
    must: "be secret, federated or both",
    remedy: "federated needs no password; both is for moving from one to the other.",
  }),
  federatedCredentials: rule({
    accepts: (value): value is unknown[] => Array.isArray(value),
    must: "be a list of trusts",
    remedy: "docs/passwordless.md shows one for each kind of pipeline.",
  }),
  allowBroadTrusts: rule({
    accepts: isBoolean,
    must: "be true or false",
    takesScalars: true,
    remedy: "Leave it out unless you mean to trust more than one repository, project or workspace.",
  }),
  // A secret is valid for two periods, and the Entra portal allows at most 24 months.
  renewSecretsEveryDays: rule({
    accepts: wholeNumber(1, 365),
    must: "be a whole number of days from 1 to 365",
    takesScalars: true,
    remedy: "A secret lives for twice as long: 90 gives secrets of at most 180 days.",
  }),
  secretGeneration: rule({
    accepts: wholeNumber(1, 1_000_000),
    must: "be a whole number from 1",
    takesScalars: true,
    remedy: "Raise it by one after a leak: that replaces every secret at once.",
  }),
  keyVault: rule({
    accepts: textThat((text) => canonicalVault(text) !== undefined),
    must: "be the name of a Key Vault, its resource ID, or workspace",
    remedy:
      '`az keyvault list --query "[].id"` lists resource IDs. A name alone means a vault in the resource group of the workspace.',
    canonical: (text) => canonicalVault(text) ?? text,
  }),
  previewChecks: rule({
    accepts: isBoolean,
    must: "be true or false",
    takesScalars: true,
    remedy: "Leave it out, so that a preview finds wrong names.",
  }),
  // A new argument without a rule does not compile.
};

/** The rules of an object in the place of a vault's name. */
const KEY_VAULT: Readonly<Record<string, Rule>> = {
  vault: RULES.keyVault as Rule,
  allVariables: rule<unknown>({
    accepts: isBoolean,
    must: "be true or false",
    takesScalars: true,
    remedy: "Leave it out to deliver only the password.",
  }),
  secretPrefix: rule<unknown>({
    accepts: textThat((text) => /^[0-9A-Za-z-]+$/.test(text) && text.length <= LONGEST_PREFIX),
    must: `have 1 to ${LONGEST_PREFIX} letters of A to Z, digits or hyphens`,
    remedy: "Leave it out for one made from the name of the stack.",
  }),
};

/** Every argument that is a value. */
export type CheckedArgument = keyof typeof RULES;

/** A terminal and the log of a pipeline interpret such characters instead of showing them. */
export const INVISIBLE = {
  must: "have no control characters, and no characters that are invisible or change the direction of the text",
  remedy: "Type it again: such characters often come with copied text.",
};

/** What is wrong with the value of an argument. */
export function checkArgument(argument: CheckedArgument, value: unknown): Problem | undefined {
  return checkValue(argument, RULES[argument] as Rule, value);
}

function checkValue(what: string, rule: Rule, value: unknown): Problem | undefined {
  const { accepts, must, remedy, meant, takesScalars } = rule;
  if (typeof value === "string" && !isVisible(value)) return { what, ...INVISIBLE, received: value };
  if (accepts(value) && !isDateOfYaml(value)) return undefined;
  const right = typeof value === "string" ? meant?.(value) : undefined;
  const hint = right !== undefined ? `Did you mean ${right}? ` : takesScalars ? "" : quoteHint(value);
  return { what, must, received: value, remedy: `${hint}${remedy}` };
}

/** What is wrong with a name of Azure that is a secret. */
export function describeSecretName(what: string): Problem {
  return {
    what,
    must: "not be a secret: names stand in Azure's own logs, in the outputs and in messages",
    remedy:
      "In a program, `pulumi.unsecret` makes a plain value of it. In the settings of a stack, set it again without `--secret`.",
  };
}

/** Unchecked arguments, of unknown types. */
export type GivenArgs = { readonly [argument: string]: unknown };

type Authentication = "secret" | "federated" | "both";

/** Placeholder for an argument whose value is not known yet. It is checked later. */
export const LATER = Symbol("later");

/** Arguments that may be outputs. The others decide how many resources there are. */
export const DEFERRABLE = [
  "workspaceName",
  "resourceGroupName",
  "subscriptionId",
  "displayName",
  "description",
  "serviceManagementReference",
  "owners",
  "keyVault",
] as const satisfies CheckedArgument[];

/** The canonical spelling of an argument's value. An invalid value is returned unchanged. */
export function canonicalArgument<A extends CheckedArgument, T>(argument: A, value: T): T {
  const { canonical, accepts } = RULES[argument] as unknown as Rule<T>;
  return canonical && accepts(value) ? canonical(value) : value;
}

/** The hint if YAML may have read a text as a number, a date or null, and the original text is not known any more. */
export function quoteHint(value: unknown): string {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.some(isMadeByYaml) ? "If a text is meant, put it in quotes. " : "";
}

function isMadeByYaml(value: unknown): boolean {
  if (typeof value === "string") return isDateOfYaml(value);
  return typeof value === "number" || typeof value === "boolean" || value === null || value instanceof Date;
}

export const isDateOfYaml = (value: unknown) => typeof value === "string" && YAML_DATE.test(value);

/** How the engine passes on a date without quotes in `Pulumi.<stack>.yaml`. Go prints it in the second form. */
const YAML_DATE = /^\d{4}-\d\d-\d\d(?:T| )\d\d:\d\d:\d\d(\.\d+)?(?:Z|[+-]\d\d:\d\d| [+-]\d{4} \w+)$/;

/** What is wrong with an argument, as far as its value is known. */
export function checkGiven(argument: CheckedArgument, value: unknown): Problem | undefined {
  if (value !== LATER) return checkArgument(argument, value);
  if ((DEFERRABLE as readonly string[]).includes(argument)) return undefined;
  return describeOutput(argument);
}

/** What is set for the Key Vault: the vault alone, or with what is delivered; and all problems with it. */
export function readKeyVault(given: unknown): {
  vault: unknown;
  allVariables: boolean;
  secretPrefix: string | undefined;
  problems: Problem[];
} {
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  const fields = isObject ? (given as Record<string, unknown>) : { vault: given };
  const problems = Object.entries(fields).flatMap(([field, value]) => {
    const what = isObject ? `keyVault.${field}` : "keyVault";
    const known = KEY_VAULT[field];
    if (!known)
      return {
        what,
        must: `be one of ${Object.keys(KEY_VAULT).join(", ")}`,
        received: field,
        remedy: "Remove it, or correct its name.",
      };
    if (value === undefined || (value === LATER && field === "vault")) return [];
    return (value === LATER ? describeOutput(what) : checkValue(what, known, value)) ?? [];
  });
  if (isObject && fields["vault"] === undefined)
    problems.push({ what: "keyVault.vault", must: "be given", remedy: RULES.keyVault.remedy });
  return {
    vault: fields["vault"],
    allVariables: fields["allVariables"] === true,
    // Key Vault ignores the case of names, but azure-native compares them exactly.
    secretPrefix: (fields["secretPrefix"] as string | undefined)?.toLowerCase?.(),
    problems,
  };
}

function describeOutput(what: string): Problem {
  const remedy = "It decides how many resources there are, so it cannot come from another resource.";
  return { what, must: "be a plain value, not an output", remedy };
}

/** Checks that there are trusts if and only if the authentication needs them. */
export function checkAuthentication(authentication: Authentication, trusts: number): Problem[] {
  if (authentication === "secret" && trusts > 0) {
    return [
      {
        what: "authentication",
        must: "be federated or both if there are federatedCredentials",
        received: authentication,
        remedy: "Choose both to keep the password while pipelines move, federated afterwards.",
      },
    ];
  }
  if (authentication === "secret" || trusts > 0) return [];
  return [
    {
      what: "federatedCredentials",
      must: `name whose tokens to trust if authentication is ${authentication}`,
      remedy: 'For example: [{"github": {"repository": "owner/name", "environment": "production"}}]',
    },
  ];
}

/** Checks that there is something to write to a Key Vault, and that Azure may be asked where the workspace's own is. */
export function checkDelivery(
  { vault, allVariables }: ReturnType<typeof readKeyVault>,
  authentication: Authentication,
  previewChecks: unknown,
): Problem[] {
  if (vault === undefined) return [];
  const problems: Problem[] = [];
  if (authentication === "federated" && !allVariables)
    problems.push({
      what: "keyVault",
      must: "be left out if authentication is federated: there is no password to deliver",
      remedy: 'allVariables delivers the five other variables: {"vault": "NAME", "allVariables": true}.',
    });
  const isWorkspace = typeof vault === "string" && canonicalVault(vault) === WORKSPACE_VAULT;
  if (isWorkspace && previewChecks === false)
    problems.push({
      what: "keyVault",
      must: "name the vault if previewChecks is false: only Azure tells the vault of the workspace",
      received: vault,
      remedy: RULES.keyVault.remedy,
    });
  return problems;
}

/** Arguments that describe an application: not allowed for somebody else's application. */
const DESCRIBING = ["displayName", "description", "serviceManagementReference", "owners"] as const;

export function checkExistingApplication(args: GivenArgs): Problem[] {
  if (args.existingClientId === undefined) return [];
  return DESCRIBING.filter((name) => args[name] !== undefined).map((name) => ({
    what: name,
    must: "be left out if existingClientId is set",
    remedy: "Somebody else registered that application, and decides on its name and owners.",
  }));
}
