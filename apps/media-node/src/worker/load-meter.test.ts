import { describe, expect, it } from "vitest";
import { LoadMeter } from "./load-meter.ts";

describe("a worker's load", () => {
  it("is 0 before there are two samples", () => {
    const meter = new LoadMeter();
    meter.sample(5_000, 1_000);
    expect(meter.load).toBe(0);
  });

  it("moves half of the way to each new share", () => {
    const meter = new LoadMeter();
    meter.sample(0, 0);
    meter.sample(800, 1_000);
    expect(meter.load).toBeCloseTo(0.4);
    meter.sample(1_600, 2_000);
    expect(meter.load).toBeCloseTo(0.6);
  });

  it("comes to the true share, and falls to nothing when the worker idles", () => {
    const meter = new LoadMeter();
    for (let second = 0; second <= 20; second++) meter.sample(second * 700, second * 1_000);
    expect(meter.load).toBeCloseTo(0.7, 4);
    for (let second = 21; second <= 40; second++) meter.sample(14_000, second * 1_000);
    expect(meter.load).toBeCloseTo(0, 4);
  });

  it("is not changed by a clock that stands still, nor falls below 0 by CPU time that runs back", () => {
    const meter = new LoadMeter();
    meter.sample(0, 1_000);
    meter.sample(500, 1_000);
    expect(meter.load).toBe(0);
    meter.sample(100, 2_000);
    expect(meter.load).toBe(0);
  });
});
