import type { Piece, Segments } from "@fairlead/segments";
import { type MediaPlaylistOptions, writeMediaPlaylist } from "../playlists/media-playlist.ts";
import { writeMultivariantPlaylist } from "../playlists/multivariant-playlist.ts";
import { Timeline } from "../timeline/timeline.ts";
import { Text } from "./text.ts";

/** The rendition that there always is. */
const SOURCE = "source";

export type FollowedBroadcastOptions = {
  segments: Segments;
  broadcastId: string;
  keptBytes: number;
};

/** A broadcast's timelines as they grow, and its playlists, each of which is written once however many ask. */
export class FollowedBroadcast {
  readonly #timelines = new Map<string, Timeline>();
  readonly #keptBytes: number;
  readonly #waiting = new Set<() => void>();
  /** Of the timelines as they are now. */
  readonly #written = new Map<string, Text>();
  #unfollow: () => void = () => {};
  /** Tells playlists of one life of this object from those of another one. */
  readonly #life = crypto.randomUUID().slice(0, 8);
  #version = 0;
  isClosed = false;
  isEnded = false;

  constructor({ segments, broadcastId, keptBytes }: FollowedBroadcastOptions) {
    this.#keptBytes = keptBytes;
    this.#unfollow = segments.follow(broadcastId, {
      onPiece: (piece) => this.#accept(piece),
      onEnded: () => this.#end(),
    });
  }

  timelineOf(rendition: string): Timeline | undefined {
    return this.#timelines.get(rendition);
  }

  get isWaitedFor(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether something can be played. */
  get isPlayable(): boolean {
    return this.#timelines.get(SOURCE)?.isPlayable ?? false;
  }

  /** A playlist of a rendition that is playable. */
  mediaPlaylist(rendition: string, { isDelta }: Pick<MediaPlaylistOptions, "isDelta">): Text {
    return this.#write(`${rendition} ${isDelta}`, () => {
      const timeline = this.#timelines.get(rendition);
      if (!timeline) throw new Error("no playlist of a rendition that is not there");
      const others = [...this.#timelines].filter(([name]) => name !== rendition);
      return writeMediaPlaylist(timeline, {
        isDelta,
        others: others.map(([name, other]) => ({ rendition: name, timeline: other })),
      });
    });
  }

  multivariantPlaylist(): Text {
    return this.#write("", () =>
      writeMultivariantPlaylist(
        [...this.#timelines]
          .sort(([a], [b]) => Number(b === SOURCE) - Number(a === SOURCE))
          .flatMap(([, { init, isPlayable }]) => (init && isPlayable ? [init] : [])),
      ),
    );
  }

  /**
   * @param isMet Asked after every piece.
   * @param options.signal The client's, which may vanish meanwhile.
   * @returns Whether it was met: false after `timeoutMs`, when the client is gone, and when nothing comes any more.
   */
  async until(
    isMet: () => boolean,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  ): Promise<boolean> {
    if (isMet()) return true;
    if (this.isEnded || this.isClosed || signal.aborted) return false;
    return new Promise((resolve) => {
      const settle = (met: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        this.#waiting.delete(check);
        resolve(met);
      };
      const giveUp = () => settle(false);
      const timer = setTimeout(giveUp, timeoutMs);
      const check = () => {
        if (isMet()) settle(true);
        else if (this.isEnded || this.isClosed) settle(false);
      };
      signal.addEventListener("abort", giveUp);
      this.#waiting.add(check);
    });
  }

  close(): void {
    this.isClosed = true;
    this.#unfollow();
    this.#changed();
  }

  #write(key: string, write: () => string): Text {
    const known = this.#written.get(key);
    if (known) return known;
    const text = new Text(write(), `${this.#life}-${this.#version}`);
    this.#written.set(key, text);
    return text;
  }

  #accept(piece: Piece): void {
    // Of another show with the same id.
    if (this.isEnded) {
      this.close();
      return;
    }
    let timeline = this.#timelines.get(piece.rendition);
    if (!timeline) {
      timeline = new Timeline({ keptBytes: this.#keptBytes });
      this.#timelines.set(piece.rendition, timeline);
    }
    if (timeline.accept(piece)) this.#changed();
  }

  #end(): void {
    for (const timeline of this.#timelines.values()) timeline.end();
    this.isEnded = true;
    this.#changed();
  }

  #changed(): void {
    this.#version++;
    this.#written.clear();
    for (const check of [...this.#waiting]) check();
  }
}
