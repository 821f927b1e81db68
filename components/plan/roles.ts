import { distance } from "fastest-levenshtein";
import type { Problem } from "./problems";
import { quoteHint } from "./rules";
import { canonicalScope, GUID_PATTERN, unwrap } from "./scopes";

/**
 * The built-in roles that matter to Azure Machine Learning, by the name that Azure shows.
 * IDs: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles; they are the same in every tenant.
 */
export const BUILT_IN_ROLES = {
  Contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  Reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
  "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
  "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
  "AzureML Metrics Writer (preview)": "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
  AcrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
  AcrPush: "8311e382-0749-4cb8-b61a-304f252e45ec",
  Owner: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
  "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
  "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
} as const;

export type BuiltInRoleName = keyof typeof BUILT_IN_ROLES;

/** A principal with one of these roles can give itself every other role. */
const PRIVILEGED_ROLES: ReadonlySet<string> = new Set<string>([
  BUILT_IN_ROLES.Owner,
  BUILT_IN_ROLES["User Access Administrator"],
  BUILT_IN_ROLES["Role Based Access Control Administrator"],
]);

/** A role, as Azure identifies it. */
export interface ResolvedRole {
  /** GUID of the role definition, lower case. */
  id: string;
  /** The built-in name where there is one, else the GUID: two spellings of one role give one label. */
  label: string;
  /** Whether its holder can give itself more rights. Undefined for a role that this program does not know. */
  isPrivileged: boolean | undefined;
}

// As `az role definition list` and Azure Resource Manager print it: of a subscription, a management group or the tenant.
const DEFINITION_ID = /^(?:[^?#]*\/)?roledefinitions\/([^/]+)\/?$/;

/** A name as it is compared: people write `Azure ML`, hyphens, and leave `(preview)` out. */
const squeeze = (name: string) =>
  name
    .toLowerCase()
    .replace(/\(preview\)$/, "")
    .replace(/[\s_-]/g, "");

/** The role that a built-in name (in any case), a GUID or a resource ID stands for; undefined if it is none of these. */
export function resolveRole(nameOrId: string): ResolvedRole | undefined {
  const text = unwrap(nameOrId)
    .toLowerCase()
    .replace(/^https:\/\/management\.azure\.com(\/[^?]*).*$/, "$1");
  const wanted = DEFINITION_ID.exec(text.startsWith("/") ? text : `/${text}`)?.[1] ?? text;
  const known = Object.entries(BUILT_IN_ROLES).find(
    ([name, id]) => squeeze(name) === squeeze(wanted) || id === wanted,
  );
  if (known) {
    return { id: known[1], label: known[0], isPrivileged: PRIVILEGED_ROLES.has(known[1]) };
  }
  return GUID_PATTERN.test(wanted) ? { id: wanted, label: wanted, isPrivileged: undefined } : undefined;
}

/** The built-in names that are most similar to `name`, the most similar first. */
export function nearestRoleNames(name: string, count = 3): string[] {
  const likeness = (candidate: string) => distance(candidate.toLowerCase(), name.trim().toLowerCase());
  return Object.keys(BUILT_IN_ROLES)
    .sort((a, b) => likeness(a) - likeness(b))
    .slice(0, count);
}

/** A role that the principal gets, wherever in the list it stands. */
export interface PlannedRole extends ResolvedRole {
  /** In its one spelling: a place of the workspace, or a resource ID. */
  scope: string;
}

const EXAMPLE = 'For example: {"role": "AzureML Data Scientist", "scope": "workspace"}.';

/** The roles in a list, and all problems with it. */
export function resolveRoles(
  list: readonly unknown[],
  allowPrivileged: boolean,
): { roles: PlannedRole[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const roles: PlannedRole[] = [];
  const places = new Set<string>();
  list.forEach((item, i) => {
    const what = `roles[${i}]`;
    const found = resolveItem(item, what, allowPrivileged);
    problems.push(...found.problems);
    if (!found.role) return;
    const key = `${found.role.id} ${found.role.scope}`;
    if (!places.has(key)) roles.push(found.role);
    else {
      const remedy = "Azure allows one assignment for each principal, role and scope: remove one of the two.";
      problems.push({
        what,
        must: "be a role and scope that are not in the list yet",
        received: item,
        remedy,
      });
    }
    places.add(key);
  });
  return { roles, problems };
}

function resolveItem(
  item: unknown,
  what: string,
  allowPrivileged: boolean,
): { role?: PlannedRole; problems: Problem[] } {
  if (typeof item !== "string" && (typeof item !== "object" || item === null || Array.isArray(item))) {
    const remedy = `${quoteHint(item)}${EXAMPLE}`;
    return { problems: [{ what, must: "be a role, or {role, scope}", received: item, remedy }] };
  }
  const given: Record<string, unknown> = typeof item === "string" ? { role: item } : { ...item };
  const { role, scope = "resourceGroup", ...rest } = given;
  const at = typeof item === "string" ? what : `${what}.role`;
  const problems: Problem[] = Object.keys(rest).map((field) => ({
    what: `${what}.${field}`,
    must: "be one of role, scope",
    received: field,
    remedy: "Remove it, or correct its name. Otherwise the role would be given on the resource group.",
  }));
  const place = typeof scope === "string" ? canonicalScope(scope) : undefined;
  if (place === undefined) problems.push(describeScope(`${what}.scope`, scope));
  const found = typeof role === "string" ? resolveRole(role) : undefined;
  if (!found) problems.push(describeUnknownRole(at, role));
  else if (found.isPrivileged && !allowPrivileged) problems.push(describePrivilegedRole(at, role));
  return found && place !== undefined ? { role: { ...found, scope: place }, problems } : { problems };
}

function describeScope(what: string, received: unknown): Problem {
  return {
    what,
    must: "be resourceGroup, workspace, subscription or a resource ID that begins with /subscriptions/",
    received,
    remedy: `${quoteHint(received)}The Azure portal shows the resource ID under Properties or JSON View.`,
  };
}

function describeUnknownRole(what: string, received: unknown): Problem {
  const names = nearestRoleNames(String(received)).map((name) => `"${name}"`);
  const isText = typeof received === "string" && received.length <= 200;
  return {
    what,
    must: "be the name of a built-in role of Azure ML or the GUID of any role",
    received,
    remedy: `${quoteHint(received)}${isText ? `Did you mean ${names.join(", ")}? ` : ""}\`az role definition list --name NAME --query "[].name"\` shows the GUID of any other role.`,
  };
}

/** The problem of a role that would let its holder give itself every other role. */
export function describePrivilegedRole(what: string, received: unknown): Problem {
  return {
    what,
    must: "not let its holder give itself every other role, unless allowPrivilegedRoles is true",
    received,
    remedy: 'hi-ml needs Contributor, or less: "AzureML Data Scientist".',
  };
}
