import assert from "node:assert/strict";
import { findTrustObstacles } from "../../components/plan/trust-limits";

const list = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ key: `key-${from + i}`, name: `name-${from + i}` }));

describe("Old and new trusts side by side", () => {
  const mustsOf = (...given: Parameters<typeof findTrustObstacles>) =>
    findTrustObstacles(...given).map(({ must }) => must);
  const NO_ROOM = "leave Entra room for old and new trusts at once: 20 of one application";
  const NAME = "give no trust the name that another trust has until this run: Entra allows each name once";

  for (const [what, old, next, expected] of [
    ["20 new ones, the first time", [], list(0, 20), []],
    ["20 in all", list(0, 6), list(6, 20), []],
    ["21 in all", list(0, 6), list(6, 21), [NO_ROOM]],
    ["those that stay count once", list(0, 10), list(0, 20), []],
    ["20 to none", list(0, 20), [], []],
    ["the same 20", list(0, 20), list(0, 20), []],
    ["a name that goes to another trust", list(0, 1), [{ key: "other", name: "NAME-0" }], [NAME]],
    ["another name for the same trust", list(0, 1), [{ key: "key-0", name: "other" }], []],
  ] as const)
    it(what, () => assert.deepEqual(mustsOf(old, next), expected));
});
