import { readFileSync } from "node:fs";
import type { InitPiece, PartPiece, Piece } from "@fairlead/segments";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { Packager, type PackagerOptions } from "./packager.ts";

const RECORDED = readFileSync(new URL("testing/fragmented.mp4", import.meta.url));
const ORDER = { run: 7, firstSequence: 40 };

/** Keeps what is written, as an adapter of `Segments` does. */
function setUp(options: Partial<PackagerOptions> = {}) {
  const pieces: Piece[] = [];
  const clock = { nowMs: 1_000_000, elapsedMs: 0 };
  const segments: PackagerOptions["segments"] = {
    write: async (_broadcastId, piece) => {
      if (pieces.some(({ run }) => run > piece.run)) return false;
      pieces.push(piece);
      return true;
    },
    nextSequence: async () =>
      pieces.length === 0 ? null : Math.max(...pieces.map(({ sequence }) => sequence)) + 1,
  };
  const packager = new Packager({
    ...{ broadcastId: "show", segments, order: ORDER, url: "/hls/show/", log: silentLogger },
    ...{
      viewers: () => ({ viewers: 3, admittedViewers: 2 }),
      isTranscoded: () => false,
      now: () => clock.nowMs,
    },
    elapsed: () => clock.elapsedMs,
    ...options,
  });
  const segmentsOf = () => Map.groupBy(partsOf(pieces), ({ sequence }) => sequence);
  return { packager, pieces, clock, segments, segmentsOf };
}

