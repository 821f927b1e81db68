import { describe, listThings } from "../operation-text";
import { expect } from "../story";
import type { Chapter } from "./chapter";

/** From nothing to a pipeline that can log in, and back to nothing. */
export const day: Chapter = {
  name: "day",
  title: "The day: provision, read, revoke",
  async run(stage) {
    await stage.story.step("pulumi preview shows what would be created", async () => {
      const { value, traffic } = await stage.observe(() => stage.session.preview());
      expect(Object.keys(value.counts).join() === "create", `It planned ${describe(value)}.`);
      expect(traffic.writes === 0, `It made ${traffic.writes} writes.`);
      return [`${listThings(value)}; nothing written yet`, undefined];
    });
    const variables = await stage.createStack();
    await stage.story.step("the stack's outputs are hi-ml's variables", () => {
      const shown = Object.entries(variables).map(
        ([name, value]) => `${name}=${/PASSWORD/.test(name) ? "(secret)" : value}`,
      );
      return Promise.resolve([shown.join("\n"), undefined]);
    });
    await stage.expectLogin("a pipeline that has only these variables", variables);
    await stage.expectNoChange("pulumi up again");
    await stage.destroyStack();
    await stage.expectRefusal(
      "the same pipeline afterwards",
      variables,
      "AADSTS700016",
      "the application is gone",
    );
  },
};
