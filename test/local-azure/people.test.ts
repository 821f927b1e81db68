import assert from "node:assert/strict";
import { type LocalPerson, startLocalAzure } from "../../local-azure/local-azure";
import {
  ARM_SCOPE,
  BAD_REQUEST,
  DENIED,
  GRAPH_SCOPE,
  type Json,
  NOT_FOUND,
  ok,
  refused,
  refusedToken,
  UNAUTHORIZED,
  UNKNOWN_ID,
  useRig,
} from "./rig";

/** The client ID of the Azure command line. */
const AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

describe("local Azure: people", () => {
  const rig = useRig();
  const person = (options: object = {}) =>
    rig.azure.control.createPerson({ displayName: "Ada L", ...options });

  async function asPerson(who: LocalPerson, method: string, path: string, json?: unknown) {
    const token = await who.tokenFor(
      /^\/(v1\.0|beta)\//.test(path) ? "https://graph.microsoft.com" : "https://management.azure.com",
    );
    return rig.call(method, path, json === undefined ? { token } : { token, json });
  }

  it("log in with a password as `az login` does, and again with the refresh token that it keeps", async () => {
    const { userPrincipalName: username, password, objectId } = person();
    const form = {
      client_id: AZURE_CLI,
      scope: `${ARM_SCOPE} offline_access openid profile`,
      client_info: "1",
    };
    const first = ok(
      await rig.requestToken({ ...form, grant_type: "password", username, password }, "organizations"),
    );
    const client = JSON.parse(Buffer.from(String(first.client_info), "base64url").toString()) as object;
    assert.deepEqual(client, { uid: objectId, utid: rig.azure.tenantId });
    const refresh = { ...form, grant_type: "refresh_token", refresh_token: String(first.refresh_token) };
    const second = ok(await rig.requestToken(refresh));
    const { value } = ok(
      await rig.call("GET", "/subscriptions?api-version=2022-12-01", { token: second.access_token }),
    );
    assert.deepEqual(value, []);
    const wrong = await rig.requestToken({ ...form, grant_type: "password", username, password: "x" });
    refusedToken(wrong, 400, "invalid_grant", 50126);
    refusedToken(await rig.requestToken({ ...refresh, refresh_token: "x" }), 400, "invalid_grant", 70008);
  });

  it("read the directory and themselves, with the roles that they have", async () => {
    const admin = person({ directoryRoles: ["Application Administrator"] });
    const me = ok(await asPerson(admin, "GET", "/v1.0/me"));
    assert.deepEqual([me.id, me.userPrincipalName], [admin.objectId, admin.userPrincipalName]);
    const roles = ok(
      await asPerson(admin, "GET", "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole"),
    );
    assert.deepEqual(
      roles.value.map((one: Json) => [one["@odata.type"], one.displayName]),
      [["#microsoft.graph.directoryRole", "Application Administrator"]],
    );
    ok(await asPerson(admin, "GET", `/v1.0/users/${admin.userPrincipalName}`));
    refused(await rig.graph("GET", "/me"), DENIED);
  });

  it("register applications where the tenant lets everybody, and own them; else only with a role", async () => {
    const somebody = person();
    const own = ok(await asPerson(somebody, "POST", "/v1.0/applications", { displayName: "own" }), 201);
    assert.deepEqual(rig.azure.control.state().applications.at(-1)?.owners, [somebody.objectId]);
    ok(await asPerson(somebody, "POST", `/v1.0/applications/${own.id}/addPassword`, {}));
    const foreign = await rig.createApplication("foreign");
    const path = `/v1.0/applications/${foreign.id}`;
    refused(await asPerson(somebody, "PATCH", path, { notes: "x" }), DENIED);
    rig.azure.control.setPolicy({ usersCanRegisterApplications: false });
    const policy = ok(await asPerson(somebody, "GET", "/v1.0/policies/authorizationPolicy"));
    assert.equal((policy.defaultUserRolePermissions as Json).allowedToCreateApps, false);
    const create = (who: LocalPerson) => asPerson(who, "POST", "/v1.0/applications", { displayName: "b" });
    refused(await create(somebody), DENIED);
    ok(await create(person({ directoryRoles: ["Application Developer"] })), 201);
    const admin = person({ directoryRoles: ["Cloud Application Administrator"] });
    ok(await asPerson(admin, "PATCH", path, { notes: "x" }), 204);
  });

  it("have roles in Azure themselves and by way of groups in groups", async () => {
    const reader = person({ role: "Reader" });
    ok(await asPerson(reader, "GET", `${rig.workspace}?api-version=2024-10-01`));
    const member = person();
    const { objectId: inner } = rig.azure.control.createGroup({
      displayName: "inner",
      members: [member.objectId],
    });
    const path = `${rig.workspace}?api-version=2024-10-01`;
    refused(
      await asPerson(member, "GET", path),
      UNAUTHORIZED,
      new RegExp(`^The client '${member.userPrincipalName}' with object id '${member.objectId}'`),
    );
    rig.azure.control.createGroup({ displayName: "outer", members: [inner], role: "Reader" });
    ok(await asPerson(member, "GET", path));
    const list = `${rig.group}/providers/Microsoft.Authorization/roleAssignments`;
    const assigned = ok(
      await rig.arm("GET", `${list}?$filter=${encodeURIComponent(`assignedTo('${member.objectId}')`)}`),
    );
    assert.deepEqual(
      assigned.value.map(({ properties }) => properties.principalType),
      ["Group"],
    );
  });

  it("own applications beside principals, and are found among directory objects", async () => {
    const owner = person();
    const { id } = await rig.createApplication();
    const link = { "@odata.id": `${rig.azure.url}/v1.0/directoryObjects/${owner.objectId}` };
    ok(await rig.graph("POST", `/applications/${id}/owners/$ref`, link), 204);
    const [shown] = ok(await rig.graph("GET", `/applications/${id}/owners`)).value;
    assert.deepEqual([shown?.["@odata.type"], shown?.id], ["#microsoft.graph.user", owner.objectId]);
    const mixed = await rig.graph("GET", `/applications/${id}/owners?$select=appId,userPrincipalName`);
    assert.deepEqual(ok(mixed).value[0]?.userPrincipalName, owner.userPrincipalName);
    assert.equal(ok(await rig.graph("GET", `/directoryObjects/${owner.objectId}`)).displayName, "Ada L");
    refused(await rig.graph("GET", `/directoryObjects/${UNKNOWN_ID}`), NOT_FOUND);
    const types = { ids: [owner.objectId, id], types: ["user"] };
    assert.equal(ok(await rig.graph("POST", "/directoryObjects/getByIds", types)).value.length, 1);
  });
});

