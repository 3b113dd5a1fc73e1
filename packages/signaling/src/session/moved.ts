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
