import { expect, it } from "vitest";
import type { Fragment } from "./fragment-reader.ts";
import { SegmentCutter } from "./segment-cutter.ts";

/** Fragments of `partS` seconds, which key frames `gopS` apart cut short, for `seconds`. @returns The lengths of whole segments. */
function lengthsOf({ gopS, partS = 0.3, seconds = 12 }: { gopS: number; partS?: number; seconds?: number }) {
  const cutter = new SegmentCutter();
  const begins: number[] = [];
  for (let keyS = 0; keyS < seconds; keyS += gopS)
    for (let startS = keyS; startS < keyS + gopS - 0.001; startS += partS) {
      const endS = Math.min(startS + partS, keyS + gopS);
      const isIndependent = startS === keyS;
      const fragment: Fragment = {
        startS,
        endS,
        shownAtS: startS,
        isIndependent,
        isCutShort: endS - startS < partS - 0.05,
        frames: 1,
        bytes: new Uint8Array(),
      };
      if (cutter.cut(fragment) === "begins") begins.push(startS);
    }
  return begins.slice(1).map((beginS, index) => Math.round((beginS - (begins[index] ?? 0)) * 100) / 100);
}

it.each([
  ["2 s: two seconds", 2, 2],
  ["1 s, in which the last part is short: one second", 1, 1],
  ["1.5 s, the second of which would be beyond the target: one and a half", 1.5, 1.5],
  ["0.1 s, all of them short: two seconds", 0.1, 2],
  ["0.6 s, in whole parts: as near two seconds as may be", 0.6, 2.4],
])("segments of a source with key frames every %s", (_name, gopS, expected) => {
  expect(new Set(lengthsOf({ gopS }))).toEqual(new Set([expected]));
});

it("segments of a source whose key frames are far apart end without one, before they round to more than the target", () => {
  const lengths = lengthsOf({ gopS: 8, seconds: 30 });
  expect(Math.max(...lengths)).toBeLessThan(2.5);
  expect(lengths.length).toBeGreaterThan(10);
});

it("a part that a key frame cut short ends its segment at once, unless the segment has hardly begun", () => {
  const cutter = new SegmentCutter();
  const cut = (startS: number, endS: number, isIndependent: boolean) => {
    const isCutShort = endS - startS < 0.25;
    const rest = { shownAtS: startS, frames: 1, bytes: new Uint8Array() };
    return [cutter.cut({ startS, endS, isIndependent, isCutShort, ...rest }), cutter.isOver];
  };
  expect(cut(0, 0.2, true)).toEqual(["begins", false]);
  expect(cut(0.2, 0.5, true)).toEqual(["goes on", false]);
  expect(cut(0.5, 0.6, false)).toEqual(["goes on", true]);
  expect(cut(0.6, 0.9, true)).toEqual(["begins", false]);
});
