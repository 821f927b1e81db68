import assert from "node:assert/strict";
import {
  type Answer,
  ARM_SCOPE,
  DENIED,
  type Json,
  NOT_FOUND,
  ok,
  refused,
  UNAUTHORIZED,
  useRig,
} from "./rig";

const BAD = "Request_BadRequest";
const CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const GROUP = { displayName: "team", mailNickname: "team", mailEnabled: false, securityEnabled: true };

describe("local Azure: people in Microsoft Graph", () => {
  const rig = useRig();
  const password = "p@$$Wd123";

  async function create(name: string, more: object = {}): Promise<Json> {
    const { value } = ok(await rig.graph("GET", "/domains"));
    const body = {
      displayName: name,
      mailNickname: name,
      accountEnabled: true,
      userPrincipalName: `${name}'s@${value[0]!.id}`,
      passwordProfile: { password, forceChangePasswordNextSignIn: false },
      ...more,
    };
    return ok(await rig.graph("POST", "/users", body), 201);
  }

  function logIn(username: unknown, secret: string): Promise<Answer> {
    const form = { grant_type: "password", client_id: CLI, username: String(username), password: secret };
    return rig.requestToken({ ...form, scope: `${ARM_SCOPE} openid` });
  }

  it("log in with their password while the account is enabled, and with the next one after a change", async () => {
    const { id, userPrincipalName } = await create("ada");
    ok(await logIn(userPrincipalName, password));
    const weak = { passwordProfile: { password: "password" } };
    refused(await rig.graph("PATCH", `/users/${id}`, weak), `400 ${BAD}`, /password complexity/);
    const next = { passwordProfile: { password: "Another-1" } };
    ok(await rig.graph("PATCH", `/users/${encodeURIComponent(String(userPrincipalName))}`, next), 204);
    assert.equal((await logIn(userPrincipalName, password)).body.error_codes[0], 50126);
    ok(await logIn(userPrincipalName, "Another-1"));
    ok(await rig.graph("PATCH", `/users/${id}`, { accountEnabled: false }), 204);
    assert.equal((await logIn(userPrincipalName, "Another-1")).body.error_codes[0], 50057);
  });

  it("keep what azuread writes, and show it to who asks for it by name", async () => {
    const written = {
      employeeId: "7",
      employeeOrgData: { costCenter: "c", division: "d" },
      otherMails: ["a@b.c"],
    };
    const { id } = await create("ada", written);
    const shown = ok(
      await rig.graph("GET", `/users/${id}?$select=employeeId,employeeOrgData,otherMails,city`),
    );
    const { employeeId, employeeOrgData, otherMails, city } = shown;
    assert.deepEqual({ employeeId, employeeOrgData, otherMails, city }, { ...written, city: null });
    assert.equal(ok(await rig.graph("GET", "/users?$filter=employeeId eq '7'")).value.length, 1);
    assert.ok(!("employeeId" in ok(await rig.graph("GET", `/users/${id}`))));
  });

  it("have a sign-in name of their own, in a domain of the tenant", async () => {
    const { userPrincipalName } = await create("ada");
    const again = {
      displayName: "b",
      mailNickname: "b",
      accountEnabled: true,
      passwordProfile: { password },
    };
    refused(await rig.graph("POST", "/users", { ...again, userPrincipalName }), `400 ${BAD}`, /same value/);
    const foreign = { ...again, userPrincipalName: "ada@example.com" };
    refused(await rig.graph("POST", "/users", foreign), `400 ${BAD}`, /domain portion/);
  });

  it("are deleted and restored with their groups and manager", async () => {
    const [ada, boss] = [await create("ada"), await create("boss")];
    const link = (id: string) => ({ "@odata.id": `${rig.azure.url}/v1.0/directoryObjects/${id}` });
    ok(await rig.graph("PUT", `/users/${ada.id}/manager/$ref`, link(boss.id)), 204);
    assert.equal(ok(await rig.graph("GET", `/users/${ada.id}/manager`)).id, boss.id);
    const { id: group } = ok(await rig.graph("POST", "/groups", GROUP), 201);
    ok(await rig.graph("POST", `/groups/${group}/members/$ref`, link(ada.id)), 204);
    ok(await rig.graph("DELETE", `/users/${ada.id}`), 204);
    refused(await rig.graph("GET", `/users/${ada.id}`), NOT_FOUND);
    assert.deepEqual(ok(await rig.graph("GET", `/groups/${group}/members`)).value, []);
    assert.equal(ok(await rig.graph("GET", "/directory/deletedItems/microsoft.graph.user")).value.length, 1);
    ok(await rig.graph("POST", `/directory/deletedItems/${ada.id}/restore`, {}));
    const [found] = ok(await rig.graph("GET", `/users/${ada.id}/memberOf`)).value;
    assert.equal(found!.id, group);
    ok(await rig.graph("DELETE", `/users/${ada.id}/manager/$ref`), 204);
  });

  it("are created by who may, and not by others", async () => {
    const caller = rig.azure.control.createCaller({ displayName: "c", graphPermissions: ["User.Read.All"] });
    refused(await rig.graph("POST", "/users", {}, caller), DENIED);
    refused(await rig.graph("POST", "/groups", GROUP, caller), DENIED);
  });
});

