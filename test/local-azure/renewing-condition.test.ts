import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { CONTRIBUTOR, type Created, DATA_SCIENTIST, ok, READER, refused, UNAUTHORIZED, useRig } from "./rig";

const FILE = "docs/conditions/contributor-for-service-principals.txt";
const OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
const AT = "/providers/Microsoft.Authorization/roleAssignments";

describe("docs/renewing-pipeline.md: what its condition lets the renewing pipeline do", () => {
  const rig = useRig();
  let pipeline: Created;
  let target: Created;

  beforeEach(async () => {
    pipeline = await rig.createLogin("pipeline that renews");
    target = await rig.createLogin("principal that is renewed");
    const condition = readFileSync(path.resolve(__dirname, "../..", FILE), "utf8");
    ok(
      await rig.assign(pipeline.principalId, RBAC_ADMINISTRATOR, rig.group, {
        principalType: "ServicePrincipal",
        condition,
        conditionVersion: "2.0",
      }),
      201,
    );
  });

  const assign = (role: string, principalId = target.principalId, principalType = "ServicePrincipal") =>
    rig.assign(principalId, role, rig.group, { principalType }, principalId, pipeline);

  it("assign Contributor to a service principal, and remove it again", async () => {
    const { id } = ok(await assign(CONTRIBUTOR), 201);
    ok(await rig.arm("DELETE", id, undefined, pipeline));
  });

  it("on a resource within its scope too, since the condition says nothing about scopes", async () => {
    const more = { principalType: "ServicePrincipal" };
    ok(await rig.assign(target.principalId, CONTRIBUTOR, rig.workspace, more, undefined, pipeline), 201);
  });

  for (const [name, role] of Object.entries({ OWNER, RBAC_ADMINISTRATOR, READER, DATA_SCIENTIST }))
    it(`not assign another role: ${name}`, async () => {
      refused(await assign(role), UNAUTHORIZED);
    });

  it("not assign Contributor to a person or a group", async () => {
    const { control } = rig.azure;
    const person = control.createPerson({ displayName: "somebody" });
    const group = control.createGroup({ displayName: "some", members: [person.objectId] });
    refused(await assign(CONTRIBUTOR, person.objectId, "User"), UNAUTHORIZED);
    refused(await assign(CONTRIBUTOR, group.objectId, "Group"), UNAUTHORIZED);
  });

  it("not outside of the resource group, on which it has its own role", async () => {
    const subscription = `/subscriptions/${rig.azure.subscriptionId}`;
    for (const scope of [subscription, `${subscription}/resourceGroups/${rig.azure.otherResourceGroup}`])
      refused(
        await rig.assign(target.principalId, CONTRIBUTOR, scope, undefined, undefined, pipeline),
        UNAUTHORIZED,
      );
  });

  it("not remove what others were given: another role, or a person's", async () => {
    const reader = ok(await rig.assign(target.principalId, READER), 201);
    const { objectId } = rig.azure.control.createPerson({ displayName: "somebody" });
    const persons = ok(await rig.assign(objectId, CONTRIBUTOR, rig.group, { principalType: "User" }), 201);
    for (const { id } of [reader, persons])
      refused(await rig.arm("DELETE", id, undefined, pipeline), UNAUTHORIZED);
  });

  it("not take the condition away from itself", async () => {
    const own = `${rig.group}${AT}/${pipeline.principalId}`;
    const { properties } = ok(await rig.arm("GET", own));
    const { principalId, roleDefinitionId, principalType } = properties;
    const without = { properties: { principalId, roleDefinitionId, principalType } };
    refused(await rig.arm("PUT", own, without, pipeline), UNAUTHORIZED);
    refused(await rig.arm("DELETE", own, undefined, pipeline), UNAUTHORIZED);
  });

  it("and without the condition it could assign any role: the tests above can fail", async () => {
    const own = `${rig.group}${AT}/${pipeline.principalId}`;
    ok(await rig.arm("DELETE", own));
    ok(await rig.assign(pipeline.principalId, RBAC_ADMINISTRATOR), 201);
    assert.equal((await assign(OWNER)).status, 201);
  });
});
