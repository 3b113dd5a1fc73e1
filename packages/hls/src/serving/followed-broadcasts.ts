import { FollowedBroadcast, type FollowedBroadcastOptions } from "./followed-broadcast.ts";

/**
 * A timeline that nobody asked for within this time goes, and is made anew of what is stored when somebody does. One that has ended goes after it
 * too, asked for or not.
 */
const KEPT_MS = 60_000;

type Entry = { broadcast: FollowedBroadcast; neededAtMs: number };

/** The broadcasts that somebody watches here. */
export class FollowedBroadcasts {
  readonly #options: Omit<FollowedBroadcastOptions, "broadcastId">;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /** @param now Milliseconds that never run back. */
  constructor(options: Omit<FollowedBroadcastOptions, "broadcastId">, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  get(broadcastId: string): FollowedBroadcast {
    let entry = this.#entries.get(broadcastId);
    if (!entry || entry.broadcast.isClosed) {
      const broadcast = new FollowedBroadcast({ ...this.#options, broadcastId });
      entry = { broadcast, neededAtMs: this.#now() };
      this.#entries.set(broadcastId, entry);
    }
    if (!entry.broadcast.isEnded) entry.neededAtMs = this.#now();
    return entry.broadcast;
  }

  get size(): number {
    return this.#entries.size;
  }

  close(): void {
    for (const { broadcast } of this.#entries.values()) broadcast.close();
    this.#entries.clear();
  }

  /** To be called every few seconds. */
  closeUnneeded(): void {
    for (const [id, { broadcast, neededAtMs }] of this.#entries) {
      if (broadcast.isWaitedFor || this.#now() - neededAtMs < KEPT_MS) continue;
      broadcast.close();
      this.#entries.delete(id);
    }
  }
}
