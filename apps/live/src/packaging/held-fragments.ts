import type { Fragment } from "./fragment-reader.ts";

/** A publisher's beginning is kept until its home has answered: later, what comes without an order is a preview, which nobody keeps. */
const BEGINNING_MS = 2_500;
const MOST_BYTES = 8_000_000;

/** What comes before it is known where it belongs. */
export class HeldFragments {
  readonly #elapsed: () => number;
  readonly #untilMs: number;
  #fragments: Fragment[] = [];
  #bytes = 0;

  /** @param elapsed Milliseconds that no setting of a clock changes. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
    this.#untilMs = elapsed() + BEGINNING_MS;
  }

  /** @param isOrdered Its place is being asked for. */
  push(fragment: Fragment, isOrdered: boolean): void {
    this.#fragments.push(fragment);
    this.#bytes += fragment.bytes.byteLength;
    const isKept = (isOrdered || this.#elapsed() < this.#untilMs) && this.#bytes <= MOST_BYTES;
    if (!isKept) this.clear();
  }

  /** In the order they came in. */
  release(): Fragment[] {
    const fragments = this.#fragments;
    this.clear();
    return fragments;
  }

  clear(): void {
    this.#fragments = [];
    this.#bytes = 0;
  }
}
