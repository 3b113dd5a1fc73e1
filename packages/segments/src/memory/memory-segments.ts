import { FairleadError } from "@fairlead/protocol";
import type { Piece, Segments, SegmentsListener } from "../segments.ts";
import { StoredBroadcast } from "./stored-broadcast.ts";

export type MemorySegmentsOptions = {
  /** Seconds of media that are kept of a broadcast. */
  mediaS?: number;
  /** Bytes that are kept of a broadcast. */
  broadcastBytes?: number;
  pieceBytes?: number;
  /** Media of a broadcast that ended, or that nobody writes to, goes after this time, ms. */
  idleMs?: number;
  /** After this time of silence its numbers go too, ms. */
  forgetMs?: number;
  /** Milliseconds that never run back. */
  now?: () => number;
};

const SWEEP_MS = 5_000;

/** Within one process. Bytes are kept as they are given, without a copy: their writer leaves them alone. */
export function createMemorySegments(options: MemorySegmentsOptions = {}): Segments {
  const { mediaS = 60, broadcastBytes = 64 * 2 ** 20, pieceBytes = 4 * 2 ** 20 } = options;
  const { idleMs = 60_000, forgetMs = 3_600_000, now = () => performance.now() } = options;
  const broadcasts = new Map<string, StoredBroadcast>();

  function broadcastOf(broadcastId: string): StoredBroadcast {
    const known = broadcasts.get(broadcastId);
    if (known) return known;
    const fresh = new StoredBroadcast({ mediaS, bytes: broadcastBytes }, now());
    broadcasts.set(broadcastId, fresh);
    return fresh;
  }

  function sweep(): void {
    for (const [id, broadcast] of broadcasts) {
      const silentMs = now() - broadcast.changedAtMs;
      if (silentMs < idleMs) continue;
      broadcast.forgetMedia();
      if ((broadcast.isEnded || broadcast.isUnused || silentMs >= forgetMs) && !broadcast.isFollowed)
        broadcasts.delete(id);
    }
  }
  const sweeping = setInterval(sweep, SWEEP_MS);

  return {
    write: async (broadcastId: string, piece: Piece) => {
      if (piece.type !== "end" && piece.bytes.byteLength > pieceBytes)
        throw new FairleadError("message_too_large", { message: `a piece has at most ${pieceBytes} bytes` });
      return broadcastOf(broadcastId).write(piece, now());
    },
    nextSequence: async (broadcastId) => broadcasts.get(broadcastId)?.nextSequence ?? null,
    end: async (broadcastId, run) => broadcastOf(broadcastId).end(run, now()),
    follow: (broadcastId: string, listener: SegmentsListener) => broadcastOf(broadcastId).follow(listener),
    close: async () => {
      clearInterval(sweeping);
      broadcasts.clear();
    },
  };
}
