import assert from "node:assert/strict";
import {
  BAD_REQUEST,
  DENIED,
  GRAPH_SCOPE,
  type Json,
  type Login,
  NOT_FOUND,
  ok,
  refused,
  UNKNOWN_ID,
  useRig,
} from "./rig";

describe("local Azure: service principals in Microsoft Graph", () => {
  const rig = useRig();

  it("takes names from the application, which may be renamed", async () => {
    const application = await rig.createApplication("before", { identifierUris: ["api://x"] });
    const principal = ok(await rig.graph("POST", "/servicePrincipals", { appId: application.appId }), 201);
    assert.notEqual(principal.id, application.id);
    assert.deepEqual(principal.servicePrincipalNames, [application.appId, "api://x"]);
    assert.equal(principal.appOwnerOrganizationId, rig.azure.tenantId);
    ok(await rig.graph("PATCH", `/applications/${application.id}`, { displayName: "after" }), 204);
    const read = ok(await rig.graph("GET", `/servicePrincipals/${principal.id}`));
    assert.deepEqual([read.displayName, read.appDisplayName], ["after", "after"]);
  });

  it("finds by the filters that clients use", async () => {
    const { clientId, principalId } = await rig.createLogin("find-me");
    for (const filter of [
      `appId eq '${clientId}'`,
      "displayName eq 'find-me'",
      `servicePrincipalNames/any(c:c eq '${clientId}')`,
    ]) {
      const body = ok(await rig.graph("GET", `/servicePrincipals?$filter=${encodeURIComponent(filter)}`));
      assert.deepEqual(
        body.value.map(({ id }: Json) => id),
        [principalId],
        filter,
      );
    }
  });

  it("answers a second deletion with 404: deletion is not idempotent", async () => {
    const { principalId } = await rig.createLogin();
    ok(await rig.graph("DELETE", `/servicePrincipals/${principalId}`), 204);
    refused(await rig.graph("DELETE", `/servicePrincipals/${principalId}`), NOT_FOUND);
  });

  it("looks objects up by ID and leaves unknown ones out", async () => {
    const { principalId, clientId } = await rig.createLogin("one");
    const body = ok(
      await rig.graph("POST", "/directoryObjects/getByIds", {
        ids: [principalId, UNKNOWN_ID],
        types: ["user", "group", "servicePrincipal", "directoryObjectPartnerReference"],
      }),
    );
    assert.deepEqual(
      body.value.map((one: Json) => [one["@odata.type"], one.id, one.displayName, one.appId]),
      [["#microsoft.graph.servicePrincipal", principalId, "one", clientId]],
    );
    const users = { ids: [principalId], types: ["user"] };
    assert.deepEqual(ok(await rig.graph("POST", "/directoryObjects/getByIds", users)).value, []);
  });
});

describe("local Azure: owners in Microsoft Graph", () => {
  const rig = useRig();

  async function owners(path: string): Promise<string[]> {
    return ok(await rig.graph("GET", `${path}/owners`)).value.map(({ id }: Json) => id);
  }

  it("records those that the creation names, and lets even the last one be removed, as azuread does", async () => {
    const { objectId } = rig.azure.admin;
    const link = `${rig.azure.url}/v1.0/directoryObjects/${objectId}`;
    const { id } = await rig.createApplication("a", { "owners@odata.bind": [link] });
    const list = ok(await rig.graph("GET", `/applications/${id}/owners`));
    assert.equal(list.value[0]?.["@odata.type"], "#microsoft.graph.servicePrincipal");
    assert.deepEqual(await owners(`/applications/${id}`), [objectId]);
    ok(await rig.graph("DELETE", `/applications/${id}/owners/${objectId}/%24ref`), 204);
    assert.deepEqual(await owners(`/applications/${id}`), []);
  });

  it("adds one by reference, once", async () => {
    const { applicationId, principalId } = await rig.createLogin();
    for (const path of [`/applications/${applicationId}`, `/servicePrincipals/${principalId}`]) {
      const reference = {
        "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${rig.azure.admin.objectId}`,
      };
      ok(await rig.graph("POST", `${path}/owners/$ref`, reference), 204);
      assert.deepEqual(await owners(path), [rig.azure.admin.objectId]);
      refused(
        await rig.graph("POST", `${path}/owners/$ref`, reference),
        BAD_REQUEST,
        "One or more added object references already exist for the following modified properties: 'owners'.",
      );
    }
  });

  it("refuses an owner that does not exist", async () => {
    const link = `${rig.azure.url}/v1.0/directoryObjects/${UNKNOWN_ID}`;
    const body = { displayName: "a", "owners@odata.bind": [link] };
    refused(await rig.graph("POST", "/applications", body), NOT_FOUND);
  });

  it("answers the removal of somebody who is no owner with 404 [?]", async () => {
    const { applicationId } = await rig.createLogin();
    const path = `/applications/${applicationId}/owners/${rig.azure.admin.objectId}/$ref`;
    refused(await rig.graph("DELETE", path), NOT_FOUND);
  });
});

