import type { Chapter } from "./chapter";

/** Nobody renewed: the secret has expired, and one up is enough to go on. */
export const yearWithoutUp: Chapter = {
  name: "year-without-up",
  title: "A year without an up",
  async run(stage) {
    const first = await stage.createStack();
    await stage.expectLogin("the secret of the first day", first);
    stage.passDays(365);
    await stage.expectRefusal("a year later: the same secret", first, "AADSTS7000222", "it has expired");
    const second = await stage.renewSecrets("pulumi up");
    await stage.expectLogin("the new secret", second);
    await stage.destroyStack();
  },
};
