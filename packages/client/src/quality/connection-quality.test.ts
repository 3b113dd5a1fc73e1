import { describe, expect, it } from "vitest";
import { gradeInterval, intervalOf, worstOf } from "./connection-quality.ts";

describe("connection quality", () => {
  it.each([
    [{ lossRatio: 0, jitterMs: 5, roundTripMs: 30 }, "excellent"],
    [{ lossRatio: 0.03, jitterMs: 5, roundTripMs: 30 }, "good"],
    [{ lossRatio: 0, jitterMs: 5, roundTripMs: 300 }, "good"],
    [{ lossRatio: 0.1, jitterMs: 5, roundTripMs: 30 }, "poor"],
    [{ lossRatio: 0, jitterMs: 150, roundTripMs: 30 }, "poor"],
  ] as const)("%o is %s", (interval, grade) => {
    expect(gradeInterval(interval)).toBe(grade);
  });

  it("counts loss within the interval, not since the beginning", () => {
    const before = { packets: 1_000, packetsLost: 500, jitterMs: 1 };
    const after = { packets: 1_090, packetsLost: 510, jitterMs: 2 };
    expect(intervalOf(before, after, 40)).toEqual({
      packets: 90,
      lossRatio: 0.1,
      jitterMs: 2,
      roundTripMs: 40,
    });
  });

  it("sees no loss where retransmissions made the counter go back, nor where nothing was sent", () => {
    const before = { packets: 100, packetsLost: 9, jitterMs: 0 };
    expect(intervalOf(before, { packets: 200, packetsLost: 4, jitterMs: 0 }, 0).lossRatio).toBe(0);
    expect(intervalOf(before, before, 0).lossRatio).toBe(0);
  });

  it("takes the worst stream for the peer", () => {
    expect(worstOf(["excellent", "poor", "good"])).toBe("poor");
    expect(worstOf(["lost", "poor"])).toBe("lost");
    expect(worstOf([])).toBeUndefined();
  });
});