const partsOf = (pieces: Piece[]) => pieces.filter((piece) => piece.type === "part");
const initsOf = (pieces: Piece[]) => pieces.filter((piece) => piece.type === "init");
const secondsOf = (parts: PartPiece[]) => parts.reduce((sum, { duration }) => sum + duration, 0);
/** The next turn of the event loop: a memory adapter's answers are there. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

it("makes segments of two seconds from an order's first number on, in parts within their target", async () => {
  const { packager, pieces, segmentsOf } = setUp();
  packager.accept("source", RECORDED);
  await settled();
  // The last fragment is cut short: its segment ends with it, and waits for nothing.
  expect(pieces.at(-1)).toMatchObject({ type: "end", sequence: 42 });
  await packager.close();
  const segments = [...segmentsOf()];
  expect(segments.map(([sequence]) => sequence)).toEqual([40, 41, 42]);
  expect(segments.map(([, parts]) => Math.round(secondsOf(parts) * 10) / 10)).toEqual([2, 2, 1.4]);
  for (const [, parts] of segments) {
    expect(parts.map(({ part }) => part)).toEqual(parts.map((_part, i) => i));
    expect(parts[0]?.isIndependent).toBe(true);
    for (const { duration, run } of parts) {
      expect(run).toBe(7);
      expect(duration).toBeLessThanOrEqual(0.355);
    }
  }
  const [init, ...others] = initsOf(pieces) as InitPiece[];
  expect(others).toEqual([]);
  expect(init).toMatchObject({
    ...{ rendition: "source", run: 7, sequence: 40, codecs: "avc1.64000a,mp4a.40.2" },
    video: { width: 64, height: 36, frameRate: expect.closeTo(30, -1) },
  });
  expect(pieces[0]).toBe(init);
  expect(pieces.filter(({ type }) => type === "end")).toHaveLength(3);
});

it("goes on after what is stored, and says what comes next once something is there", async () => {
  const { packager, pieces, segments, segmentsOf } = setUp();
  packager.accept("source", RECORDED);
  await settled();
  await packager.close();
  const next = setUp({ segments, order: { run: 8, firstSequence: 1_000 } }).packager;
  expect(next.report()).toBeNull();
  next.accept("source", RECORDED);
  await settled();
  expect(next.report()).toEqual({
    run: 8,
    nextSequence: 46,
    url: "/hls/show/",
    viewers: 3,
    admittedViewers: 2,
  });
  await next.close();
  expect([...segmentsOf().keys()]).toEqual([40, 41, 42, 43, 44, 45]);
  expect(initsOf(pieces).map(({ run, sequence }) => [run, sequence])).toEqual([
    [7, 40],
    [8, 43],
  ]);
});

it("an ffmpeg that was started anew is a new init, and the numbers go on", async () => {
  const { packager, pieces, segmentsOf } = setUp();
  packager.accept("source", RECORDED.subarray(0, 20_000));
  await settled();
  packager.restarted();
  packager.accept("source", RECORDED);
  await packager.close();
  const numbers = [...segmentsOf().keys()];
  expect(numbers).toEqual(numbers.map((_number, i) => 40 + i));
  const [, second] = initsOf(pieces);
  const before = pieces[pieces.indexOf(second as Piece) - 1];
  expect(before).toMatchObject({ type: "end", sequence: (second?.sequence ?? 0) - 1 });
  expect(second?.bytes).toEqual(initsOf(pieces)[0]?.bytes);
});

it("writes nothing without an order, and keeps a publisher's beginning until its order comes", async () => {
  const { packager, pieces, segmentsOf } = setUp({ order: null });
  packager.accept("source", RECORDED.subarray(0, 20_000));
  packager.setOrder(null);
  await settled();
  expect(pieces).toEqual([]);
  packager.setOrder(ORDER);
  await settled();
  expect(segmentsOf().get(40)?.[0]).toMatchObject({ part: 0, isIndependent: true });
});

it("a preview is thrown away: its show begins with the first key frame under the order", async () => {
  const { packager, pieces, clock } = setUp({ order: null });
  clock.elapsedMs += 10_000;
  packager.accept("source", RECORDED.subarray(0, 20_000));
  packager.setOrder(ORDER);
  await settled();
  expect(pieces).toEqual([]);
  packager.accept("source", RECORDED.subarray(20_000));
  packager.setOrder(null);
  await settled();
  const written = pieces.length;
  expect(partsOf(pieces)[0]).toMatchObject({ part: 0, isIndependent: true });
  expect(pieces.at(-1)?.type).toBe("end");
  expect(packager.report()).toBeNull();
  packager.accept("source", RECORDED.subarray(0, 100));
  await packager.close();
  expect(pieces.length).toBe(written);
});

it("another run of the same publisher begins with the next segment, by an init of its own", async () => {
  const { packager, pieces } = setUp();
  packager.accept("source", RECORDED.subarray(0, 20_000));
  await settled();
  packager.setOrder({ run: 9, firstSequence: 0 });
  await settled();
  packager.accept("source", RECORDED.subarray(20_000));
  await packager.close();
  const [, second, ...others] = initsOf(pieces);
  expect(others).toEqual([]);
  expect(second).toMatchObject({ run: 9 });
  const own = partsOf(pieces).filter(({ run }) => run === 9);
  expect(own[0]).toMatchObject({ part: 0, isIndependent: true, sequence: second?.sequence });
  expect(Math.max(...partsOf(pieces).flatMap(({ run, sequence }) => (run === 7 ? sequence : [])))).toBe(
    (second?.sequence ?? 0) - 1,
  );
});

it("a packager whose run is not the newest stops until it has a newer one", async () => {
  const { packager, pieces, segments } = setUp();
  packager.accept("source", RECORDED.subarray(0, 20_000));
  await settled();
  const other = setUp({ segments, order: { run: 8, firstSequence: 0 } }).packager;
  other.accept("source", RECORDED);
  await settled();
  const written = pieces.length;
  packager.accept("source", RECORDED.subarray(20_000));
  await settled();
  // Its home tells it the same order again and again.
  for (let told = 0; told < 3; told++) {
    packager.setOrder(ORDER);
    await settled();
    packager.accept("source", RECORDED.subarray(0, 100));
    packager.restarted();
    packager.accept("source", RECORDED);
    await settled();
  }
  expect(packager.report()).toBeNull();
  expect(pieces.length).toBe(written);
  await Promise.all([packager.close(), other.close()]);
});

it("what is no media stops it until ffmpeg is started anew", async () => {
  const { packager, pieces } = setUp();
  packager.accept("source", RECORDED.subarray(0, 20_000));
  await settled();
  packager.accept("source", Buffer.alloc(20_000, "this is no box"));
  await settled();
  expect(pieces.at(-1)?.type).toBe("end");
  expect(packager.report()).toBeNull();
  packager.restarted();
  packager.accept("source", RECORDED);
  expect(packager.report()).not.toBeNull();
  await packager.close();
});

it("says no longer that something is served once ffmpeg makes nothing of it", async () => {
  const { packager, clock } = setUp();
  packager.accept("source", RECORDED);
  await settled();
  clock.elapsedMs = 4_900;
  expect(packager.report()).not.toBeNull();
  clock.elapsedMs = 5_100;
  expect(packager.report()).toBeNull();
  packager.restarted();
  packager.accept("source", RECORDED);
  expect(packager.report()).not.toBeNull();
  packager.stopped();
  expect(packager.report()).toBeNull();
  packager.accept("source", RECORDED);
  expect(packager.report()).toBeNull();
  await packager.close();
});

it("a preview that was kept until the order came is not shown", async () => {
  const { packager, pieces, clock } = setUp({ order: null });
  packager.accept("source", RECORDED.subarray(0, 20_000));
  packager.setOrder({ ...ORDER, shownFromMs: clock.nowMs });
  await settled();
  expect(pieces).toEqual([]);
  packager.accept("source", RECORDED.subarray(20_000));
  await packager.close();
  expect(partsOf(pieces)[0]).toMatchObject({ part: 0, isIndependent: true });
});

it.each([
  ["goes on where another one, whose store is elsewhere, has come meanwhile", 100, 100],
  ["goes on after its own store, which its home has not heard all of", 41, 43],
])("%s", async (_name, reportedSequence, expected) => {
  const { packager, segments, segmentsOf } = setUp();
  packager.accept("source", RECORDED);
  await settled();
  await packager.close();
  const order = { run: 8, firstSequence: 1_000, reportedSequence };
  const next = setUp({ segments, order }).packager;
  next.accept("source", RECORDED);
  await settled();
  await next.close();
  expect([...segmentsOf().keys()]).toEqual([40, 41, 42, expected, expected + 1, expected + 2]);
});