describe("local Azure: groups in Microsoft Graph", () => {
  const rig = useRig();
  const link = (id: string) => `${rig.azure.url}/v1.0/directoryObjects/${id}`;

  it("are created as azuread does it, with owners, renamed twice, and read in the beta", async () => {
    const { objectId: owner } = rig.azure.control.createPerson({ displayName: "Ada" });
    const body = { ...GROUP, "owners@odata.bind": [link(rig.azure.admin.objectId), link(owner)] };
    const { id } = ok(await rig.graph("POST", "/groups", body), 201);
    for (const displayName of ["TERRAFORM_UPDATE_1", "team"])
      ok(await rig.graph("PATCH", `/groups/${id}`, { displayName }), 204);
    const token = await rig.token("https://graph.microsoft.com/.default");
    const beta = ok(await rig.call("GET", `/beta/groups/${id}`, { token }));
    assert.deepEqual([beta.displayName, beta.isAssignableToRole, beta.mailNickname], ["team", null, "team"]);
    const owners = ok(await rig.graph("GET", `/groups/${id}/owners`)).value.map((one) => one.id);
    assert.deepEqual(owners, [rig.azure.admin.objectId, owner]);
    ok(await rig.graph("DELETE", `/groups/${id}/owners/${owner}/$ref`), 204);
    const twice = { ...GROUP, "owners@odata.bind": [link(owner), link(owner)] };
    refused(
      await rig.graph("POST", "/groups", twice),
      `400 ${BAD}`,
      "Request contains a property with duplicate values.",
    );
  });

  it("have other groups in them; what they may do in Azure reaches all members", async () => {
    const login = await rig.createLogin();
    const make = async (displayName: string) =>
      ok(await rig.graph("POST", "/groups", { ...GROUP, displayName }), 201).id;
    const [outer, inner] = [await make("outer"), await make("inner")];
    for (const [group, member] of [
      [outer, inner],
      [inner, login.principalId],
    ] as const)
      ok(await rig.graph("POST", `/groups/${group}/members/$ref`, { "@odata.id": link(member) }), 204);
    const members = ok(await rig.graph("GET", `/groups/${outer}/transitiveMembers?$select=id`)).value;
    assert.deepEqual(
      members.map((one) => one.id),
      [inner, login.principalId],
    );
    ok(
      await rig.assign(outer, "acdd72a7-3385-48ef-bd42-f606fba81ae7", rig.group, { principalType: "Group" }),
      201,
    );
    ok(await rig.arm("GET", rig.workspace, undefined, login));
    ok(await rig.graph("DELETE", `/groups/${inner}/members/${login.principalId}/$ref`), 204);
    refused(await rig.arm("GET", rig.workspace, undefined, login), UNAUTHORIZED);
  });

  it("go to the recycle bin when they are Microsoft 365 groups, and for good otherwise", async () => {
    for (const [groupTypes, left] of [
      [["Unified"], 1],
      [[], 1],
    ] as const) {
      const body = { ...GROUP, groupTypes, mailEnabled: groupTypes.length > 0 };
      const { id } = ok(await rig.graph("POST", "/groups", body), 201);
      ok(await rig.graph("DELETE", `/groups/${id}`), 204);
      const bin = ok(await rig.graph("GET", "/directory/deletedItems/microsoft.graph.group")).value;
      assert.equal(bin.length, left);
    }
  });

  it("are not directory roles: those cannot be read or changed as groups", async () => {
    const { value } = ok(await rig.graph("GET", "/directoryRoles"));
    for (const method of ["GET", "DELETE"] as const)
      refused(await rig.graph(method, `/groups/${value[0]!.id}`), NOT_FOUND);
  });
});
