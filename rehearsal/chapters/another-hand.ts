import type { Chapter } from "./chapter";

/** What a laptop created, a pipeline renews: somebody else's up changes nothing but what is due. */
export const anotherHand: Chapter = {
  name: "another-hand",
  title: "Another hand: an up by somebody else",
  async run(stage) {
    const first = await stage.createStack();
    const { azure, session } = stage;
    const pipeline = azure.control.createCaller({
      displayName: "renewal-pipeline",
      role: "Owner",
      scope: `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`,
      graphPermissions: ["Application.ReadWrite.All"],
    });
    await session.logIn({
      ...azure.direct,
      ARM_CLIENT_ID: pipeline.clientId,
      ARM_CLIENT_SECRET: pipeline.clientSecret,
      AZURE_CLIENT_ID: pipeline.clientId,
      AZURE_CLIENT_SECRET: pipeline.clientSecret,
    });
    await stage.expectNoChange("pulumi up by a pipeline's principal");
    stage.passDays(90);
    const second = await stage.renewSecrets("90 days later: pulumi up by the pipeline's principal", 1);
    await stage.expectLogin("the secret of the first day", first);
    await stage.expectLogin("the new secret", second);
    await stage.destroyStack();
  },
};
