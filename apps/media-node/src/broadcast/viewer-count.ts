import type { Room } from "../room/room.ts";

const TOLD_EVERY_MS = 5_000;

/** How many watch a room's broadcast, and the most that ever did. */
export class ViewerCount {
  readonly #room: Room;
  #peak: number;
  #told = { viewers: 0, atMs: Number.NEGATIVE_INFINITY };
  readonly #elapsed: () => number;
  readonly #byHls: () => number;

  /** @param since.peak Of the record. @param since.elapsed Milliseconds that no setting of a clock changes. @param since.byHls Viewers there. */
  constructor(
    room: Room,
    { peak, elapsed, byHls }: { peak: number; elapsed: () => number; byHls: () => number },
  ) {
    this.#room = room;
    this.#elapsed = elapsed;
    this.#byHls = byHls;
    this.#peak = peak;
  }

  get now(): number {
    const { audience, viewers } = this.#room;
    return audience.size + viewers.size + this.#byHls();
  }

  get peak(): number {
    this.#peak = Math.max(this.#peak, this.now);
    return this.#peak;
  }

  /** Tells everybody in the room, every few seconds, while the number changes. @returns Whether it was told now. */
  tell(): boolean {
    const viewers = this.now;
    this.#peak = Math.max(this.#peak, viewers);
    const atMs = this.#elapsed();
    if (viewers === this.#told.viewers || atMs - this.#told.atMs < TOLD_EVERY_MS) return false;
    this.#told = { viewers, atMs };
    this.#room.tellMembers({ name: "viewers.counted", data: { viewers } });
    return true;
  }
}
