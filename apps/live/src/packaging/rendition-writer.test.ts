import type { Piece } from "@fairlead/segments";
import { expect, it } from "vitest";
import type { Fragment } from "./fragment-reader.ts";
import { RenditionWriter } from "./rendition-writer.ts";

/** A segment of fragments with key frames, so many ms each. @returns Its parts, ms. */
function partsOf(lengths: readonly { ms: number; isIndependent?: boolean; bytes?: number }[]) {
  const pieces: Piece[] = [];
  const writer = new RenditionWriter({
    ...{ rendition: "source", push: (piece) => pieces.push(piece), programTimeMs: () => 0 },
  });
  writer.setInit({ bytes: new Uint8Array(1), codecs: "avc1.42c01f", picture: null });
  let startS = 0;
  for (const [index, { ms, isIndependent = true, bytes = 10 }] of lengths.entries()) {
    const endS = startS + ms / 1_000;
    const isCutShort = ms < 252;
    const rest = { shownAtS: startS, frames: 1, bytes: new Uint8Array(bytes).fill(index) };
    const fragment: Fragment = { startS, endS, isIndependent, isCutShort, ...rest };
    if (index === 0) writer.begin({ run: 1, sequence: 1 }, fragment);
    else writer.add(fragment);
    startS = endS;
  }
  writer.end();
  expect(pieces.at(-1)?.type).toBe("end");
  const parts = pieces.filter((piece) => piece.type === "part");
  expect(parts.map(({ part }) => part)).toEqual(parts.map((_, index) => index));
  const sent = Buffer.concat(lengths.map(({ bytes = 10 }, index) => Buffer.alloc(bytes, index)));
  expect(sent.equals(Buffer.concat(parts.map(({ bytes }) => bytes)))).toBe(true);
  return parts.map(({ duration, isIndependent }) => [Math.round(duration * 1_000), isIndependent]);
}

it("key frames alone, 30 a second, make parts of a third of a second", () => {
  const parts = partsOf(Array.from({ length: 60 }, () => ({ ms: 1_000 / 30 })));
  expect(parts).toEqual([...Array.from({ length: 6 }, () => [300, true]), [200, true]]);
});

it("a fragment that begins with no key frame is a part of its own, at once, and so is what would make a part too long", () => {
  const short = { ms: 100, isIndependent: false };
  expect(partsOf([{ ms: 300 }, short, { ms: 200 }, { ms: 200 }, { ms: 100 }])).toEqual([
    ...[
      [300, true],
      [100, false],
      [200, true],
      [300, true],
    ],
  ]);
  const large = { ms: 33, bytes: 3_000_000 };
  expect(partsOf([large, large])).toHaveLength(2);
});
