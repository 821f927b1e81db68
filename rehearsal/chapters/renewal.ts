import type { Chapter } from "./chapter";

/** An ordinary up in the next period renews, and what pipelines hold stays valid meanwhile. */
export const renewal: Chapter = {
  name: "renewal",
  title: "Renewal: a new secret every 90 days, with time to push it",
  async run(stage) {
    const first = await stage.createStack();
    stage.passDays(45);
    await stage.expectNoChange("45 days later: pulumi up");
    stage.passDays(45);
    const second = await stage.renewSecrets("90 days later: pulumi up");
    await stage.expectLogin("the secret of the first day", first);
    await stage.expectLogin("the new secret", second);
    stage.passDays(90);
    await stage.expectRefusal(
      "180 days later: the secret of the first day",
      first,
      "AADSTS7000222",
      "it has expired",
    );
    await stage.expectLogin("180 days later: the second secret", second);
    await stage.destroyStack();
  },
};
