import { setNewest } from "@fairlead/protocol";
import { TokenBucket } from "./token-bucket.ts";

/** The one that was quiet for longest is forgotten first. */
const BUCKETS_MAX = 10_000;

export type TokenBucketsOptions = { perSecond: number; burst: number; now: () => number };

/** A token bucket for each of many subjects. Other processes count for themselves. */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: TokenBucketsOptions) {
    this.#options = options;
  }

  /** @returns false, and takes nothing, when the subject has less than `count` left. */
  take(subject: string, count = 1): boolean {
    const { perSecond, burst, now } = this.#options;
    const bucket = this.#buckets.get(subject) ?? new TokenBucket(perSecond, burst, now);
    setNewest(this.#buckets, [subject, bucket], BUCKETS_MAX);
    return bucket.take(count);
  }
}
