import type { Piece } from "@fairlead/segments";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it, vi } from "vitest";
import { type Lost, PieceQueue } from "./piece-queue.ts";

const PART: Piece = {
  ...{ type: "part", rendition: "source", run: 1, sequence: 1, part: 0 },
  ...{ duration: 1, isIndependent: true, programTimeMs: 0, bytes: new Uint8Array(1) },
};

it("a store that hangs loses what waits for it, so that nobody waits", async () => {
  const { promise: hung, resolve: goOn } = Promise.withResolvers<boolean>();
  const written: Piece[] = [];
  const lost: Lost[] = [];
  const write = (_broadcastId: string, piece: Piece) => {
    written.push(piece);
    return hung;
  };
  const queue = new PieceQueue({
    ...{ broadcastId: "show", segments: { write }, log: silentLogger },
    onLost: (why) => lost.push(why),
  });
  for (let part = 0; part < 7; part++) queue.push({ ...PART, part, bytes: new Uint8Array(4_000_000) });
  expect(lost).toEqual(["failed"]);
  goOn(true);
  await queue.flush();
  expect(written).toHaveLength(2);
});

it("a piece that comes just as the last one is written is written too", async () => {
  const { promise: taken, resolve: take } = Promise.withResolvers<boolean>();
  const write = vi.fn(() => taken);
  const queue = new PieceQueue({
    ...{ broadcastId: "show", segments: { write }, log: silentLogger, onLost: () => {} },
  });
  queue.push(PART);
  // Right after the queue, which waits for it too.
  const pushed = taken.then(() => queue.push({ ...PART, part: 1 }));
  take(true);
  await pushed;
  await queue.flush();
  expect(write).toHaveBeenCalledTimes(2);
});

it("writes nothing under a run that is fenced, and says so once", async () => {
  const lost: Lost[] = [];
  const write = vi.fn(async (_broadcastId: string, { run }: Piece) => run > 7);
  const queue: PieceQueue = new PieceQueue({
    ...{ broadcastId: "show", segments: { write }, log: silentLogger },
    onLost: (why) => {
      lost.push(why);
      queue.push({ type: "end", rendition: "source", run: 7, sequence: 1 });
    },
  });
  queue.push({ ...PART, run: 7 });
  await queue.flush();
  queue.push({ ...PART, run: 7, part: 1 });
  await queue.flush();
  expect([lost, write.mock.calls.length]).toEqual([[{ fencedRun: 7 }], 1]);
  queue.push({ ...PART, run: 8 });
  await queue.flush();
  expect(write).toHaveBeenCalledTimes(2);
});
