import Flv from "node-media-server/src/protocol/flv.js";
import type { MediaTag } from "./media-tag.ts";

const TYPES = { audio: 8, video: 9 } as const;
/** Where a stream's time jumps farther, it goes on from where it was. */
const FORWARD_MS = 10_000;
const BACK_MS = 1_000;
const STEP_MS = 20;

/** Writes one stream as FLV, in a time without jumps: ffmpeg would fill an hour that never was. */
export class FlvWriter {
  #lastMs: number | null = null;
  #offsetMs: number | null = null;

  header(tracks: { audio: boolean; video: boolean }): Buffer {
    return Flv.createHeader(tracks.audio, tracks.video);
  }

  tag(tag: MediaTag): Buffer {
    const data = tag.bytes;
    return Flv.createMessage({
      codec_type: TYPES[tag.kind],
      size: data.length,
      dts: this.#timeOf(tag),
      data,
    });
  }

  #timeOf(tag: MediaTag): number {
    // A decoder's header shows nothing, and some encoders send it with time 0.
    if (tag.part === "header") return Math.max(0, (this.#lastMs ?? 0) - (this.#offsetMs ?? 0));
    this.#offsetMs ??= tag.timestampMs;
    const passedMs = tag.timestampMs - (this.#lastMs ?? tag.timestampMs);
    if (passedMs > FORWARD_MS || passedMs < -BACK_MS) this.#offsetMs += passedMs - STEP_MS;
    this.#lastMs = tag.timestampMs;
    return Math.max(0, tag.timestampMs - this.#offsetMs);
  }
}
