import type { RoomEvents } from "../api/events.ts";
import type { ConnectionQuality } from "../api/tracks.ts";
import type { TypedEmitter } from "../typed-emitter.ts";

/** Notes a grade at the peer that it is of, and tells the app if it is news. A peer that left has none. */
export function tellQuality(
  emitter: TypedEmitter<RoomEvents>,
  graded: { quality: ConnectionQuality } | undefined,
  grade: RoomEvents["quality.changed"],
): void {
  if (!graded || graded.quality === grade.quality) return;
  graded.quality = grade.quality;
  emitter.emit("quality.changed", grade);
}
