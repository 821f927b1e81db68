import assert from "node:assert/strict";
import { CONTRIBUTOR, type Json, ok, READER, refused, UNAUTHORIZED, UNKNOWN_ID, useRig } from "./rig";

const OTHER_NAME = "99999999-9999-4999-8999-999999999999";

describe("local Azure: role definitions", () => {
  const rig = useRig();

  it("are found by name, with the ID as az compares it", async () => {
    const path = `${rig.group}/providers/Microsoft.Authorization/roleDefinitions`;
    const { value } = ok(await rig.arm("GET", `${path}?$filter=roleName%20eq%20'Contributor'`));
    assert.deepEqual(
      value.map((one: Json) => one.id),
      [rig.roleId(CONTRIBUTOR)],
    );
    assert.equal(value[0]?.properties.type, "BuiltInRole");
  });

  it("are all listed without a filter, and read by GUID", async () => {
    const path = `/subscriptions/${rig.azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions`;
    const { value } = ok(await rig.arm("GET", path));
    const names = value.map((one: Json) => one.properties.roleName);
    for (const name of ["Owner", "Contributor", "Reader", "AzureML Data Scientist"])
      assert.ok(names.includes(name));
    assert.equal(ok(await rig.arm("GET", `${path}/${READER}`)).properties.roleName, "Reader");
    refused(await rig.arm("GET", `${path}/${UNKNOWN_ID}`), "404 RoleDefinitionDoesNotExist");
  });
});

describe("local Azure: role assignments", () => {
  const rig = useRig();
  let principalId: string;

  beforeEach(async () => {
    ({ principalId } = await rig.createLogin());
  });

  const list = async (query: string, scope = rig.group) => {
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignments${query}`;
    const { value } = ok(await rig.arm("GET", path));
    return value.map((one: Json) => one.properties.scope);
  };

  it("are created at the path that was put, read, and removed with their body, then with 204", async () => {
    const created = ok(await rig.assign(principalId, CONTRIBUTOR), 201);
    assert.equal(created.id, `${rig.group}/providers/Microsoft.Authorization/roleAssignments/${principalId}`);
    assert.equal(created.name, principalId);
    const { scope, roleDefinitionId, principalType, updatedBy, condition } = created.properties;
    assert.deepEqual(
      { scope, roleDefinitionId, principalType, updatedBy, condition },
      {
        scope: rig.group,
        roleDefinitionId: rig.roleId(CONTRIBUTOR),
        principalType: "ServicePrincipal",
        updatedBy: rig.azure.admin.objectId,
        condition: null,
      },
    );
    const read = ok(await rig.arm("GET", created.id));
    const { createdOn } = created.properties;
    const author = { createdBy: rig.azure.admin.objectId, updatedOn: createdOn };
    assert.deepEqual(read, { ...created, properties: { ...created.properties, ...author } });
    assert.deepEqual(ok(await rig.arm("DELETE", created.id)), read);
    const again = await rig.arm("DELETE", created.id);
    assert.deepEqual([again.status, again.text], [204, ""]);
    refused(
      await rig.arm("GET", created.id),
      "404 RoleAssignmentNotFound",
      `The role assignment '${principalId}' is not found.`,
    );
  });

  it("take effect at once and are gone at once, without lag", async () => {
    const login = await rig.createLogin();
    const { id } = ok(await rig.assign(login.principalId, READER), 201);
    ok(await rig.arm("GET", rig.workspace, undefined, login));
    ok(await rig.arm("DELETE", id));
    refused(await rig.arm("GET", rig.workspace, undefined, login), UNAUTHORIZED);
  });

  it("refuse the same principal, role and scope under another name, naming the existing one [?]", async () => {
    ok(await rig.assign(principalId, CONTRIBUTOR), 201);
    refused(
      await rig.assign(principalId, CONTRIBUTOR, rig.group, {}, OTHER_NAME),
      "409 RoleAssignmentExists",
      `The role assignment already exists. The ID of the existing role assignment is ${principalId.replaceAll("-", "")}.`,
    );
    ok(await rig.assign(principalId, READER, rig.group, {}, OTHER_NAME), 201);
  });

  it("take a repeated identical PUT [?], and another description", async () => {
    ok(await rig.assign(principalId, CONTRIBUTOR), 201);
    ok(await rig.assign(principalId, CONTRIBUTOR), 201);
    const changed = ok(await rig.assign(principalId, CONTRIBUTOR, rig.group, { description: "why" }), 201);
    assert.equal(changed.properties.description, "why");
  });

  it("refuse another principal or role under the same name", async () => {
    ok(await rig.assign(principalId, CONTRIBUTOR), 201);
    const text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
    refused(await rig.assign(principalId, READER), "400 RoleAssignmentUpdateNotPermitted", text);
    const other = await rig.createLogin();
    refused(
      await rig.assign(other.principalId, CONTRIBUTOR, rig.group, {}, principalId),
      "400 RoleAssignmentUpdateNotPermitted",
    );
  });

  it("refuse an unknown role, a name that is no GUID and a principal that is none", async () => {
    refused(await rig.assign(principalId, UNKNOWN_ID), "404 RoleDefinitionDoesNotExist");
    refused(
      await rig.assign(principalId, READER, rig.group, {}, "my-name"),
      "400 InvalidRoleAssignmentId",
      "The role assignment ID 'my-name' is not valid. The role assignment ID must be a GUID.",
    );
    refused(
      await rig.assign("somebody", READER, rig.group, {}, OTHER_NAME),
      "400 InvalidPrincipalId",
      "The Principal ID 'somebody' is not valid. Principal ID must be a GUID.",
    );
  });

  it("refuse a scope that does not exist", async () => {
    const missing = rig.group.replace("rg-ml", "missing");
    refused(await rig.assign(principalId, READER, missing), "404 ResourceGroupNotFound");
    refused(await rig.assign(principalId, READER, `${rig.workspace}x`), "404 ResourceNotFound");
  });

  it("are listed at and above a scope with atScope(), below it too without, and by principal", async () => {
    const subscription = `/subscriptions/${rig.azure.subscriptionId}`;
    ok(await rig.assign(principalId, READER, rig.workspace), 201);
    assert.deepEqual(await list("?$filter=atScope()"), [subscription]);
    assert.deepEqual(await list("?$filter=atScope()", rig.workspace), [subscription, rig.workspace]);
    assert.deepEqual(await list(""), [subscription, rig.workspace]);
    for (const filter of [`principalId eq '${principalId}'`, `assignedTo('${principalId}')`])
      assert.deepEqual(await list(`?$filter=${encodeURIComponent(filter)}`, subscription), [rig.workspace]);
    const both = `atScope() and principalId eq '${principalId}'`;
    assert.deepEqual(await list(`?$filter=${encodeURIComponent(both)}`), []);
    const path = `${rig.group}/providers/Microsoft.Authorization/roleAssignments?$filter=nonsense`;
    refused(await rig.arm("GET", path), "400 UnsupportedQuery");
  });

  it("stay when their principal is deleted, until they are removed by ID", async () => {
    const { id } = ok(await rig.assign(principalId, READER), 201);
    ok(await rig.graph("DELETE", `/servicePrincipals/${principalId}`), 204);
    assert.equal(ok(await rig.arm("GET", id)).properties.principalId, principalId);
    ok(await rig.arm("DELETE", id));
  });
});
