import type { Chapter } from "./chapter";

/** What a laptop created, a pipeline renews, with no more rights than that takes. */
export const anotherHand: Chapter = {
  name: "another-hand",
  title: "Another identity: somebody else runs pulumi up",
  async run(stage) {
    const first = await stage.createStack();
    const { azure, session } = stage;
    const pipeline = azure.control.createCaller({
      displayName: "renewal-pipeline",
      role: "Role Based Access Control Administrator",
      scope: `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`,
      graphPermissions: ["Application.ReadWrite.OwnedBy"],
    });
    const asPipeline = {
      ...azure.direct,
      ARM_CLIENT_ID: pipeline.clientId,
      ARM_CLIENT_SECRET: pipeline.clientSecret,
      AZURE_CLIENT_ID: pipeline.clientId,
      AZURE_CLIENT_SECRET: pipeline.clientSecret,
    };
    await session.logIn(asPipeline);
    await stage.expectNoChange("pulumi up by a pipeline's principal");
    stage.passDays(90);
    await stage.expectUpToFail(
      "90 days later: pulumi up by the pipeline's principal, which owns nothing",
      "Authorization_RequestDenied",
    );

    await session.logIn(azure.direct);
    const owners = JSON.stringify([azure.admin.objectId, pipeline.servicePrincipalObjectId]);
    const second = await stage.changeSettings(
      "the pipeline's principal becomes an owner: pulumi up from the laptop",
      { owners },
      ["update Application", "update ServicePrincipal", "create ApplicationPassword"],
      first,
    );
    await session.logIn(asPipeline);
    await stage.expectNoChange("pulumi up by the pipeline's principal");
    stage.passDays(90);
    const third = await stage.renewSecrets("90 days later: pulumi up by the pipeline's principal");
    await stage.expectLogin("the secret before", second);
    await stage.expectLogin("the new secret", third);
    await stage.destroyStack();
  },
};
