/** A core's share that one peer's watching another costs, video and audio: 0.2 %. Integers, so that sums have no order. */
const PAIR_PPM = 2_000;
/** A gallery shows this many others; the SDK pauses video that is out of sight. */
const WATCHED_AT_ONCE = 9;

/** @returns What a room costs its core, ppm. */
export function roomLoadPpm(peers: number): number {
  return peers * Math.min(Math.max(0, peers - 1), WATCHED_AT_ONCE) * PAIR_PPM;
}
