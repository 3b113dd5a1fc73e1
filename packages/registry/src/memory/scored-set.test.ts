import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ScoredSet } from "./scored-set.ts";

type Change = { member: string; score: number | null };

const change: fc.Arbitrary<Change> = fc.record({
  member: fc.integer({ min: 0, max: 600 }).map((n) => `m${n}`),
  score: fc.option(fc.integer({ min: -5, max: 40 }), { freq: 3 }),
});

function inOrder(scores: ReadonlyMap<string, number>) {
  const entries = [...scores].map(([member, score]) => ({ member, score }));
  return entries.sort((a, b) => a.score - b.score || (a.member < b.member ? -1 : 1));
}

describe("a scored set", () => {
  it("keeps thousands in order of score, then text, whatever is set anew or deleted", () => {
    const changes = fc.array(change, { minLength: 1_000, maxLength: 3_000, size: "max" });
    fc.assert(
      fc.property(changes, fc.integer({ min: -6, max: 41 }), (history, start) => {
        const set = new ScoredSet();
        const scores = new Map<string, number>();
        for (const { member, score } of history) {
          if (score === null) expect(set.delete(member)).toBe(scores.delete(member));
          else {
            set.set(member, score);
            scores.set(member, score);
          }
          expect(set.scoreOf(member)).toBe(scores.get(member));
        }
        const expected = inOrder(scores);
        expect([...set.from()]).toEqual(expected);
        expect([...set.from(start, "m3")]).toEqual(
          expected.filter(({ score, member }) => score > start || (score === start && member >= "m3")),
        );
        expect(set.size).toBe(scores.size);
      }),
      { numRuns: 30 },
    );
  });

  it("is empty at first, and again when all is deleted", () => {
    const set = new ScoredSet();
    expect([set.size, [...set.from()], set.delete("a")]).toEqual([0, [], false]);
    set.set("a", 1);
    expect([set.delete("a"), set.size, [...set.from()]]).toEqual([true, 0, []]);
  });
});
