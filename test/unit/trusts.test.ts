import assert from "node:assert/strict";
import * as fc from "fast-check";
import { MOST_TRUSTS, resolveTrusts } from "../../components/plan/trusts";
import { pairTrusts } from "../../components/resources/trusts";

const GITHUB = "https://token.actions.githubusercontent.com";

interface Given {
  subject: string;
  isPattern: boolean;
  name: string | undefined;
}

/** Lists that a user may give: subjects and names from few, so that lists have much in common. */
const lists = fc.uniqueArray(
  fc.record({
    subject: fc.integer({ min: 0, max: 60 }).map((n) => `repo:o/r${n}:x`),
    isPattern: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    name: fc.option(
      fc.integer({ min: 0, max: 5 }).map((n) => `name-${n}`),
      { nil: undefined },
    ),
  }),
  { maxLength: 25, selector: ({ subject }) => subject },
);

const resolve = (list: readonly Given[]) =>
  resolveTrusts(
    "federatedCredentials",
    list.map(({ subject: ending, isPattern, name }) => {
      const subject = `repo:o/r:${ending}`;
      return {
        issuer: GITHUB,
        ...(isPattern ? { claimsMatchingExpression: `claims['sub'] matches '${subject}'` } : { subject }),
        ...(name !== undefined && { name }),
      };
    }),
  );

/** Entra, which holds 20 credentials and each name once; applied in the engine's order. */
function exchange(before: Map<string, string>, after: Map<string, string>, places: Map<string, string>) {
  const held = new Map(before);
  for (const [key, name] of after) {
    const place = places.get(key);
    if (place !== undefined) held.delete(place);
    else if (held.has(key)) held.delete(key);
    // The engine works on several at once: a name that is given up only in this run may still be held.
    const others = [...before].filter(([other]) => other !== key && other !== place).map(([, one]) => one);
    assert.ok(![...held.values(), ...others].includes(name), "a name twice");
    held.set(key, name);
    assert.ok(held.size <= MOST_TRUSTS, "more than Entra holds");
  }
  for (const key of [...held.keys()]) if (!after.has(key)) held.delete(key);
  return held;
}

describe("An exchange of trusts", () => {
  it("never has more than 20 at once, nor a name twice, or is refused", () => {
    fc.assert(
      fc.property(lists, lists, (old, now) => {
        const [before, after] = [resolve(old), resolve(now)];
        fc.pre(before.problems.length === 0 && after.problems.length === 0);
        const names = new Map(before.trusts.map(({ key, name }) => [key, name]));
        const { places, missing, taken } = pairTrusts(before.trusts, after.trusts);
        if (missing > 0 || taken.length > 0) return;
        const wanted = new Map(after.trusts.map(({ key, name }) => [key, name]));
        assert.deepEqual(new Set(exchange(names, wanted, places).keys()), new Set(wanted.keys()));
      }),
      { numRuns: 300 },
    );
  });

  it("of 6 for 20 others takes six places, of 3 for 4 none", () => {
    const list = (from: number, count: number) =>
      resolve(
        Array.from({ length: count }, (_, i) => ({
          subject: `s${from + i}`,
          isPattern: false,
          name: undefined,
        })),
      ).trusts;
    assert.equal(pairTrusts(list(0, 6), list(100, 20)).places.size, 6);
    assert.equal(pairTrusts(list(0, 20), list(100, 20)).places.size, 20);
    assert.equal(pairTrusts(list(0, 3), list(100, 4)).places.size, 0);
  });

  it("of subjects for patterns is refused where there is no room: another kind of resource takes no place", () => {
    const subjects = resolve(
      Array.from({ length: 15 }, (_, i) => ({ subject: `s${i}`, isPattern: false, name: undefined })),
    ).trusts;
    const patterns = resolve(
      Array.from({ length: 8 }, (_, i) => ({ subject: `p${i}`, isPattern: true, name: undefined })),
    ).trusts;
    assert.equal(pairTrusts(subjects, patterns).missing, 3);
  });

  it("is refused where a name goes from one trust to another that stays, or to one of another kind", () => {
    const list = (...all: [subject: string, name: string, isPattern?: true][]) =>
      resolve(all.map(([subject, name, isPattern = false]) => ({ subject, name, isPattern }))).trusts;
    const old = list(["1", "aaa"], ["2", "bbb"]);
    const taken = (...now: Parameters<typeof list>) => pairTrusts(old, list(...now)).taken;
    assert.deepEqual(taken(["1", "bbb"], ["2", "aaa"]), ["bbb", "aaa"]);
    assert.deepEqual(taken(["1", "BBB"]), ["BBB"]);
    assert.deepEqual(taken(["1", "bbb"], ["3", "aaa"]), ["bbb", "aaa"]);
    assert.deepEqual(taken(["1", "aaa"], ["3", "bbb", true]), ["bbb"]);
    assert.deepEqual(taken(["1", "ccc"], ["3", "bbb"]), []);
    assert.deepEqual(taken(["2", "bbb"], ["1", "aaa"]), []);
  });

  it("of a named one for another of that name takes its place", () => {
    const [old] = resolve([{ subject: "a", isPattern: false, name: "gitlab" }]).trusts;
    const [now] = resolve([{ subject: "b", isPattern: false, name: "gitlab" }]).trusts;
    assert.deepEqual([...pairTrusts([old!], [now!]).places], [[now!.key, old!.key]]);
  });
});
