import { CliError } from "../../errors";
import { mayDo, type Permission } from "../../../components/plan/permissions";
import type { AzureLogin } from "./login";
import type { Answer, AzureService } from "../../azure/service";
import { groupScope, type Workspace, workspaceScope } from "./workspaces";

/** Whether the login may do something, as far as Azure tells. */
export interface Right {
  /** What it is for, in words. */
  what: string;
  answer: "may" | "may not" | "may be refused" | "could not be checked";
  /** What the answer comes from. */
  because: string;
  /** Who can grant it, and what; where it is missing. */
  remedy?: string;
}

/** What `init` checks before it writes. */
export interface Rights {
  registerApplications: Right;
  assignRole: Right;
  readWorkspace: Right;
}

const ASSIGN = "Microsoft.Authorization/roleAssignments/write";
const AUTHORIZATION = "2022-04-01";

/** https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference */
const REGISTERING_ROLES: Readonly<Record<string, string>> = {
  "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
  "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
  "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
  "cf1c38e5-3621-4004-a7cb-879624dced7c": "Application Developer",
};
const REGISTERING_PERMISSIONS = ["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"];

/** Asks Azure what this login may do. Writes nothing. */
export async function checkRights(login: AzureLogin, workspace: Workspace): Promise<Rights> {
  const arm = () => login.reader("management", workspace.subscriptionId);
  const [registerApplications, assignRole, readWorkspace] = await Promise.all([
    attempt("register an application", () => checkRegistering(login, workspace.subscriptionId)),
    attempt(`assign a role on the resource group ${workspace.resourceGroup}`, async () =>
      checkAssigning(arm(), login, workspace),
    ),
    attempt(`read the workspace ${workspace.name}`, async () => checkReading(arm(), workspace)),
  ]);
  return { registerApplications, assignRole, readWorkspace };
}

/** What cannot be asked is no refusal: the login may lack the right to ask. */
async function attempt(what: string, check: () => Promise<Omit<Right, "what">>): Promise<Right> {
  try {
    return { what, ...(await check()) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { what, answer: "could not be checked", because: error.message };
  }
}

async function checkRegistering(login: AzureLogin, subscriptionId: string): Promise<Omit<Right, "what">> {
  const claims = await login.claims(subscriptionId);
  const permission = claims.roles?.find((role) => REGISTERING_PERMISSIONS.includes(role));
  if (permission !== undefined) return { answer: "may", because: `the permission ${permission}` };

  const graph = login.reader("graph", subscriptionId);
  const isPerson = claims.idtyp !== "app";
  // Not the cast to directory roles in the path: it wants the headers of an advanced query.
  const held = await graph.askAll<{ roleTemplateId?: string }>(
    `/v1.0/${isPerson ? "me" : `servicePrincipals/${claims.oid}`}/transitiveMemberOf?$top=999`,
  );
  const ids = [
    ...(claims.wids ?? []),
    ...(held.body ?? []).map(({ roleTemplateId }) => roleTemplateId ?? ""),
  ];
  const role = ids.map((id) => REGISTERING_ROLES[id]).find((name) => name !== undefined);
  if (role !== undefined) return { answer: "may", because: `the directory role ${role}` };
  if (held.body === undefined) return unchecked("its directory roles", held);

  const remedy =
    "Ask an administrator of the tenant for the directory role Application Developer. Or let the administrator register the application, and set `existingClientId`.";
  if (!isPerson)
    return { answer: "may not", because: "it has no permission and no directory role for that", remedy };
  const me = await graph.ask<{ userType?: string }>("/v1.0/me?$select=userType");
  if (me.body?.userType === "Guest")
    return {
      answer: "may not",
      because: "you are a guest in the tenant, without a directory role for that",
      remedy,
    };
  const policy = await graph.ask<{ defaultUserRolePermissions: { allowedToCreateApps: boolean } }>(
    "/v1.0/policies/authorizationPolicy",
  );
  if (policy.body === undefined) return unchecked("the tenant's policy", policy);
  return policy.body.defaultUserRolePermissions.allowedToCreateApps
    ? { answer: "may", because: "the tenant lets its users do that" }
    : {
        answer: "may not",
        because: "the tenant lets only some users do that, and you have no directory role for it",
        remedy,
      };
}

function unchecked(what: string, { code, status }: Answer<unknown>): Omit<Right, "what"> {
  return { answer: "could not be checked", because: `${what} cannot be read (${code ?? status})` };
}

async function checkAssigning(
  arm: AzureService,
  login: AzureLogin,
  workspace: Workspace,
): Promise<Omit<Right, "what">> {
  const scope = groupScope(workspace);
  const granted = await arm.askAll<Permission>(
    `${scope}/providers/Microsoft.Authorization/permissions?api-version=${AUTHORIZATION}`,
  );
  const remedy = `Somebody with the role Owner or User Access Administrator on ${scope} assigns the role for you.`;
  if (granted.body === undefined) {
    return granted.status === 403 || granted.status === 404
      ? { answer: "may not", because: `you have no role there (${granted.code ?? granted.status})`, remedy }
      : { answer: "could not be checked", because: `Azure did not say (${granted.code ?? granted.status})` };
  }
  if (!mayDo(granted.body, ASSIGN))
    return { answer: "may not", because: `none of your roles allows ${ASSIGN}`, remedy };
  return (await isConditional(arm, login, scope, workspace.subscriptionId))
    ? {
        answer: "may be refused",
        because: "your right to assign roles has a condition, which may exclude this role or principal",
        remedy,
      }
    : { answer: "may", because: "your roles allow it; Azure does not report deny assignments" };
}

interface Assignment {
  properties: { roleDefinitionId: string; condition?: string | null };
}

/** Whether every assignment that lets the login assign roles has a condition. The permissions do not tell of it. */
async function isConditional(
  arm: AzureService,
  login: AzureLogin,
  scope: string,
  subscriptionId: string,
): Promise<boolean> {
  const { oid } = await login.claims(subscriptionId);
  const filter = encodeURIComponent(`assignedTo('${oid}')`);
  const assignments = await arm.askAll<Assignment>(
    `${scope}/providers/Microsoft.Authorization/roleAssignments?$filter=${filter}&api-version=${AUTHORIZATION}`,
  );
  const granting: Assignment[] = [];
  for (const assignment of assignments.body ?? []) {
    const definition = await arm.ask<{ properties: { permissions: Permission[] } }>(
      `${assignment.properties.roleDefinitionId}?api-version=${AUTHORIZATION}`,
    );
    if (definition.body && mayDo(definition.body.properties.permissions, ASSIGN)) granting.push(assignment);
  }
  return granting.length > 0 && granting.every(({ properties }) => Boolean(properties.condition));
}

async function checkReading(arm: AzureService, workspace: Workspace): Promise<Omit<Right, "what">> {
  const answer = await arm.ask(`${workspaceScope(workspace)}?api-version=2024-10-01`);
  if (answer.status === 200) return { answer: "may", because: "it was read" };
  const reason = answer.code ?? String(answer.status);
  return answer.status === 403 || answer.status === 404
    ? {
        answer: "may not",
        because: `Azure refused (${reason})`,
        remedy: `Ask somebody with the role Owner on the workspace for the role Reader. Or the name is wrong.`,
      }
    : { answer: "could not be checked", because: `Azure did not say (${reason})` };
}
