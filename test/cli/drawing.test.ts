import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { hostileText } from "../support/hostile-text";
import { asText } from "../../cli/commands/status";
import { drawLife, layOutLife, type LifeDetails, widthOf } from "../../cli/status/life";
import type { StackDetails } from "../../stack/contract";
import { DETAILS } from "./outputs";

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse("2026-11-25T00:00:00Z");
const day = (count: number) => new Date(FIRST_DAY + count * DAY_MS);
const PLAIN = { width: 80, hasUnicode: false, hasColor: false };

/** A stack with that period, renewed when it was in that one. */
function detailsIn(period: number, everyDays = 90, startsAreKnown = true): LifeDetails {
  const secret = (n: number) => ({
    slot: n % 2 === 0 ? ("a" as const) : ("b" as const),
    keyId: `key ${n}`,
    ends: day((n + 2) * everyDays).toISOString(),
    current: n === period,
    ...(startsAreKnown && { starts: day(n * everyDays).toISOString() }),
  });
  return {
    secrets: period === 0 ? [secret(0)] : [secret(period), secret(period - 1)],
    nextRenewal: day((period + 1) * everyDays).toISOString(),
  };
}

const draw = (details: LifeDetails, now: Date, canvas = PLAIN) => drawLife(layOutLife(details, now)!, canvas);

describe("The picture of the secrets' life", () => {
  it("day 1: one secret, handed out for half of its life", () => {
    assert.deepEqual(draw(detailsIn(0), day(1)), [
      "     v today",
      `  a  |${"=".repeat(21)}${"-".repeat(23)}  ends 2027-05-24, in 179 days`,
      `${" ".repeat(27)}^ next renewal 2027-02-23, in 89 days`,
      "     = handed out   - still valid for jobs that have it",
    ]);
  });

  it("day 100: the one before is only valid still", () => {
    assert.deepEqual(draw(detailsIn(1), day(100)), [
      `${" ".repeat(21)}v today`,
      `  a  ${"=".repeat(15)}-|${"-".repeat(13)}                 ends 2027-05-24, in 80 days`,
      `  b  ${" ".repeat(15)}=|${"=".repeat(13)}${"-".repeat(15)}  ends 2027-08-22, in 170 days`,
      `${" ".repeat(35)}^ next renewal 2027-05-24, in 80 days`,
      "     = handed out   - still valid for jobs that have it",
    ]);
  });

  it("with other characters where the locale has them", () => {
    const [today, secret, renewal, legend] = draw(detailsIn(0), day(1), { ...PLAIN, hasUnicode: true });
    assert.equal(today, "     ▼ today");
    assert.ok(secret!.startsWith(`  a  │${"█".repeat(21)}${"░".repeat(23)}  ends`));
    assert.match(renewal!, /^ +▲ next/);
    assert.equal(legend, "     █ handed out   ░ still valid for jobs that have it");
  });

  it("nobody ran `up`: the same secret is handed out until today, and the renewal is due", () => {
    const life = layOutLife(detailsIn(1), day(200))!;
    const current = life.secrets.find((secret) => secret.current)!;
    assert.deepEqual(current.stretches, [
      { kind: "handed-out", from: day(90), to: day(200) },
      { kind: "valid", from: day(200), to: day(270) },
    ]);
    assert.match(draw(detailsIn(1), day(200)).join("\n"), /renewal due since 2027-05-24, 20 days ago/);
  });

  it("nothing to draw where there is no secret", () => {
    assert.equal(layOutLife({ secrets: [] }, day(1)), undefined);
  });

  it("a stack whose outputs do not tell the starts is drawn the same", () => {
    for (const period of [0, 1, 5])
      assert.deepEqual(
        layOutLife(detailsIn(period, 90, false), day(100)),
        layOutLife(detailsIn(period), day(100)),
      );
  });

  const life = fc
    .record({
      period: fc.integer({ min: 0, max: 40 }),
      everyDays: fc.integer({ min: 1, max: 365 }),
      now: fc.integer({ min: -400, max: 20_000 }),
      startsAreKnown: fc.boolean(),
    })
    .map(({ period, everyDays, now, startsAreKnown }) => ({
      details: detailsIn(period, everyDays, startsAreKnown),
      now: day(now),
    }));

  it("whatever the settings and the clock: one line a secret, today in each, and within the width", () => {
    fc.assert(
      fc.property(
        life,
        fc.integer({ min: 20, max: 80 }),
        fc.boolean(),
        ({ details, now }, width, hasUnicode) => {
          const lines = draw(details, now, { width, hasUnicode, hasColor: false });
          for (const line of lines) assert.ok(line.length <= width, `${line.length}: ${line}`);
          const bars = lines.filter((line) => /^ {2}[ab]/.test(line));
          assert.equal(bars.length, details.secrets.length);
          for (const bar of bars) {
            assert.match(bar, hasUnicode ? /[█░]/ : /[=-]/);
            assert.match(bar, hasUnicode ? /│/ : /\|/);
          }
          if (!hasUnicode) assert.match(lines.join("\n"), /^[\x20-\x7e\n]*$/);
        },
      ),
    );
  });

  it("in colour it is the same picture", () => {
    fc.assert(
      fc.property(life, ({ details, now }) => {
        const coloured = draw(details, now, { ...PLAIN, hasColor: true }).join("\n");
        assert.equal(stripVTControlCharacters(coloured), draw(details, now).join("\n"));
        assert.ok(coloured.includes("\u001b["));
      }),
    );
  });
});

describe("himl-sp status, whatever the outputs hold", () => {
  it("nothing of them steers the terminal or the runner, and no line is wider than the terminal", () => {
    const details: fc.Arbitrary<StackDetails> = fc
      .record({ issuer: hostileText, subject: hostileText, role: hostileText, scope: hostileText })
      .map(({ issuer, subject, role, scope }) => ({
        ...DETAILS,
        trusts: [{ issuer, subject }],
        roles: [{ role, scope }],
      }));
    fc.assert(
      fc.property(details, fc.integer({ min: 24, max: 80 }), (each, width) => {
        const text = asText("dev", { variables: {}, details: each }, day(100), { ...PLAIN, width });
        assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        assert.doesNotMatch(text, /##/);
        for (const line of text.split("\n")) {
          assert.ok(!line.trimStart().startsWith("::"), line);
          assert.ok(widthOf([...line]) <= width, line);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
