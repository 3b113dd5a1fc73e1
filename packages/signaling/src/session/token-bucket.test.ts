import { describe, expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

describe("a token bucket", () => {
  it("lets a burst through, then only what time refills, and never more than a burst", () => {
    let nowMs = 0;
    const bucket = new TokenBucket(10, 3, () => nowMs);
    const take = (times: number) => Array.from({ length: times }, () => bucket.take());
    expect(take(4)).toEqual([true, true, true, false]);
    nowMs = 100;
    expect(take(2)).toEqual([true, false]);
    nowMs = 60_000;
    expect(take(4)).toEqual([true, true, true, false]);
  });
});
