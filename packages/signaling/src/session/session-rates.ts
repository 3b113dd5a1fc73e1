import { FairleadError } from "@fairlead/protocol";
import type { SignalingLimits } from "../limits.ts";
import { TokenBuckets } from "./token-buckets.ts";

const RETRY_AFTER_MS = 1_000;

/**
 * Counts the frames that each session sends to this process over HTTP. Other processes count for themselves: this guards a process, and the
 * node has its own bounds.
 */
export class SessionRates {
  readonly #buckets: TokenBuckets;

  constructor({ framesPerSecond, frameBurst }: SignalingLimits, now: () => number) {
    this.#buckets = new TokenBuckets({ perSecond: framesPerSecond, burst: frameBurst, now });
  }

  /** @throws {FairleadError} `too_many_frames`. */
  take(sessionId: string, frames: number): void {
    if (!this.#buckets.take(sessionId, frames))
      throw new FairleadError("too_many_frames", { retryAfterMs: RETRY_AFTER_MS });
  }
}
