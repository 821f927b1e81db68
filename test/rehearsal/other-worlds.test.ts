import assert from "node:assert/strict";
import { useShared } from "../support/shared";
import { openOwnWorld } from "./support";

describe("Settings as other people write them, on the real engine", function () {
  const world = useShared(openOwnWorld);
  let first: Awaited<ReturnType<(typeof world)["session"]["up"]>>;

  before(async () => {
    first = await world.session.up();
  });

  const assignments = () => world.azure.control.state().roleAssignments.filter(({ initial }) => !initial);

  it("mean the same in any letter case: nothing changes, and no output", async () => {
    const { resourceGroup, workspaceName, subscriptionId } = world.azure;
    await world.session.configure({
      resourceGroupName: resourceGroup.toUpperCase(),
      workspaceName: workspaceName.toUpperCase(),
      subscriptionId: subscriptionId.toUpperCase(),
    });
    const again = await world.session.up();
    assert.deepEqual(Object.keys(again.counts), ["same"]);
    assert.deepEqual(again.outputs, first.outputs);
    await world.session.configure({
      resourceGroupName: resourceGroup,
      workspaceName,
      subscriptionId: undefined,
    });
    assert.deepEqual(Object.keys((await world.session.up()).counts), ["same"]);
  });

  it("name a role and a scope by whatever people copy: one assignment", async () => {
    const { subscriptionId, resourceGroup } = world.azure;
    const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
    const contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    const spellings = [
      [{ role: "Contributor" }, { role: "Contributor", scope: id }],
      [{ role: "Contributor", scope: `${id}/` }],
      [{ role: "contributor", scope: id.toUpperCase() }],
      [
        {
          role: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`,
        },
      ],
      [
        {
          role: contributor.toUpperCase(),
          scope: `https://portal.azure.com/#@contoso.com/resource${id}/overview`,
        },
      ],
    ];
    for (const roles of spellings) {
      await world.session.configure({ roles: JSON.stringify(roles) });
      assert.deepEqual(Object.keys((await world.session.up()).counts), ["same"], JSON.stringify(roles));
      assert.equal(assignments().length, 1);
    }
  });

  it("converge after a change that Azure refused half-way, the way back included", async () => {
    const { azure, session } = world;
    const reader = azure.control.createCaller({
      displayName: "reader",
      role: "Reader",
      scope: `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`,
      graphPermissions: ["Application.ReadWrite.All"],
    });
    await session.logIn({
      ...azure.direct,
      ARM_CLIENT_ID: reader.clientId,
      ARM_CLIENT_SECRET: reader.clientSecret,
      AZURE_CLIENT_ID: reader.clientId,
      AZURE_CLIENT_SECRET: reader.clientSecret,
    });
    await session.configure({ roles: '[{"role": "Reader", "scope": "workspace"}]' });
    await assert.rejects(session.up(), /AuthorizationFailed/);
    await session.logIn(azure.direct);
    await world.session.configure({ roles: undefined });
    await world.session.up();
    assert.deepEqual(Object.keys((await world.session.up()).counts), ["same"]);
    assert.equal(assignments().length, 1);
  });

  it("give a trust of the same name another subject: refused in preview", async () => {
    const named = (subject: string) =>
      JSON.stringify([{ name: "gitlab", issuer: "https://gitlab.com", subject }]);
    await world.session.configure({ federatedCredentials: named("one") });
    await world.session.up();
    await world.session.configure({ federatedCredentials: named("other") });
    await assert.rejects(world.session.preview(), /must give no trust the name that another trust has/);
    await world.session.configure({ federatedCredentials: named("one") });
  });

  it("warn, in preview, of owners without whoever runs Pulumi", async () => {
    const { azure, session } = world;
    const other = azure.control.createCaller({ displayName: "other" }).servicePrincipalObjectId;
    await session.configure({ owners: JSON.stringify([other]) });
    const { warnings } = await session.preview();
    assert.match(warnings.join("\n"), /owners leaves out the identity that runs Pulumi/);
    await session.configure({ owners: undefined });
  });

  it("leave nothing behind", async () => {
    await world.session.destroy();
    const { applications, servicePrincipals } = world.azure.control.state();
    assert.deepEqual(
      [...applications, ...servicePrincipals, ...assignments()].filter(({ initial }) => !initial),
      [],
    );
  });
});
