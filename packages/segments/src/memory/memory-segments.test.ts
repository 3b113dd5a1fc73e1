import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Piece } from "../segments.ts";
import { createMemorySegments } from "./memory-segments.ts";

const PLACE = { rendition: "source", run: 1 };

function init(sequence: number): Piece {
  return {
    ...{ type: "init", ...PLACE, sequence, bytes: new Uint8Array(10), codecs: "avc1.42e01f" },
    ...{ video: null, bandwidthBps: 1 },
  };
}

function part(sequence: number): Piece {
  return {
    ...{ type: "part", ...PLACE, sequence, part: 0, duration: 0.3, isIndependent: true },
    ...{ programTimeMs: 0, bytes: new Uint8Array(10) },
  };
}

function storedOf(segments: ReturnType<typeof createMemorySegments>, broadcastId: string): string[] {
  const stored: string[] = [];
  const onPiece = ({ type, sequence }: Piece) => void stored.push(`${type} ${sequence}`);
  segments.follow(broadcastId, { onPiece, onEnded: () => void stored.push("ended") })();
  return stored;
}

describe("segments in memory", () => {
  let nowMs = 0;
  let segments: ReturnType<typeof createMemorySegments>;
  beforeEach(() => {
    nowMs = 0;
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    segments = createMemorySegments({ now: () => nowMs });
  });
  afterEach(async () => {
    await segments.close();
    vi.useRealTimers();
  });
  const pass = (ms: number) => {
    nowMs += ms;
    vi.advanceTimersByTime(5_000);
  };

  it("lose the media of a broadcast that is silent, keep its numbers and its init, and go on", async () => {
    for (const piece of [init(0), part(0)]) await segments.write("show", piece);
    pass(60_000);
    expect(storedOf(segments, "show")).toEqual(["init 0"]);
    expect(await segments.nextSequence("show")).toBe(1);
    expect(await segments.write("show", part(0))).toBe(false);
    expect(await segments.write("show", part(1))).toBe(true);
    expect(storedOf(segments, "show")).toEqual(["init 0", "part 1"]);
  });

  it("forget a broadcast whole an hour after its last piece", async () => {
    await segments.write("show", init(7));
    pass(3_600_000);
    expect(await segments.nextSequence("show")).toBeNull();
  });

  it("forget a broadcast whole a minute after its end", async () => {
    await segments.write("show", init(7));
    await segments.end("show", 1);
    pass(59_000);
    expect(storedOf(segments, "show")).toEqual(["init 7", "ended"]);
    pass(1_000);
    expect(storedOf(segments, "show")).toEqual([]);
  });
});
