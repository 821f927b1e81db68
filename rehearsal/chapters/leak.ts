import type { Chapter } from "./chapter";

/** A secret has leaked: one setting, one up, and every secret of before is worthless. */
export const leak: Chapter = {
  name: "leak",
  title: "Leak: every secret replaced at once",
  async run(stage) {
    const first = await stage.createStack();
    stage.passDays(90);
    const second = await stage.renewSecrets("90 days later: pulumi up");
    await stage.session.configure({ secretGeneration: "2" });
    const third = await stage.renewSecrets("a leak: secretGeneration 2, pulumi up");
    await stage.expectRefusal("the secret of the first day", first, "AADSTS7000215", "it is no longer valid");
    await stage.expectRefusal("the second secret", second, "AADSTS7000215", "it is no longer valid");
    await stage.expectLogin("the new secret", third);
    await stage.destroyStack();
  },
};
