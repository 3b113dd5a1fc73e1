import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../limits.ts";
import { SessionRates } from "./session-rates.ts";

const LIMITS = { ...DEFAULT_LIMITS, framesPerSecond: 10, frameBurst: 20 };

describe("the rates of sessions over HTTP", () => {
  it("let each session send a burst, then so much a second", () => {
    let nowMs = 0;
    const rates = new SessionRates(LIMITS, () => nowMs);
    rates.take("ann", 20);
    expect(() => rates.take("ann", 1)).toThrow(expect.objectContaining({ code: "too_many_frames" }));
    rates.take("bob", 20);
    nowMs = 1_000;
    rates.take("ann", 10);
    expect(() => rates.take("ann", 1)).toThrow(expect.objectContaining({ code: "too_many_frames" }));
  });

  it("forget the session that was quiet for longest, once there are 10,000", () => {
    const rates = new SessionRates(LIMITS, () => 0);
    rates.take("quiet", 20);
    rates.take("busy", 15);
    for (let index = 0; index < 9_999; index += 1) {
      rates.take(`session-${index}`, 1);
      if (index === 5_000) rates.take("busy", 5);
    }
    expect(() => rates.take("busy", 1)).toThrow(expect.objectContaining({ code: "too_many_frames" }));
    rates.take("quiet", 20);
  });
});