describe("local Azure: permissions that are granted", () => {
  const rig = useRig();
  const OWNED_BY = "18a4783c-866b-4cc7-a460-3d5e5662c884";

  async function microsoftGraph(): Promise<Json> {
    const filter = "appId eq '00000003-0000-0000-c000-000000000000'";
    return ok(await rig.graph("GET", `/servicePrincipals?$filter=${encodeURIComponent(filter)}`)).value[0]!;
  }

  it("are those of Microsoft Graph's own principal, and are in the next token", async () => {
    const login = await rig.createLogin("renewing");
    const graph = await microsoftGraph();
    const role = (graph.appRoles as readonly Json[]).find(({ id }) => id === OWNED_BY);
    assert.deepEqual(role?.value, "Application.ReadWrite.OwnedBy");
    const path = `/servicePrincipals/${login.principalId}/appRoleAssignments`;
    const grant = { principalId: login.principalId, resourceId: graph.id, appRoleId: OWNED_BY };
    refused(await rig.graph("POST", "/applications", { displayName: "a" }, login), DENIED);
    const made = ok(await rig.graph("POST", path, grant), 201);
    assert.deepEqual([made.resourceDisplayName, made.principalType], ["Microsoft Graph", "ServicePrincipal"]);
    refused(await rig.graph("POST", path, grant), BAD_REQUEST, /already exists/);
    refused(await rig.graph("POST", path, { ...grant, appRoleId: UNKNOWN_ID }), BAD_REQUEST, /not found/);
    const { access_token: token } = ok(await rig.logIn(login, GRAPH_SCOPE));
    ok(await rig.call("POST", "/v1.0/applications", { token, json: { displayName: "a" } }), 201);
    assert.equal(ok(await rig.graph("GET", path)).value.length, 1);
    ok(await rig.graph("DELETE", `${path}/${made.id}`), 204);
    assert.deepEqual(ok(await rig.graph("GET", path)).value, []);
  });

  it("cannot be granted by who may only register applications, nor by an Application Administrator", async () => {
    const login = await rig.createLogin();
    const graph = await microsoftGraph();
    const path = `/servicePrincipals/${login.principalId}/appRoleAssignments`;
    const grant = { principalId: login.principalId, resourceId: graph.id, appRoleId: OWNED_BY };
    const caller = rig.azure.control.createCaller({
      displayName: "c",
      graphPermissions: ["Application.ReadWrite.All"],
    });
    refused(await rig.graph("POST", path, grant, caller), DENIED);
    for (const [role, status] of [
      ["Application Administrator", 403],
      ["Privileged Role Administrator", 201],
    ] as const) {
      const who = rig.azure.control.createPerson({ displayName: role, directoryRoles: [role] });
      const token = await who.tokenFor("https://graph.microsoft.com");
      assert.equal((await rig.call("POST", `/v1.0${path}`, { token, json: grant })).status, status, role);
    }
  });

  it("are shown with groups, directory roles and lent permissions, as an audit reads them", async () => {
    const { principalId } = await rig.createLogin();
    const { control } = rig.azure;
    control.createGroup({ displayName: "ml-team", members: [principalId] });
    control.giveDirectoryRole(principalId, "Directory Readers");
    const path = `/servicePrincipals/${principalId}`;
    const { value } = ok(await rig.graph("GET", `${path}/transitiveMemberOf?$select=id,displayName`));
    assert.deepEqual(value.map((one: Json) => [one["@odata.type"], one.displayName]).sort(), [
      ["#microsoft.graph.directoryRole", "Directory Readers"],
      ["#microsoft.graph.group", "ml-team"],
    ]);
    assert.deepEqual(ok(await rig.graph("GET", `${path}/oauth2PermissionGrants`)).value, []);
    const graph = await microsoftGraph();
    const scope = { consentType: "AllPrincipals", principalId: null, scope: "User.Read" } as const;
    control.lendPermissions({ clientId: principalId, resourceId: graph.id, ...scope });
    assert.deepEqual(
      ok(await rig.graph("GET", `${path}/oauth2PermissionGrants`)).value[0]?.scope,
      "User.Read",
    );
  });

  it("let a caller read everything or nothing in Graph, whatever it may do in Azure", async () => {
    const { control } = rig.azure;
    const reader = control.createCaller({ displayName: "r", graphPermissions: ["Application.Read.All"] });
    const { id } = await rig.createApplication();
    ok(await rig.graph("GET", `/applications/${id}`, undefined, reader));
    refused(await rig.graph("PATCH", `/applications/${id}`, { notes: "x" }, reader), DENIED);
    refused(await rig.graph("GET", "/users", undefined, reader), DENIED);
    const owner = control.createCaller({ displayName: "o", role: "Owner" });
    const list = (scope: string) =>
      rig.arm("GET", `${scope}/providers/Microsoft.Authorization/roleAssignments`, undefined, owner);
    ok(await list(rig.group));
    refused(await list(`/subscriptions/${rig.azure.subscriptionId}`), UNAUTHORIZED);
  });
});

