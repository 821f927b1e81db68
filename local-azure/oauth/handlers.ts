import { armAudiences, graphAudiences, STORAGE_AUDIENCES, vaultAudiences } from "../audiences";
import { type Call, isGuid, type Reply } from "../call";
import type { Cloud } from "../cloud";
import { hashSecret } from "../ids";
import { checkPassword } from "../store/credentials";
import { displayNameOf, findByAppId, groupsOf } from "../store/directory";
import { AZURE_CLI_APP_ID, GRAPH_APP_ID, GRAPH_APP_ROLES } from "../store/microsoft-graph";
import type { ApplicationRecord, PrincipalRecord, UserRecord } from "../store/records";
import { checkAssertion } from "./assertions";
import { refuse } from "./errors";
import { TokenRefusedError } from "./tokens";
import { replyWithToken, viewConfiguration, viewInstanceDiscovery } from "./views";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const DEFAULT_SCOPE = "/.default";
const OIDC_SCOPES = ["openid", "profile", "offline_access", "email"];
const REFRESH_AUDIENCE = "urn:local-azure:refresh-token";
/** What the Azure command line may do with Microsoft Graph in a person's name. */
const CLI_SCOPES =
  "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All Directory.AccessAsUser.All Group.ReadWrite.All User.Read.All";

export function getOpenIdConfiguration(cloud: Cloud, call: Call): Reply {
  const asked = call.params.tenant!;
  // `az account clear` asks with `organizations`.
  if (isAnyTenant(asked))
    return { status: 200, body: viewConfiguration(call.base, asked.toLowerCase(), "{tenantid}") };
  requireTenant(cloud, asked);
  const { tenantId } = cloud.world.directory;
  return { status: 200, body: viewConfiguration(call.base, tenantId, tenantId) };
}

/** Clients ask this after a refused login; without `metadata` they would mask the refusal. */
export function getInstanceDiscovery(cloud: Cloud, call: Call): Reply {
  return { status: 200, body: viewInstanceDiscovery(call.base, cloud.world.directory.tenantId) };
}

export async function getKeys(cloud: Cloud): Promise<Reply> {
  return { status: 200, body: await cloud.tokens.jwks() };
}

/** What MSAL asks before it logs a person in with a password. */
export function getUserRealm(cloud: Cloud): Reply {
  return {
    status: 200,
    body: {
      ver: "1.0",
      account_type: "Managed",
      domain_name: cloud.world.directory.domain,
      cloud_instance_name: "microsoftonline.com",
      cloud_audience_urn: "urn:federation:MicrosoftOnline",
    },
  };
}

/** The v2 token endpoint. The order of the checks is tenant, grant, client, principal, credential. */
export function createToken(cloud: Cloud, call: Call): Promise<Reply> {
  const grant = call.body.form.get("grant_type") ?? "";
  const isOfPerson = ["password", "refresh_token"].includes(grant);
  if (!isOfPerson || !isAnyTenant(call.params.tenant!)) requireTenant(cloud, call.params.tenant!);
  required(call, "grant_type");
  if (isOfPerson) return logPersonIn(cloud, call, grant);
  if (grant !== "client_credentials") throw refuse("grantUnsupported", { grant });
  return logApplicationIn(cloud, call);
}

async function logApplicationIn(cloud: Cloud, call: Call): Promise<Reply> {
  const { directory, store } = cloud.world;
  const { tenantId, tenantName } = directory;
  const clientId = required(call, "client_id");
  const application = findByAppId(store.tables.applications.all(), clientId);
  const principal = findByAppId(store.tables.principals.all(), clientId);
  // The credentials of a managed identity are those of its principal.
  const holder =
    application ?? (principal?.attributes.servicePrincipalType === "ManagedIdentity" ? principal : undefined);
  if (holder === undefined) throw refuse("applicationNotFound", { clientId, tenant: tenantName });
  const { appId } = holder;
  if (principal === undefined) throw refuse("principalMissing", { appId, tenantId });
  if (principal.attributes.accountEnabled === false)
    throw refuse("applicationDisabled", { appId, name: String(displayNameOf(store.tables, principal)) });
  const audience = readAudience(cloud, call);
  const credential = await checkCredential(cloud, call, holder, principal);
  // Conditional access judges a login that would otherwise succeed.
  if (cloud.policy.blockedClientIds.includes(appId)) throw refuse("blockedByConditionalAccess");
  const claims = {
    appid: appId,
    appidacr: credential === "secret" ? "1" : "2",
    idtyp: "app",
    oid: principal.id,
    roles: graphAudiences(cloud.url).includes(audience) ? permissionsOf(cloud, principal, call.now) : [],
    sub: principal.id,
  };
  return replyWithToken(await cloud.tokens.issue(tenantId, claims, audience));
}

/** The permissions in Microsoft Graph that were granted to a principal. */
function permissionsOf(cloud: Cloud, principal: PrincipalRecord, now: Date): string[] {
  const view = cloud.world.store.visible(now);
  const graph = findByAppId(view.principals.all(), GRAPH_APP_ID);
  const granted = view.appRoleAssignments
    .all()
    .filter((grant) => grant.principalId === principal.id && grant.resourceId === graph?.id)
    .map(({ appRoleId }) => appRoleId);
  return Object.entries(GRAPH_APP_ROLES)
    .filter(([, id]) => granted.includes(id))
    .map(([permission]) => permission);
}

