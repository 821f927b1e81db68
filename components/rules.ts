import type { Problem } from "./problems";
import { GUID_PATTERN, nearestRoleNames, resolveRole } from "./roles";

/** What one value must be like, and what to tell whoever gave another one. */
export interface Rule<T = unknown> {
  accepts: (value: unknown) => value is T;
  code: string;
  /** To be read after "must". */
  must: string;
  remedy: string | ((received: unknown) => string);
}

type Guard<T> = (value: unknown) => value is T;

// Predicates rather than a schema library: one sentence tells all of a rule, and checking the types of a schema
// library was measured to cost more than all the rest of the program (bench/program.ts).
const textThat =
  (holds: (text: string) => boolean): Guard<string> =>
  (value): value is string =>
    typeof value === "string" && holds(value);
const textLike = (pattern: RegExp) => textThat((text) => pattern.test(text));
const wholeNumber =
  (least: number, most: number): Guard<number> =>
  (value): value is number =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

function isListOfDifferentGuids(value: unknown): value is string[] {
  if (!Array.isArray(value) || !value.every(textLike(GUID_PATTERN))) return false;
  const different = new Set(value.map((id) => id.toLowerCase()));
  return value.length >= 1 && value.length <= 100 && different.size === value.length;
}

function isCalendarDate(date: string): boolean {
  const instant = new Date(`${date}T00:00:00Z`);
  // The format alone would take 30 February.
  return (
    /^\d{4}-\d\d-\d\d$/.test(date) &&
    !Number.isNaN(instant.getTime()) &&
    instant.toISOString().startsWith(date)
  );
}

/** The rules of single values, one sentence each; the settings of the stack and the arguments of the component share them. */
export const RULES = {
  subscriptionId: {
    accepts: textLike(GUID_PATTERN),
    code: "InvalidSubscriptionId",
    must: "be a GUID",
    remedy: "`az account list --output table` lists your subscriptions.",
  },
  // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftresources
  resourceGroupName: {
    accepts: textLike(/^[\p{L}\p{Nd}_().-]{0,89}[\p{L}\p{Nd}_()-]$/u),
    code: "InvalidResourceGroup",
    must: "have 1 to 90 letters, digits, or any of _ - . ( ), and not end with a period",
    remedy: "The Azure portal shows the name on the Overview page of the workspace.",
  },
  // https://github.com/Azure/azure-rest-api-specs: Microsoft.MachineLearningServices, parameter workspaceName
  workspaceName: {
    accepts: textLike(/^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$/),
    code: "InvalidWorkspaceName",
    must: "have 3 to 33 letters, digits, - or _, the first a letter or a digit",
    remedy: "The Azure portal shows the name on the Overview page of the workspace.",
  },
  existingApplicationId: {
    accepts: textLike(GUID_PATTERN),
    code: "InvalidExistingApplicationId",
    must: "be a GUID",
    remedy: "`az ad app list --display-name NAME --query [].appId` shows the client ID of an application.",
  },
  // 120: the limit of the Entra portal; Microsoft Graph itself takes 256.
  displayName: {
    accepts: textThat((name) => name.length <= 120 && name.trim() !== ""),
    code: "InvalidDisplayName",
    must: "have 1 to 120 characters",
    remedy: "Choose a name by which an administrator recognises the pipeline.",
  },
  // https://learn.microsoft.com/graph/api/resources/application: description
  description: {
    accepts: textThat((description) => description.length >= 1 && description.length <= 1024),
    code: "InvalidDescription",
    must: "have 1 to 1024 characters",
    remedy: "Leave it out for a description made from the workspace and the stack.",
  },
  serviceManagementReference: {
    accepts: textThat((reference) => reference.trim() !== ""),
    code: "InvalidServiceManagementReference",
    must: "not be empty",
    remedy: "Leave it out unless your tenant demands it; its administrators know the value.",
  },
  // 100: https://learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions
  owners: {
    accepts: isListOfDifferentGuids,
    code: "InvalidOwners",
    must: "be a list of 1 to 100 different object IDs, each a GUID",
    remedy: "`az ad signed-in-user show --query id` shows your own object ID.",
  },
  role: {
    accepts: textThat((role) => resolveRole(role) !== undefined),
    code: "UnknownRole",
    must: "be the name of a built-in role of Azure ML or the GUID of any role",
    remedy: (received: unknown) =>
      `Did you mean ${nearestRoleNames(String(received))
        .map((name) => `"${name}"`)
        .join(
          ", ",
        )}? \`az role definition list --name NAME --query [].name\` shows the GUID of any other role.`,
  },
  scope: {
    accepts: textLike(/^(resourceGroup|workspace|subscription|\/subscriptions\/[^/]+(\/[^/]+\/[^/]+)*)$/),
    code: "InvalidScope",
    must: "be resourceGroup, workspace, subscription or a resource ID that begins with /subscriptions/",
    remedy: "The Azure portal shows the resource ID under Properties or JSON View.",
  },
  authentication: {
    accepts: textLike(/^(secret|federated|both)$/),
    code: "InvalidAuthentication",
    must: "be secret, federated or both",
    remedy: "federated needs no password; both is for moving from one to the other.",
  },
  // Two periods are the life of a secret, and the Entra portal allows no more than 24 months.
  renewSecretsEveryDays: {
    accepts: wholeNumber(1, 365),
    code: "InvalidRenewal",
    must: "be a whole number of days from 1 to 365",
    remedy: "A secret lives for twice as long: 90 gives secrets of at most 180 days.",
  },
  secretsSince: {
    accepts: textThat(isCalendarDate),
    code: "InvalidSecretsSince",
    must: "be a date as YYYY-MM-DD, today (UTC) at the latest",
    remedy: "Leave it out, or take the day from which the periods of the secrets shall count.",
  },
  secretGeneration: {
    accepts: wholeNumber(1, 1_000_000),
    code: "InvalidSecretGeneration",
    must: "be a whole number from 1",
    remedy: "Raise it by one after a leak: that replaces every secret at once.",
  },
} satisfies Record<string, Rule>;

/** The value as the rule reads it, or what is wrong with it. */
export function checkValue<T>(
  rule: Rule<T>,
  what: string,
  value: unknown,
): { value: T; problem?: undefined } | { value?: undefined; problem: Problem } {
  return rule.accepts(value) ? { value } : { problem: describeProblem(rule, what, value) };
}

/** The problem of a value that breaks `rule`. */
export function describeProblem(rule: Rule, what: string, received: unknown): Problem {
  const remedy = typeof rule.remedy === "string" ? rule.remedy : rule.remedy(received);
  return { code: rule.code, what, must: rule.must, received: shorten(received), remedy };
}

/** Whether a date is in the future at `now`: the one rule of a date that needs the clock. */
export function isFutureDate(date: string, now: Date): boolean {
  return Date.parse(`${date}T00:00:00Z`) > now.getTime();
}

/** The problem of a role that would let its holder give itself every other role. */
export function describePrivilegedRole(what: string, received: string): Problem {
  return {
    code: "PrivilegedRole",
    what,
    must: "not let its holder give itself every other role, unless allowPrivilegedRoles is true",
    received,
    remedy: `hi-ml needs Contributor, or less: "AzureML Data Scientist".`,
  };
}

const SHOWN_CHARACTERS = 60;

function shorten(value: unknown): unknown {
  return typeof value === "string" && value.length > 2 * SHOWN_CHARACTERS
    ? `${value.slice(0, SHOWN_CHARACTERS)}… (${value.length} characters)`
    : value;
}