describe("local Azure: a world of one's own", () => {
  it("has the tenant, subscription, group and workspace that it is told", async () => {
    const chosen = {
      tenantId: "11111111-1111-4111-8111-111111111111",
      subscriptionId: "22222222-2222-4222-8222-222222222222",
      resourceGroup: "rg-mine",
      workspaceName: "ws-mine",
    };
    const azure = await startLocalAzure(chosen);
    try {
      const { tenantId, subscriptionId, resourceGroup, workspaceName } = azure;
      assert.deepEqual({ tenantId, subscriptionId, resourceGroup, workspaceName }, chosen);
    } finally {
      await azure.close();
    }
  });

  describe("with many workspaces", () => {
    const rig = useRig();

    it("lists them by subscription in pages, and all of them by one query", async () => {
      const { control } = rig.azure;
      const { subscriptionId } = control.createSubscription({ displayName: "Third" });
      for (let index = 0; index < 35; index++)
        control.createWorkspace({
          subscriptionId,
          resourceGroup: "rg-many",
          name: `ws-${index}`,
          kind: "Project",
        });
      const person = control.createPerson({
        displayName: "P",
        role: "Reader",
        scope: `/subscriptions/${subscriptionId}`,
      });
      const token = await person.tokenFor("https://management.azure.com");
      let link: string | undefined =
        `/subscriptions/${subscriptionId}/providers/Microsoft.MachineLearningServices/workspaces?api-version=2024-10-01`;
      const names: string[] = [];
      let pages = 0;
      while (link !== undefined) {
        const body: Json = ok(await rig.call("GET", link, { token }));
        names.push(...body.value.map(({ name }) => name));
        link = body.nextLink as string | undefined;
        pages += 1;
      }
      assert.deepEqual([new Set(names).size, pages], [35, 2]);
      const query =
        "Resources | where type =~ 'microsoft.machinelearningservices/workspaces' | project name, subscriptionId";
      const path = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";
      const found = ok(await rig.call("POST", path, { token, json: { query } }));
      assert.equal(found.count, 35);
      assert.deepEqual(Object.keys((found.data as object[])[0]!), ["name", "subscriptionId"]);
      const other = await rig.call("POST", path, { token, json: { query: "Resources | count" } });
      refused(other, "501 NotImplemented");
    });
  });
});
