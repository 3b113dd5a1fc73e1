import { OPUS_SILENCE, OPUS_SILENCE_MS, opusDurationMs } from "../rtp/opus.ts";

export type SoundLineOptions = {
  /** false: there is no such track, and nothing is waited for. */
  isFed: boolean;
  write: (packet: Buffer, atMs: number) => void;
  /** This process stood still, or the clock jumped: what comes belongs to another run. */
  onGap: () => void;
};

/** Longer silence is not made up: nobody saw it. */
const LONGEST_GAP_MS = 2_000;

/** So late a packet may come. */
const WAIT_MS = 150;

/**
 * The sound of a programme, without gaps: what does not come is silent. Players stop at a track that ends, a microphone may be muted, and some send nothing while
 * nobody speaks. A publisher without sound has silence, so that its programme has the same tracks when a microphone is added.
 */
export class SoundLine {
  readonly #options: SoundLineOptions;
  #nextMs: number | null = null;

  constructor(options: SoundLineOptions) {
    this.#options = options;
  }

  /** Nothing before it is missing. */
  begin(atMs: number): void {
    this.#nextMs = Math.max(this.#nextMs ?? 0, atMs);
  }

  /** @param atMs When it was made. */
  take(packet: Buffer, atMs: number): void {
    const durationMs = opusDurationMs(packet);
    if (durationMs === null) return;
    this.#skipGap(atMs);
    const nextMs = this.#nextMs ?? atMs;
    // Most of it is silent already.
    if (atMs + durationMs / 2 < nextMs) return;
    this.#write(packet, Math.max(atMs, nextMs), durationMs);
  }

  /** Called some times a second. */
  fill(nowMs: number): void {
    const dueMs = this.#options.isFed ? nowMs - WAIT_MS : nowMs;
    this.#skipGap(dueMs);
    while (this.#nextMs !== null && this.#nextMs + OPUS_SILENCE_MS <= dueMs)
      this.#write(OPUS_SILENCE, this.#nextMs, OPUS_SILENCE_MS);
  }

  #skipGap(atMs: number): void {
    if (this.#nextMs === null || atMs - this.#nextMs <= LONGEST_GAP_MS) return;
    this.#nextMs = atMs;
    this.#options.onGap();
  }

  #write(packet: Buffer, atMs: number, durationMs: number): void {
    this.#nextMs = atMs + durationMs;
    this.#options.write(packet, atMs);
  }
}