/** A secret or an assertion; those of the application and those of the principal are equally good. */
async function checkCredential(
  cloud: Cloud,
  call: Call,
  application: ApplicationRecord,
  principal: PrincipalRecord,
): Promise<"secret" | "assertion"> {
  const { appId } = application;
  const assertion = call.body.form.get("client_assertion") ?? "";
  if (assertion !== "" && required(call, "client_assertion_type") === ASSERTION_TYPE) {
    await checkAssertion(cloud, application, principal.id, assertion, call.now);
    return "assertion";
  }
  const secret = call.body.form.get("client_secret") ?? "";
  if (secret === "") throw refuse("credentialMissing");
  const view = cloud.world.store.visible(call.now);
  const result = checkPassword(view, [application.id, principal.id], secret, call.now);
  if (result === "expired") throw refuse("expiredSecret", { appId });
  if (result === "unknown") throw refuse("invalidSecret", { appId });
  return "secret";
}

/** With a password, or with the refresh token that `az login` keeps. */
async function logPersonIn(cloud: Cloud, call: Call, grant: string): Promise<Reply> {
  const { tokens, world } = cloud;
  const { tenantId } = world.directory;
  const clientId = required(call, "client_id");
  const user = grant === "password" ? findByPassword(cloud, call) : await findByRefreshToken(cloud, call);
  const audience = readAudience(cloud, call);
  const claims = personClaims(cloud, user, clientId, audience, call.now);
  const { displayName, userPrincipalName } = user.attributes;
  const identity = { oid: user.id, sub: user.id, name: displayName };
  const issuer = `${call.base}/${tenantId}/v2.0`;
  const idClaims = { ...identity, preferred_username: userPrincipalName, tid: tenantId, ver: "2.0" };
  return replyWithToken(await tokens.issue(tenantId, claims, audience), {
    scope: call.body.form.get("scope"),
    refresh_token: (await tokens.issue(tenantId, { oid: user.id, appid: clientId }, REFRESH_AUDIENCE))
      .accessToken,
    id_token: await tokens.sign(idClaims, issuer, clientId),
    client_info: Buffer.from(JSON.stringify({ uid: user.id, utid: tenantId })).toString("base64url"),
  });
}

/** What an access token says about a person. */
export function personClaims(cloud: Cloud, user: UserRecord, clientId: string, audience: string, now: Date) {
  const view = cloud.world.store.visible(now);
  const { displayName, userPrincipalName } = user.attributes;
  return {
    appid: clientId,
    appidacr: "0",
    idtyp: "user",
    name: displayName,
    oid: user.id,
    scp: graphAudiences(cloud.url).includes(audience) ? CLI_SCOPES : "user_impersonation",
    sub: user.id,
    unique_name: userPrincipalName,
    upn: userPrincipalName,
    wids: groupsOf(view, user.id).flatMap(({ roleTemplateId }) => roleTemplateId ?? []),
  };
}

function findByPassword(cloud: Cloud, call: Call): UserRecord {
  const name = required(call, "username").toLowerCase();
  const hash = hashSecret(required(call, "password"));
  const user = cloud.world.store.tables.users
    .all()
    .find(
      ({ attributes, passwordHash }) =>
        attributes.userPrincipalName.toLowerCase() === name && passwordHash === hash,
    );
  if (user === undefined) throw refuse("passwordWrong");
  if (user.attributes.accountEnabled === false) throw refuse("personDisabled");
  return user;
}

async function findByRefreshToken(cloud: Cloud, call: Call): Promise<UserRecord> {
  try {
    const { tenantId } = cloud.world.directory;
    const { objectId } = await cloud.tokens.verify(required(call, "refresh_token"), tenantId, [
      REFRESH_AUDIENCE,
    ]);
    const user = cloud.world.store.tables.users.get(objectId);
    if (user !== undefined) return user;
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
  }
  throw refuse("refreshTokenInvalid");
}

/** The client, as far as it is known: for the log of requests. */
export function readClient(cloud: Cloud, call: Call<undefined>): { appId: string | null } {
  const clientId = call.body.form.get("client_id") ?? "";
  const isKnown =
    clientId === AZURE_CLI_APP_ID ||
    findByAppId(cloud.world.store.tables.applications.all(), clientId) !== undefined;
  return { appId: isKnown ? clientId.toLowerCase() : null };
}

function required(call: Call, parameter: string): string {
  const value = call.body.form.get(parameter) ?? "";
  if (value === "") throw refuse("parameterMissing", { parameter });
  return value;
}

/** Exactly `/.default` is stripped: `https://management.core.windows.net//.default` keeps its slash as the audience. */
function readAudience(cloud: Cloud, call: Call): string {
  const scope = required(call, "scope");
  const [only, ...others] = scope.split(" ").filter((one) => !OIDC_SCOPES.includes(one));
  if (only === undefined || others.length > 0) throw refuse("scopeInvalid", { scope });
  if (!only.endsWith(DEFAULT_SCOPE)) throw refuse("scopeNotDefault", { scope });
  const resource = only.slice(0, -DEFAULT_SCOPE.length);
  const { url } = cloud;
  const known = [...graphAudiences(url), ...armAudiences(url), ...vaultAudiences(url), ...STORAGE_AUDIENCES];
  const tenant = cloud.world.directory.tenantName;
  if (!known.includes(resource)) throw refuse("resourceNotFound", { resource, tenant });
  return resource;
}

const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

function isAnyTenant(tenant: string): boolean {
  return ["common", "organizations"].includes(tenant.toLowerCase());
}

/** A tenant is named by its ID or its domain. */
function requireTenant(cloud: Cloud, tenant: string): void {
  const { tenantId, domain } = cloud.world.directory;
  if ([tenantId, domain].includes(tenant.toLowerCase())) return;
  throw refuse(isGuid(tenant) || DOMAIN.test(tenant) ? "tenantNotFound" : "tenantInvalid", { tenant });
}
