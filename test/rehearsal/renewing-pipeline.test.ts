import assert from "node:assert/strict";
import { openOwnWorld } from "./support";

describe("The pipeline that renews, on the real engine", () => {
  it("needs to own the application and to read the resource group, and no more", async function () {
    const world = await openOwnWorld(this);
    try {
      const { azure, session } = world;
      const pipeline = azure.control.createCaller({
        displayName: "renewal-pipeline",
        role: "Reader",
        scope: `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`,
        graphPermissions: ["Application.ReadWrite.OwnedBy"],
      });
      await session.configure({
        owners: JSON.stringify([azure.admin.objectId, pipeline.servicePrincipalObjectId]),
      });
      const first = await session.up();
      azure.control.advanceClock({ days: 90 });
      await session.logIn({
        ...azure.direct,
        ARM_CLIENT_ID: pipeline.clientId,
        ARM_CLIENT_SECRET: pipeline.clientSecret,
        AZURE_CLIENT_ID: pipeline.clientId,
        AZURE_CLIENT_SECRET: pipeline.clientSecret,
      });
      const second = await session.up();
      const secrets = second.steps.filter(({ type }) => type.endsWith(":ApplicationPassword"));
      assert.deepEqual(secrets.map(({ operation }) => operation).sort(), ["create", "same"]);
      const password = "HIML_SERVICE_PRINCIPAL_PASSWORD";
      assert.notEqual(second.outputs[password], first.outputs[password]);

      // What it may never do: give anybody more rights.
      await session.configure({ roles: "Owner", allowPrivilegedRoles: "true" });
      await assert.rejects(session.up(), /AuthorizationFailed/);
    } finally {
      await world.close();
    }
  });
});
