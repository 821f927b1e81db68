import assert from "node:assert/strict";
import { getRoleDefinitionOutput } from "@pulumi/azure-native/authorization/getRoleDefinition";
import * as azuread from "@pulumi/azuread";
import * as pulumi from "@pulumi/pulumi";
import { openWorld, requireEngine } from "./support";

describe("the stand-ins of flexible credentials and role definitions, under the real engine", () => {
  it("create, change in place, read again without a change, and remove", async function () {
    const expression = (branch: string) =>
      `claims['sub'] matches 'repo:octocat/training:ref:refs/heads/${branch}'`;
    const world = await openWorld(await requireEngine(this), (azure) => {
      const application = new azuread.Application("application", { displayName: "one" });
      const trust = new azuread.ApplicationFlexibleFederatedIdentityCredential("trust", {
        applicationId: application.id,
        displayName: "branches",
        issuer: "https://token.actions.githubusercontent.com",
        audience: "api://AzureADTokenExchange",
        claimsMatchingExpression: new pulumi.Config().get("expression") ?? expression("*"),
      });
      const scope = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
      const reader = getRoleDefinitionOutput({
        roleDefinitionId: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        scope,
      });
      return Promise.resolve({
        matching: trust.claimsMatchingExpression,
        role: reader.roleName,
        actions: reader.permissions?.apply((permissions) => permissions?.[0]?.actions),
      });
    });
    try {
      const { azure, session } = world;
      const first = await session.up();
      assert.deepEqual(first.outputs, { matching: expression("*"), role: "Reader", actions: ["*/read"] });
      await session.configure({ expression: expression("release/*") });
      const second = await session.up();
      assert.deepEqual(
        second.steps
          .filter(({ operation }) => operation !== "same")
          .map(({ operation, name }) => `${operation} ${name}`),
        ["update trust"],
      );
      const created = azure.control.state().applications.find(({ initial }) => !initial);
      assert.deepEqual(
        created?.federatedCredentials.map(({ subject, claimsMatchingExpression }) => ({
          subject,
          claimsMatchingExpression,
        })),
        [{ subject: null, claimsMatchingExpression: expression("release/*") }],
      );
      assert.deepEqual(Object.keys((await session.refresh()).counts), ["same"]);
      await session.destroy();
      assert.equal(azure.control.state().applications.filter(({ initial }) => !initial).length, 0);
    } finally {
      await world.close();
    }
  });
});
