import type { LocalTracks } from "./local/local-tracks.ts";
import type { RemotePeers } from "./remote/remote-peers.ts";
import type { RoomMedia } from "./room-media.ts";

/** Whatever is missing at the next place, a former one is closed after this time. */
const LONGEST_MS = 5_000;
/** The others change to the next place too, and may see there a moment later what this peer sends. */
const LINGERS_MS = 1_000;
const LOOK_EVERY_MS = 100;

type PlacesOptions = {
  local: Pick<LocalTracks, "isSettled">;
  remote: Pick<RemotePeers, "isSettled" | "swapFrom">;
};

/**
 * This peer's media where the room is, and where it was: at a former place it goes on until this peer and those that it sees need it no more.
 */
export class Places<Media extends Pick<RoomMedia, "leave" | "close" | "receives"> = RoomMedia> {
  readonly #options: PlacesOptions;
  /** Closes them, by former place. */
  readonly #former = new Set<() => void>();
  #media: Media | null = null;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Where the room is; null before the first join. */
  get media(): Media | null {
    return this.#media;
  }

  /** @param overlapMs So long the place before goes on; 0: it is gone. */
  enter(media: Media, overlapMs: number): void {
    const before = this.#media;
    this.#media = media;
    if (before && overlapMs > 0) this.#keep(before, overlapMs);
    else before?.close();
  }

  /** Idempotent. */
  close(): void {
    for (const end of [...this.#former]) end();
    this.#media?.close();
  }

  #keep(media: Media, forMs: number): void {
    media.leave();
    const { local, remote } = this.#options;
    const untilMs = performance.now() + Math.min(forMs, LONGEST_MS);
    let settledAtMs: number | null = null;
    const end = () => {
      if (!this.#former.delete(end)) return;
      clearInterval(timer);
      // What does not play yet gets no better by waiting for it.
      remote.swapFrom((track) => media.receives(track));
      media.close();
    };
    const look = () => {
      const nowMs = performance.now();
      if (settledAtMs === null && local.isSettled && remote.isSettled) settledAtMs = nowMs;
      if (nowMs >= untilMs || (settledAtMs !== null && nowMs - settledAtMs >= LINGERS_MS)) end();
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    this.#former.add(end);
  }
}
