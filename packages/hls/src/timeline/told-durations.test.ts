import { describe, expect, it } from "vitest";
import { makeInit, makePart } from "../testing/make-pieces.ts";
import { Timeline } from "./timeline.ts";
import { chooseDurations } from "./told-durations.ts";

const of = (frameRate: number) =>
  chooseDurations([], makeInit({ sequence: 0, video: { width: 640, height: 360, frameRate } }));

describe("what the first playlist tells", () => {
  it.each([
    [60, 0.334],
    [30, 0.334],
    [29.97, 0.334],
    [25, 0.334],
    [24, 0.334],
    [15, 0.344],
    [5, 0.41],
    [1, 1.01],
    [0, 0.334],
  ])("of %s frames a second has parts of at most %s s", (frameRate, partTarget) => {
    expect(of(frameRate)).toEqual({ target: 2, partTarget });
  });

  it.each([
    [0.355, 0.355],
    [0.7, 0.334],
  ])("after a first part of %s s has parts of at most %s s", (duration, partTarget) => {
    const timeline = new Timeline({ keptBytes: 1_000 });
    timeline.accept(makeInit({ sequence: 0 }));
    timeline.accept(makePart({ sequence: 0, part: 0, duration }));
    expect(timeline.tell().partTarget).toBe(partTarget);
  });

  it("of sound alone is the same", () => {
    expect(chooseDurations([], makeInit({ sequence: 0, video: null })).partTarget).toBe(0.334);
  });
});
