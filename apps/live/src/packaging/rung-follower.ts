import type { Fragment } from "./fragment-reader.ts";
import type { Place, RenditionWriter } from "./rendition-writer.ts";

type Cut = { place: Place; shownAtS: number };

/** About a frame: times are rounded, in each rendition by its own scale. */
const TOLERANCE_S = 0.02;
/** Further back than any encoder of ours is behind. */
const MOST_CUTS = 8;
const MOST_WAITING = 64;

/** Gives a further rendition its segments: each begins where the source's segment of the same number does. */
export class RungFollower {
  readonly #writer: RenditionWriter;
  #cuts: Cut[] = [];
  #waiting: Fragment[] = [];
  /** What is shown before it has been cut. */
  #untilS = Number.NEGATIVE_INFINITY;
  #sequence: number | null = null;

  constructor(writer: RenditionWriter) {
    this.#writer = writer;
  }

  /** The source begins a segment. */
  noteCut(cut: Cut): void {
    this.#cuts = [...this.#cuts.slice(1 - MOST_CUTS), cut];
  }

  /** The source's fragments until then have their places. */
  advance(untilS: number): void {
    this.#untilS = untilS;
    while (this.#waiting[0] && this.#waiting[0].shownAtS < untilS - TOLERANCE_S) {
      const fragment = this.#waiting.shift();
      if (fragment) this.#place(fragment);
    }
  }

  take(fragment: Fragment): void {
    this.#waiting.push(fragment);
    if (this.#waiting.length > MOST_WAITING) this.clear();
    else this.advance(this.#untilS);
  }

  clear(): void {
    this.#cuts = [];
    this.#waiting = [];
    this.#untilS = Number.NEGATIVE_INFINITY;
    this.#sequence = null;
    this.#writer.end();
    this.#writer.needInit();
  }

  #place(fragment: Fragment): void {
    const cut = this.#cuts.findLast(({ shownAtS }) => shownAtS <= fragment.shownAtS + TOLERANCE_S);
    if (!cut) return;
    const { sequence } = cut.place;
    // The first one of all needs a key frame; after it only the source's numbers count.
    if (this.#sequence === null && !fragment.isIndependent) return;
    if (this.#sequence === sequence) this.#writer.add(fragment);
    else this.#writer.begin(cut.place, fragment);
    this.#sequence = sequence;
  }
}
