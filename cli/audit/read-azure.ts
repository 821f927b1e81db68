import { setMaxListeners } from "node:events";
import { command } from "../../components/plan/commands";
import { PROGRAM_TAG } from "../../components/plan/ownership";
import { resolveRole } from "../../components/plan/roles";
import { AzureRefusal, AzureService, type GetToken, GRAPH, RESOURCE_MANAGER } from "../azure/service";
import { describeHolder, readClaims } from "../azure/tokens";
import * as azureTypes from "../azure/types";
import type {
  Application,
  AppRole,
  Delegation,
  DirectoryObject,
  Membership,
  Principal,
  Role,
  Trust,
  VaultSecret,
} from "../azure/types";
import { CliError } from "../errors";
import type { Io } from "../io";
import { isSameId, liveParts } from "./record";
import type { RecordedInstance, StackRecord } from "./record";

/**
 * What Azure says. `undefined` means that the audit could not ask (the question is then in `unanswered`), `null` that the
 * thing does not exist.
 */
export interface AzureAnswers {
  /** In the order of the record's instances. */
  readonly instances: readonly InstanceAnswers[];
  /** All assignments that could be listed, whoever holds them. */
  readonly roles: readonly Role[] | undefined;
  /** Applications and principals with the tag of this program. */
  readonly taggedApplications: readonly Application[] | undefined;
  readonly taggedPrincipals: readonly Principal[] | undefined;
  readonly deletedApplications: readonly Application[] | undefined;
  readonly deletedPrincipals: readonly Principal[] | undefined;
  /** What is recorded in key vaults, by resource ID. */
  readonly vaultSecrets: ReadonlyMap<string, VaultSecret | null | undefined>;
  readonly unanswered: readonly Unanswered[];
}

export interface InstanceAnswers {
  readonly application: Application | null | undefined;
  readonly trusts: readonly Trust[] | undefined;
  readonly applicationOwners: readonly DirectoryObject[] | undefined;
  /** The principal of the application's client ID, whether it is the recorded one or not. */
  readonly principal: Principal | null | undefined;
  readonly principalOwners: readonly DirectoryObject[] | undefined;
  readonly memberships: readonly Membership[] | undefined;
  readonly appRoles: readonly AppRole[] | undefined;
  readonly delegations: readonly Delegation[] | undefined;
}

/** A question that the login had no right to ask. */
export interface Unanswered {
  readonly question: string;
  /** Code of the refusal. */
  readonly code: string;
  /** Which right would answer it. */
  readonly right: string;
}

/** Microsoft Graph and Azure Resource Manager, with one token each. */
export interface Azure {
  readonly graph: AzureService;
  readonly arm: AzureService;
  /** Who asks, for messages. */
  holder(): Promise<string>;
  /** The tenant of the login, as its token says. */
  tenantId(): Promise<string | undefined>;
}

export function connect(io: Io, logIn: GetToken): Azure {
  // One listener for each request that is under way.
  setMaxListeners(0, io.signal);
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (origin: string) => {
    const token = tokens.get(origin) ?? logIn(origin);
    tokens.set(origin, token);
    return token;
  };
  return {
    graph: new AzureService(GRAPH, tokenOf, io.signal),
    arm: new AzureService(RESOURCE_MANAGER, tokenOf, io.signal),
    holder: async () => describeHolder(await tokenOf(GRAPH)),
    tenantId: async () => readClaims(await tokenOf(GRAPH)).tid?.toLowerCase(),
  };
}

const APPLICATION =
  "id,appId,displayName,description,createdDateTime,tags,passwordCredentials,keyCredentials";
const PRINCIPAL = "id,appId,displayName,accountEnabled,tags,passwordCredentials,keyCredentials";
const AUTHORIZATION = "providers/Microsoft.Authorization";
const RIGHTS = {
  applications: "Application.Read.All of Microsoft Graph, or Directory Readers",
  directory: "Directory.Read.All of Microsoft Graph, or Directory Readers",
  roles: "Reader on the subscription",
  vault: "Reader on the vault",
};

