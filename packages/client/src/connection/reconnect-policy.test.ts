import { describe, expect, it } from "vitest";
import { exponentialBackoff, restartSpreadMs } from "./reconnect-policy.ts";

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

describe("restartSpreadMs", () => {
  it.each([
    ["is ten seconds by default", 15_000, 60_000, 10_000],
    ["is no longer for a long grace time", 600_000, 60_000, 10_000],
    ["leaves a short grace time room to come back in", 6_000, 60_000, 4_000],
    ["leaves an impatient policy room to try", 15_000, 3_000, 2_000],
  ])("%s", (_, graceMs, giveUpAfterMs, expected) => {
    expect(restartSpreadMs(graceMs, giveUpAfterMs)).toBe(expected);
  });
});
