import { WordedRefusal } from "./refusal-words.ts";

const WINDOW_MS = 5_000;
/** Of the media's rate: what wraps it is small, and after a pause of the network all of it comes at once. */
const BURST = 3;
const MESSAGES_PER_S = 2_000;

/** What a publisher may send, media or not: media is judged apart, and all else costs as much to read. */
export class TrafficBounds {
  readonly #mostBytes: number;
  readonly #now: () => number;
  #sinceMs: number;
  #bytes = 0;
  #messages = 0;

  constructor(bitrateBps: number, now: () => number) {
    this.#mostBytes = (BURST * bitrateBps * WINDOW_MS) / 8_000;
    this.#now = now;
    this.#sinceMs = now();
  }

  /** @throws {WordedRefusal} It is too much. */
  note({ bytes = 0, messages = 0 }: { bytes?: number; messages?: number }): void {
    if (this.#now() - this.#sinceMs >= WINDOW_MS) {
      this.#sinceMs = this.#now();
      this.#bytes = 0;
      this.#messages = 0;
    }
    this.#bytes += bytes;
    this.#messages += messages;
    if (this.#bytes > this.#mostBytes || this.#messages > (MESSAGES_PER_S * WINDOW_MS) / 1_000)
      throw new WordedRefusal("media_rejected", "The encoder sends too much at once. Start it again.");
  }
}