/** Asks Azure all questions in parallel. `unanswered` lists those that the login may not ask. */
export async function readAzure(azure: Azure, record: StackRecord): Promise<AzureAnswers> {
  await requireTenant(azure, record);
  const reader = new Reader(azure);
  const tag = encodeURIComponent(`tags/any(t:t eq '${PROGRAM_TAG}')`);
  const [
    instances,
    roles,
    vaultSecrets,
    taggedApplications,
    taggedPrincipals,
    deletedApplications,
    deletedPrincipals,
  ] = await Promise.all([
    Promise.all(record.instances.map((instance) => reader.readInstance(instance))),
    reader.readRoles(record),
    reader.readVaultSecrets(record),
    reader.ask("Which applications did this program create?", RIGHTS.applications, async () =>
      (
        await azure.graph.list<azureTypes.GraphApplication>(
          `/v1.0/applications?$filter=${tag}&$select=${APPLICATION}&$top=999`,
          "list the applications of this program",
        )
      ).map(azureTypes.readApplication),
    ),
    reader.ask("Which principals did this program create?", RIGHTS.applications, async () =>
      (
        await azure.graph.list<azureTypes.GraphApplication>(
          `/v1.0/servicePrincipals?$filter=${tag}&$select=${PRINCIPAL}&$top=999`,
          "list the principals of this program",
        )
      ).map(azureTypes.readPrincipal),
    ),
    reader.ask("Which of its applications are in the recycle bin?", RIGHTS.applications, async () =>
      (
        await azure.graph.list<azureTypes.GraphApplication>(
          `/v1.0/directory/deletedItems/microsoft.graph.application?$select=${APPLICATION},deletedDateTime&$top=999`,
          "list the deleted applications",
        )
      ).map(azureTypes.readApplication),
    ),
    reader.ask("Which principals are in the recycle bin?", RIGHTS.applications, async () =>
      (
        await azure.graph.list<azureTypes.GraphApplication>(
          "/v1.0/directory/deletedItems/microsoft.graph.servicePrincipal?$select=id,appId,displayName&$top=999",
          "list the deleted principals",
        )
      ).map(azureTypes.readPrincipal),
    ),
  ]);
  return {
    instances,
    roles: roles && (await reader.describeRoles(roles, instances)),
    taggedApplications,
    taggedPrincipals,
    deletedApplications,
    deletedPrincipals,
    vaultSecrets,
    unanswered: reader.unanswered,
  };
}

/** In another tenant nothing of the stack exists, and a repair would create all of it again. */
async function requireTenant(azure: Azure, { tenantId }: StackRecord): Promise<void> {
  const tenantOfLogin = await azure.tenantId();
  if (tenantId === undefined || tenantOfLogin === undefined || isSameId(tenantId, tenantOfLogin)) return;
  throw new CliError(
    "OTHER_TENANT",
    `Your login must be in the tenant of the stack, ${tenantId}. It is in ${tenantOfLogin}.`,
    `${command`az login --tenant ${tenantId}`}, or set ARM_TENANT_ID to it.`,
  );
}

interface AppRoleGrant {
  id: string;
  appRoleId: string;
  resourceId: string;
  resourceDisplayName?: string | null;
}

class Reader {
  readonly unanswered: Unanswered[] = [];

  constructor(private readonly azure: Azure) {}

