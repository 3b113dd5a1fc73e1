/** As in the media node's own meter: half of an old load is gone after one sample. */
const SMOOTHING = 0.5;

/** The nodes' measures of their cores, smoothed, now and some beats ago: adverts may be old. */
export class LoadHistory {
  readonly #ageBeats: number;
  readonly #beats: Float64Array[];
  #newest = 0;

  /** @param loads What was measured at all times before. @param ageBeats How old adverts are, in beats. */
  constructor(loads: Float64Array, ageBeats: number) {
    this.#ageBeats = ageBeats;
    this.#beats = Array.from({ length: ageBeats + 1 }, () => loads.slice());
  }

  /** Begins a beat: each node samples its cores once in it. */
  begin(): void {
    this.#newest += 1;
  }

  sample(loads: Float64Array, [from, to]: [number, number]): void {
    const before = this.#beat(1);
    const now = this.#beat(0);
    for (let core = from; core < to; core += 1) {
      const last = before[core] ?? 0;
      now[core] = last + SMOOTHING * ((loads[core] ?? 0) - last);
    }
  }

  /** @returns What adverts of this beat say of a node's cores. */
  advertised([from, to]: [number, number]): Float64Array {
    return this.#beat(this.#ageBeats).subarray(from, to);
  }

  /** The node starts anew, idle. */
  clear([from, to]: [number, number]): void {
    for (const beat of this.#beats) beat.fill(0, from, to);
  }

  #beat(ago: number): Float64Array {
    const beats = this.#beats;
    const beat = beats[(((this.#newest - ago) % beats.length) + beats.length) % beats.length];
    if (!beat) throw new Error("no such beat");
    return beat;
  }
}
