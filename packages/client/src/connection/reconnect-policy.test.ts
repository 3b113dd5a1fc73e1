import { describe, expect, it } from "vitest";
import { exponentialBackoff } from "./reconnect-policy.ts";

describe("exponentialBackoff", () => {
  const policy = exponentialBackoff();
  const longest = () => 1;

  it("tries within 500 ms, then doubles from 300 ms up to 5 s", () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => policy.nextDelayMs(attempt, longest));
    expect(delays).toEqual([500, 300, 600, 1_200, 2_400, 4_800, 5_000, 5_000]);
  });

  it("spreads each delay over its whole range", () => {
    expect(policy.nextDelayMs(0, () => 0)).toBe(0);
    expect(policy.nextDelayMs(3, () => 0)).toBe(0);
    expect(policy.nextDelayMs(3, () => 0.5)).toBe(600);
  });
});