  /** Undefined, and a question without an answer, where the login has no right to ask. */
  async ask<T>(question: string, right: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AzureRefusal && error.isForbidden)) throw error;
      this.unanswered.push({ question, code: error.code, right });
      return undefined;
    }
  }

  async readInstance(instance: RecordedInstance): Promise<InstanceAnswers> {
    const { application, principal } = liveParts(instance);
    if (application === undefined) return NOTHING;
    const { graph } = this.azure;
    const name = application.displayName;
    const path = `/v1.0/applications/${application.objectId}`;
    const filter = encodeURIComponent(`appId eq '${application.clientId}'`);
    const withPrincipal = this.ask(`Is the principal of ${name} there?`, RIGHTS.applications, async () => {
      const found = await graph.list<azureTypes.GraphApplication>(
        `/v1.0/servicePrincipals?$filter=${filter}&$select=${PRINCIPAL}`,
        "read the principal",
      );
      return found[0] === undefined ? null : azureTypes.readPrincipal(found[0]);
    });
    const [found, trusts, applicationOwners, foundPrincipal, ofPrincipal] = await Promise.all([
      this.ask<Application | null>(
        `Is the application ${name} as recorded?`,
        RIGHTS.applications,
        async () => {
          const answer = await graph.find<azureTypes.GraphApplication>(
            `${path}?$select=${APPLICATION}`,
            "read the application",
          );
          return answer && azureTypes.readApplication(answer);
        },
      ),
      this.ask<Trust[]>(`Which trusts does ${name} have?`, RIGHTS.applications, async () => {
        // v1.0 shows nothing of what a flexible trust matches.
        const answer = await graph.listIfThere<azureTypes.GraphTrust>(
          `${path.replace("v1.0", "beta")}/federatedIdentityCredentials`,
          "list the trusts",
        );
        return answer.map(azureTypes.readTrust);
      }),
      this.askOwners(`Who owns the application ${name}?`, `${path}/owners`),
      withPrincipal,
      // Where the record knows its ID, nothing has to be waited for.
      this.readOfPrincipal(name, principal?.objectId ?? withPrincipal.then((one) => one?.objectId)),
    ]);
    return { application: found, trusts, applicationOwners, principal: foundPrincipal, ...ofPrincipal };
  }

  private askOwners(question: string, path: string): Promise<DirectoryObject[] | undefined> {
    return this.ask(question, RIGHTS.directory, async () => {
      const owners = await this.azure.graph.listIfThere<azureTypes.GraphObject>(path, "list the owners");
      return owners.map(azureTypes.readDirectoryObject);
    });
  }

  private async readOfPrincipal(name: string, objectId: string | Promise<string | undefined>) {
    const id = await objectId;
    if (id === undefined) return NOTHING_OF_PRINCIPAL;
    const { graph } = this.azure;
    const path = `/v1.0/servicePrincipals/${id}`;
    const [principalOwners, memberships, appRoles, delegations] = await Promise.all([
      this.askOwners(`Who owns the principal of ${name}?`, `${path}/owners`),
      this.ask(`Which groups and directory roles does ${name} have?`, RIGHTS.directory, () =>
        this.readMemberships(path),
      ),
      this.ask(`Which API permissions does ${name} have?`, RIGHTS.directory, () => this.readAppRoles(path)),
      this.ask(`For whom may ${name} act?`, RIGHTS.directory, async (): Promise<Delegation[]> =>
        (
          await graph.listIfThere<azureTypes.GraphGrant>(
            `${path}/oauth2PermissionGrants`,
            "list the delegated permissions",
          )
        ).map(azureTypes.readDelegation),
      ),
    ]);
    return { principalOwners, memberships, appRoles, delegations };
  }

  private async readMemberships(path: string): Promise<Membership[]> {
    const [all, direct] = await Promise.all(
      ["transitiveMemberOf", "memberOf"].map((which) =>
        this.azure.graph.listIfThere<azureTypes.GraphObject>(
          `${path}/${which}`,
          "list the groups of the principal",
        ),
      ),
    );
    const own = new Set(direct!.map(({ id }) => id));
    return all!.map((one) => ({ ...azureTypes.readDirectoryObject(one), isDirect: own.has(one.id) }));
  }

  /** A grant has only the ID of its permission; the API that defines it knows the name. */
  private async readAppRoles(path: string): Promise<AppRole[]> {
    const { graph } = this.azure;
    const grants = await graph.listIfThere<AppRoleGrant>(
      `${path}/appRoleAssignments`,
      "list the API permissions",
    );
    const apis = [...new Set(grants.map(({ resourceId }) => resourceId))];
    const definitions = await Promise.all(
      apis.map(async (id) => {
        const api = await graph.find<{ appRoles?: { id: string; value: string | null }[] }>(
          `/v1.0/servicePrincipals/${id}?$select=appRoles`,
          "read the API of a permission",
        );
        return api?.appRoles ?? [];
      }),
    );
    const names = new Map(definitions.flat().map(({ id, value }) => [id, value]));
    return grants.map(({ id, appRoleId, resourceDisplayName }) => ({
      id,
      resourceName: resourceDisplayName ?? "an API",
      permission: names.get(appRoleId) ?? appRoleId,
    }));
  }

  /** By Azure Resource Manager, which shows no value, and asks for no right in the vault itself. */
  async readVaultSecrets({ instances }: StackRecord): Promise<AzureAnswers["vaultSecrets"]> {
    const ids = instances.flatMap(({ vaultSecrets }) => vaultSecrets.map(({ id }) => id));
    const entries = ids.map(async (id) => {
      const path = `${encodeURI(id)}?api-version=2024-11-01`;
      const name = id.slice(id.lastIndexOf("/") + 1);
      const found = await this.ask(`Is the secret ${name} in its Key Vault as recorded?`, RIGHTS.vault, () =>
        this.azure.arm.find<azureTypes.ArmVaultSecret>(path, "read a secret of a Key Vault"),
      );
      return [id, found && azureTypes.readVaultSecret(found)] as const;
    });
    return new Map(await Promise.all(entries));
  }

  /** Those of whole subscriptions, or at least those on the scopes that the stack has to do with. */
  async readRoles(record: StackRecord): Promise<Role[] | undefined> {
    const listAt = async (scope: string) =>
      (
        await this.azure.arm.list<azureTypes.ArmRoleAssignment>(
          `${encodeURI(scope)}/${AUTHORIZATION}/roleAssignments?api-version=2022-04-01`,
          "list the role assignments",
        )
      ).map(azureTypes.readRole);
    const scopesOf = (subscription: string) => {
      const scopes = record.instances.flatMap(({ roles }) => roles.map(({ scope }) => scope.toLowerCase()));
      return [...new Set(scopes)].filter((scope) => scope.startsWith(`${subscription}/`));
    };
    const lists = await Promise.all(
      record.subscriptionIds.map(async (id) => {
        const subscription = `/subscriptions/${id}`;
        const question = `Which roles are there in the subscription ${id}?`;
        const whole = await this.ask<Role[]>(question, RIGHTS.roles, () => listAt(subscription));
        if (whole !== undefined) return whole;
        const parts = await Promise.all(
          scopesOf(subscription).map((scope) =>
            this.ask<Role[]>(`Which roles are there on ${scope}?`, `Reader on it`, () => listAt(scope)),
          ),
        );
        const isUnknown = parts.length === 0 || parts.some((part) => part === undefined);
        return isUnknown ? undefined : parts.flatMap((part) => part ?? []);
      }),
    );
    if (lists.length === 0 || lists.some((list) => list === undefined)) return undefined;
    const all: Role[] = lists.flatMap((list) => list ?? []);
    return [...new Map(all.map((role) => [role.id.toLowerCase(), role] as const)).values()];
  }

  /** Of roles that this program does not know, and a principal of the stack or a group of it holds: name and power. */
  async describeRoles(roles: readonly Role[], instances: readonly InstanceAnswers[]): Promise<Role[]> {
    const holders = new Set(
      instances.flatMap(({ principal, memberships }) => [
        ...(principal ? [principal.objectId] : []),
        ...(memberships ?? []).map(({ id }) => id),
      ]),
    );
    const unknown = roles.filter(
      ({ principalId, roleId }) =>
        holders.has(principalId) && resolveRole(roleId)?.isPrivileged === undefined,
    );
    const found = new Map<string, Pick<Role, "roleName" | "isPrivileged">>();
    await Promise.all(
      [...new Set(unknown.map(({ roleId }) => roleId))].map(async (roleId) => {
        const { scope } = unknown.find((role) => role.roleId === roleId)!;
        const definition = await this.ask("What may the holder of each role do?", RIGHTS.roles, () =>
          this.azure.arm.find<azureTypes.ArmRoleDefinition>(
            `${encodeURI(scope)}/${AUTHORIZATION}/roleDefinitions/${roleId}?api-version=2022-04-01`,
            "read a role",
          ),
        );
        if (definition) found.set(roleId, azureTypes.readRoleDefinition(definition));
      }),
    );
    return roles.map((role) => ({ ...role, ...found.get(role.roleId) }));
  }
}

const NOTHING_OF_PRINCIPAL = {
  principalOwners: undefined,
  memberships: undefined,
  appRoles: undefined,
  delegations: undefined,
};
const NOTHING: InstanceAnswers = {
  application: undefined,
  trusts: undefined,
  applicationOwners: undefined,
  principal: undefined,
  ...NOTHING_OF_PRINCIPAL,
};
