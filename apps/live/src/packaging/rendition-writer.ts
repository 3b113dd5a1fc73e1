import { PART_TARGET_S, type Piece, SHORTEST_PART_S } from "@fairlead/segments";
import { MOST_BOX_BYTES } from "./boxes.ts";
import type { Fragment, Init } from "./fragment-reader.ts";

/** Of a segment. */
export type Place = { run: number; sequence: number };

export type RenditionWriterOptions = {
  rendition: string;
  push: (piece: Piece) => void;
  /** Milliseconds since 1970, by a fragment's own time. */
  programTimeMs: (fragment: Fragment) => number;
};

/**
 * One rendition's pieces: an init where one is due, the parts of its open segment, its end. Where key frames come so often that they cut each fragment
 * short, some make a part together: a part is a request of each player.
 */
export class RenditionWriter {
  /** Bits/s, where it is known beforehand. */
  bandwidthBps: number | null = null;
  readonly #options: RenditionWriterOptions;
  #init: Init | null = null;
  #isInitDue = true;
  #open: (Place & { parts: number; endS: number }) | null = null;
  /** May be too short for a part: the next fragment says. */
  #unfinished: Fragment | null = null;

  constructor(options: RenditionWriterOptions) {
    this.#options = options;
  }

  /** What follows is decoded by it. */
  setInit(init: Init): void {
    this.#init = init;
    this.#isInitDue = true;
  }

  /** The next segment begins with an init, as there is a gap before it or its run is another. */
  needInit(): void {
    this.#isInitDue = true;
  }

  begin(place: Place, fragment: Fragment): void {
    this.end();
    if (!this.#init) return;
    if (this.#isInitDue) this.#pushInit(this.#init, place, fragment);
    this.#open = { ...place, parts: 0, endS: fragment.startS };
    this.add(fragment);
  }

  /** Nothing without an open segment. */
  add(fragment: Fragment): void {
    if (!this.#open) return;
    const joined = this.#unfinished && join(this.#unfinished, fragment);
    if (!joined) this.#finishPart();
    this.#unfinished = joined ?? fragment;
    if (!mayGrow(this.#unfinished)) this.#finishPart();
  }

  /** Idempotent. */
  end(): void {
    const { rendition, push } = this.#options;
    this.#finishPart();
    if (this.#open) push({ type: "end", rendition, run: this.#open.run, sequence: this.#open.sequence });
    this.#open = null;
  }

  #finishPart(): void {
    const [open, fragment] = [this.#open, this.#unfinished];
    this.#unfinished = null;
    if (!open || !fragment) return;
    const { rendition, push, programTimeMs } = this.#options;
    const { bytes, isIndependent, endS } = fragment;
    // From end to end: what one fragment guesses of its last frame's time, the next one puts right.
    const duration = Math.max(0.001, endS - open.endS);
    const { run, sequence, parts: part } = open;
    push({
      ...{ type: "part", rendition, run, sequence, part, duration, isIndependent, bytes },
      programTimeMs: programTimeMs(fragment),
    });
    open.parts += 1;
    open.endS = endS;
  }

  #pushInit({ bytes, codecs, picture }: Init, place: Place, fragment: Fragment): void {
    const seconds = Math.max(0.001, fragment.endS - fragment.startS);
    // A key frame is in it, so a whole segment hardly has more.
    const measuredBps = Math.ceil((fragment.bytes.byteLength * 8) / seconds);
    const frameRate = Math.round((fragment.frames / seconds) * 10) / 10;
    this.#options.push({
      ...{ type: "init", rendition: this.#options.rendition, ...place, bytes, codecs },
      video: picture && { ...picture, frameRate },
      bandwidthBps: this.bandwidthBps ?? measuredBps,
    });
    this.#isInitDue = false;
  }
}

/** A key frame has cut it short, and the next fragment begins with another one. */
function mayGrow({ startS, endS, isIndependent, isCutShort }: Fragment): boolean {
  return isIndependent && isCutShort && endS - startS < SHORTEST_PART_S;
}

/** @returns null: together they are more than a part. */
function join(first: Fragment, next: Fragment): Fragment | null {
  const length = first.bytes.byteLength + next.bytes.byteLength;
  if (next.endS - first.startS > PART_TARGET_S || length > MOST_BOX_BYTES) return null;
  const { endS, isCutShort } = next;
  const bytes = Buffer.concat([first.bytes, next.bytes]);
  return { ...first, endS, isCutShort, bytes, frames: first.frames + next.frames };
}
