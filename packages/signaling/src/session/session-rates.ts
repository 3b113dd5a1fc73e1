import { FairleadError } from "@fairlead/protocol";
import type { SignalingLimits } from "../limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Sessions that are counted at once; the one that was quiet for longest is forgotten first. */
const SESSIONS_MAX = 10_000;
const RETRY_AFTER_MS = 1_000;

/**
 * How much each session asks over HTTP of this process. Other processes count for themselves: this guards a process, and the
 * node has its own bounds.
 */
export class SessionRates {
  readonly #limits: SignalingLimits;
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limits: SignalingLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** @throws {FairleadError} `too_many_frames`. */
  take(sessionId: string, frames: number): void {
    const { framesPerSecond, frameBurst } = this.#limits;
    const bucket = this.#buckets.get(sessionId) ?? new TokenBucket(framesPerSecond, frameBurst, this.#now);
    // Puts it last in the map's order.
    this.#buckets.delete(sessionId);
    this.#buckets.set(sessionId, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= SESSIONS_MAX) break;
      this.#buckets.delete(oldest);
    }
    if (!bucket.take(frames)) throw new FairleadError("too_many_frames", { retryAfterMs: RETRY_AFTER_MS });
  }
}
