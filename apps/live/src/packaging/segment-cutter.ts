import { LONGEST_SEGMENT_S, SHORTEST_PART_S, TARGET_DURATION_S } from "@fairlead/segments";
import type { Fragment } from "./fragment-reader.ts";

/** Times of RTMP are whole milliseconds, and a key frame may come a frame early. */
const TOLERANCE_S = 0.05;
/** A segment that has lasted this long may end before its time. */
const SHORTEST_S = 0.5;

type Cut = "begins" | "goes on" | "dropped";

/**
 * Says where segments begin. A key frame that cuts a part short begins one too, as of the parts that begin with no key frame only a segment's last
 * may be short. One that would grow beyond its target ends at the key frame before, or at any frame where key frames are farther apart than the
 * target: the next segment then begins without one.
 */
export class SegmentCutter {
  #startS: number | null = null;
  #keyAtS = 0;
  #gopS = 0;
  #wasShort = false;
  #isOver = false;

  /** The next segment begins with a key frame, whatever comes before it. */
  reset(): void {
    this.#startS = null;
    this.#gopS = 0;
    this.#isOver = false;
  }

  /** The segment ends with the last fragment, as a key frame has cut that one short: nobody has to wait for the next one to know. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @returns `dropped`: nobody could decode it. */
  cut(fragment: Fragment): Cut {
    const cut = this.#place(fragment);
    const { endS, isCutShort, isIndependent } = fragment;
    const mayEnd = this.#startS !== null && endS - this.#startS >= SHORTEST_S;
    this.#isOver = isCutShort && !isIndependent && mayEnd;
    return cut;
  }

  #place({ startS, endS, isIndependent }: Fragment): Cut {
    const wasShort = this.#wasShort;
    this.#wasShort = !isIndependent && endS - startS < SHORTEST_PART_S;
    if (isIndependent) {
      this.#gopS = this.#startS === null ? 0 : startS - this.#keyAtS;
      this.#keyAtS = startS;
    }
    if (this.#startS === null) return isIndependent ? this.#begin(startS) : "dropped";
    const passedS = startS - this.#startS;
    const isLong =
      passedS >= TARGET_DURATION_S - TOLERANCE_S ||
      passedS + this.#gopS > LONGEST_SEGMENT_S ||
      (wasShort && passedS >= SHORTEST_S);
    if (this.#isOver || (isIndependent && isLong)) return this.#begin(startS);
    return passedS > 0 && endS - this.#startS > LONGEST_SEGMENT_S ? this.#begin(startS) : "goes on";
  }

  #begin(startS: number): Cut {
    this.#startS = startS;
    return "begins";
  }
}
