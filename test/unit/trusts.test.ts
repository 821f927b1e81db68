import assert from "node:assert/strict";
import * as fc from "fast-check";
import { MOST_TRUSTS, resolveTrusts } from "../../components/federated-subjects";
import { pairTrusts } from "../../components/trusts";

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
    list.map(({ subject, isPattern, name }) => ({
      issuer: GITHUB,
      ...(isPattern ? { claimsMatchingExpression: `claims['sub'] matches '${subject}'` } : { subject }),
      ...(name !== undefined && { name }),
    })),
  );

/** Entra, which holds 20 credentials and each name once; applied in the engine's order. */
function exchange(before: Map<string, string>, after: Map<string, string>, places: Map<string, string>) {
  const held = new Map(before);
  for (const [key, name] of after) {
    const place = places.get(key);
    if (place !== undefined) held.delete(place);
    else if (held.has(key)) {
      held.set(key, name);
      continue;
    }
    assert.ok(![...held.values()].includes(name), "a name twice");
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
        // A trust that stays and takes a name which another one gives up in the same run is not Entra's to allow.
        fc.pre(after.trusts.every(({ key, name }) => !names.has(key) || names.get(key) === name));
        const isKept = new Set(after.trusts.map(({ key }) => key));
        const sameKind = (a: object, b: object) => "subject" in a === "subject" in b;
        fc.pre(
          after.trusts.every((trust) =>
            before.trusts.every(
              (one) => one.name !== trust.name || isKept.has(one.key) || sameKind(one, trust),
            ),
          ),
        );
        const { places, missing } = pairTrusts(before.trusts, after.trusts);
        if (missing > 0) return;
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

  it("of a named one for another of that name takes its place", () => {
    const [old] = resolve([{ subject: "a", isPattern: false, name: "gitlab" }]).trusts;
    const [now] = resolve([{ subject: "b", isPattern: false, name: "gitlab" }]).trusts;
    assert.deepEqual([...pairTrusts([old!], [now!]).places], [[now!.key, old!.key]]);
  });
});
