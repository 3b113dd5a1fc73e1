import { WordedRefusal } from "../rtmp/refusal-words.ts";
import type { MediaTag } from "./media-tag.ts";

/** Without a header that would let the stream begin. */
const MOST_BYTES = 16 * 1024 * 1024;
/** While the home is asked. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** What comes before there is an ffmpeg to give it to. */
export class WaitingFrames {
  #frames: MediaTag[] = [];
  #bytes = 0;

  /** @throws {WordedRefusal} The stream should have begun long ago. */
  push(frame: MediaTag): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
    if (this.#bytes > MOST_BYTES)
      throw new WordedRefusal("media_rejected", "The encoder sends no H.264 or AAC header.");
  }

  /** The same while the stream waits for us: what precedes the newest key frame is dropped, and all where that is not enough. */
  pushNewest(frame: MediaTag): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
    if (this.#bytes <= KEPT_BYTES) return;
    const newest = this.#frames.findLastIndex(({ isKey }) => isKey);
    if (newest > 0) this.#keep(this.#frames.slice(newest));
    else if (this.#bytes > MOST_BYTES) this.#keep([]);
  }

  /** In the order they came in. */
  all(): readonly MediaTag[] {
    return this.#frames;
  }

  #keep(frames: MediaTag[]): void {
    this.#frames = frames;
    this.#bytes = frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}
