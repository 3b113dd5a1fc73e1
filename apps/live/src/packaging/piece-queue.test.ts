import type { Piece } from "@fairlead/segments";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { PieceQueue } from "./piece-queue.ts";

it("a store that hangs loses what waits for it, so that nobody waits", async () => {
  const { promise: hung, resolve: goOn } = Promise.withResolvers<boolean>();
  const written: Piece[] = [];
  const lost: string[] = [];
  const write = (_broadcastId: string, piece: Piece) => {
    written.push(piece);
    return hung;
  };
  const queue = new PieceQueue({
    ...{ broadcastId: "show", segments: { write }, log: silentLogger },
    onLost: (why) => lost.push(why),
  });
  const place = {
    rendition: "source",
    run: 1,
    sequence: 1,
    duration: 1,
    isIndependent: true,
    programTimeMs: 0,
  };
  for (let part = 0; part < 7; part++)
    queue.push({ type: "part", ...place, part, bytes: new Uint8Array(4_000_000) });
  expect(lost).toEqual(["failed"]);
  goOn(true);
  await queue.flush();
  expect(written).toHaveLength(2);
});