describe("local Azure: permissions in Microsoft Graph", () => {
  const rig = useRig();
  const LACKING = "Insufficient privileges to complete the operation.";

  it("refuses a caller without any", async () => {
    const caller = rig.azure.control.createCaller({ displayName: "nobody" });
    const { id } = await rig.createApplication();
    for (const [method, path, body] of [
      ["GET", "/applications", undefined],
      ["GET", `/applications/${id}`, undefined],
      ["POST", "/applications", { displayName: "a" }],
      ["PATCH", `/applications/${id}`, { displayName: "a" }],
      ["DELETE", `/applications/${id}`, undefined],
      ["POST", `/applications/${id}/addPassword`, {}],
      ["POST", "/servicePrincipals", { appId: UNKNOWN_ID }],
    ] as const)
      refused(await rig.graph(method, path, body, caller), DENIED, LACKING);
  });

  it("lets Application.ReadWrite.OwnedBy manage what it created or owns, and only that", async () => {
    const caller = rig.azure.control.createCaller({
      displayName: "pipeline",
      graphPermissions: ["Application.ReadWrite.OwnedBy"],
    });
    const foreign = await rig.createApplication("foreign");
    refused(await rig.graph("DELETE", `/applications/${foreign.id}`, undefined, caller), DENIED, LACKING);
    refused(await rig.graph("POST", "/servicePrincipals", { appId: foreign.appId }, caller), DENIED, LACKING);
    const own = ok(await rig.graph("POST", "/applications", { displayName: "own" }, caller), 201);
    const principal = ok(await rig.graph("POST", "/servicePrincipals", { appId: own.appId }, caller), 201);
    ok(await rig.graph("POST", `/applications/${own.id}/addPassword`, {}, caller));
    ok(await rig.graph("DELETE", `/servicePrincipals/${principal.id}`, undefined, caller), 204);
    ok(await rig.graph("DELETE", `/applications/${own.id}`, undefined, caller), 204);
  });

  it("refuses OwnedBy a principal for an unknown application with 403 and Microsoft's words [?]", async () => {
    const caller = rig.azure.control.createCaller({
      displayName: "pipeline",
      graphPermissions: ["Application.ReadWrite.OwnedBy"],
    });
    refused(
      await rig.graph("POST", "/servicePrincipals", { appId: UNKNOWN_ID }, caller),
      DENIED,
      "When using this permission, the backing application of the service principal being created must in the local tenant",
    );
  });

  it("makes a second hand the owner of everything that was created before", async () => {
    const { applicationId, principalId } = await rig.createLogin();
    const hand: Login = rig.azure.control.createCaller({
      displayName: "second-hand",
      ownsApplications: true,
      graphPermissions: ["Application.ReadWrite.OwnedBy"],
    });
    ok(await rig.graph("PATCH", `/applications/${applicationId}`, { notes: "x" }, hand), 204);
    ok(await rig.graph("PATCH", `/servicePrincipals/${principalId}`, { notes: "x" }, hand), 204);
  });

  it("reads permissions in the token: one for Resource Manager has none", async () => {
    const claims = (token: string) =>
      JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as Json;
    assert.deepEqual(claims(await rig.token(GRAPH_SCOPE)).roles, [
      "Application.ReadWrite.All",
      "AppRoleAssignment.ReadWrite.All",
      "DelegatedPermissionGrant.ReadWrite.All",
      "Directory.Read.All",
      "Group.ReadWrite.All",
      "User.ReadWrite.All",
    ]);
    assert.deepEqual(claims(await rig.token("https://management.azure.com/.default")).roles, []);
  });
});

describe("local Azure: the recycle bin", () => {
  const rig = useRig();
  const bin = "/directory/deletedItems";

  it("takes an application and its principal, [?] and lists both", async () => {
    const { applicationId, principalId } = await rig.createLogin("gone");
    ok(await rig.graph("DELETE", `/applications/${applicationId}`), 204);
    refused(await rig.graph("GET", `/servicePrincipals/${principalId}`), NOT_FOUND);
    for (const [type, id] of [
      ["application", applicationId],
      ["servicePrincipal", principalId],
    ] as const) {
      const { value } = ok(await rig.graph("GET", `${bin}/microsoft.graph.${type}`));
      assert.deepEqual(
        value.map((one: Json) => [one["@odata.type"], one.id, one.displayName]),
        [[`#microsoft.graph.${type}`, id, "gone"]],
      );
      assert.match(ok(await rig.graph("GET", `${bin}/${id}`)).deletedDateTime, /Z$/);
    }
  });

  it("gives an application back with its secrets [?], without its principal, which is restored by itself", async () => {
    const login = await rig.createLogin();
    ok(await rig.graph("DELETE", `/applications/${login.applicationId}`), 204);
    assert.equal(ok(await rig.graph("POST", `${bin}/${login.applicationId}/restore`)).deletedDateTime, null);
    const refusedAnswer = await rig.logIn(login);
    assert.deepEqual(refusedAnswer.body.error_codes, [7000229]);
    ok(await rig.graph("POST", `${bin}/${login.principalId}/restore`));
    ok(await rig.logIn(login));
    refused(await rig.graph("GET", `${bin}/${login.applicationId}`), NOT_FOUND);
  });

  it("refuses to restore a principal beside another one for the same application", async () => {
    const login = await rig.createLogin();
    ok(await rig.graph("DELETE", `/servicePrincipals/${login.principalId}`), 204);
    ok(await rig.graph("POST", "/servicePrincipals", { appId: login.clientId }), 201);
    const answer = await rig.graph("POST", `${bin}/${login.principalId}/restore`);
    refused(answer, "409 Request_MultipleObjectsWithSameKeyValue");
  });

  it("deletes for good, by hand or after 30 days", async () => {
    const [first, second] = [await rig.createApplication(), await rig.createApplication()];
    for (const { id } of [first, second]) ok(await rig.graph("DELETE", `/applications/${id}`), 204);
    ok(await rig.graph("DELETE", `${bin}/${first.id}`), 204);
    refused(await rig.graph("GET", `${bin}/${first.id}`), NOT_FOUND);
    rig.azure.control.advanceClock({ days: 29 });
    ok(await rig.graph("GET", `${bin}/${second.id}`));
    rig.azure.control.advanceClock({ days: 1 });
    refused(await rig.graph("GET", `${bin}/${second.id}`), NOT_FOUND);
    assert.deepEqual(rig.azure.control.state().deletedItems, []);
  });
});
