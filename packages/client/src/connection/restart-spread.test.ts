import { describe, expect, it } from "vitest";
import { restartSpreadMs } from "./restart-spread.ts";

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
