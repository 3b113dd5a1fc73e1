import { OverlapMs } from "@fairlead/protocol";
import type { SentFrame } from "./link-sink.ts";

/** Where to a room was placed; epoch 0: nowhere. `overlapsUntilMs`: its former place goes on until then. */
export type Moved = { epoch: number; overlapsUntilMs: number };

export const NOT_MOVED: Moved = { epoch: 0, overlapsUntilMs: 0 };

/** Both places tell of a move, the next one without an overlap: either may be heard first. */
export function laterOf(one: Moved, other: Moved): Moved {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch ? one : other;
  return { epoch: one.epoch, overlapsUntilMs: Math.max(one.overlapsUntilMs, other.overlapsUntilMs) };
}

/** @returns What is left of the overlap; undefined: nothing. */
export function overlapLeftMs({ overlapsUntilMs }: Moved, nowMs: number): number | undefined {
  const leftMs = Math.round(overlapsUntilMs - nowMs);
  return leftMs > 0 ? leftMs : undefined;
}

/** @returns What a node's refusal says of the overlap of a session that is gone; undefined: nothing. */
export function overlapIn(refusal: unknown): number | undefined {
  const detail = refusal instanceof Object && "detail" in refusal ? refusal.detail : undefined;
  const overlapMs = detail instanceof Object && "overlapMs" in detail ? detail.overlapMs : undefined;
  return OverlapMs.safeParse(overlapMs).data;
}

/**
 * A client that joins at the place that was told of may not have heard on its last link that the former one goes on.
 * @returns The frames to send, the answer last.
 */
export function withOverlap(
  answer: SentFrame,
  { room: roomId, epoch, overlapMs }: { room: string; epoch: number; overlapMs: number | undefined },
  moved: Moved,
): SentFrame[] {
  const isNews = answer.type === "joined" && moved.epoch === epoch && overlapMs !== undefined;
  return isNews ? [{ type: "moved", roomId, epoch, overlapMs }, answer] : [answer];
}
