import type { IngestHealth } from "@fairlead/protocol";
import { FrameGaps } from "./frame-gaps.ts";
import type { MediaTag } from "./media-tag.ts";
import type { Sps } from "./read-sps.ts";

/** What came since it was last read, and how far apart key frames are. */
export class StreamHealth {
  readonly #now: () => number;
  readonly #gaps = new FrameGaps();
  #sinceMs: number;
  #frames = 0;
  #bytes = 0;
  #dropped = 0;
  #keyAtMs: number | null = null;
  #gopMs: number | undefined;
  /** Of pictures: the first one, the last one, and how many came after the first. */
  #span: { firstMs: number; lastMs: number; count: number } | null = null;
  /** Whether a picture was ever shown at another time than its turn to be decoded. */
  hasBFrames = false;

  constructor(now: () => number) {
    this.#now = now;
    this.#sinceMs = now();
  }

  /** From one picture to the next, on the average; null before the second one. */
  get frameMs(): number | null {
    const { firstMs, lastMs, count } = this.#span ?? { firstMs: 0, lastMs: 0, count: 0 };
    return count > 0 && lastMs > firstMs ? (lastMs - firstMs) / count : null;
  }

  note(tag: MediaTag): void {
    this.#bytes += tag.bytes.length;
    if (tag.kind !== "video" || tag.part !== "frame") return;
    this.#frames += 1;
    this.#gaps.note(tag.timestampMs, this.#now());
    const { timestampMs: lastMs } = tag;
    this.#span = { firstMs: this.#span?.firstMs ?? lastMs, lastMs, count: (this.#span?.count ?? -1) + 1 };
    if (tag.compositionMs !== 0) this.hasBFrames = true;
    if (!tag.isKey) return;
    if (this.#keyAtMs !== null && tag.timestampMs > this.#keyAtMs)
      this.#gopMs = tag.timestampMs - this.#keyAtMs;
    this.#keyAtMs = tag.timestampMs;
  }

  /** Nobody gets it. */
  noteDropped(tag: MediaTag): void {
    if (tag.kind === "video") this.#dropped += 1;
  }

  read({ isTranscoded, sps }: { isTranscoded: boolean; sps: Sps | null }): IngestHealth {
    const seconds = Math.max(0.001, (this.#now() - this.#sinceMs) / 1_000);
    const health = {
      fps: Math.round((this.#frames / seconds) * 10) / 10,
      bitrateBps: Math.round((this.#bytes * 8) / seconds),
      ...(this.#gopMs === undefined ? {} : { gopMs: this.#gopMs }),
      hasBFrames: this.hasBFrames,
      isTranscoded,
      ...(sps ? { width: sps.width, height: sps.height } : {}),
      droppedFrames: this.#dropped + this.#gaps.missing,
      lateMs: this.#gaps.lateMs(this.#now()),
    };
    this.#sinceMs = this.#now();
    this.#frames = 0;
    this.#bytes = 0;
    return health;
  }
}
