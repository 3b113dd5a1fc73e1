import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { afterAwake, RunningClock } from "./running-clock.ts";

const NIGHT_MS = 8 * 3_600_000;

let clock: RunningClock;

beforeEach(() => {
  vi.useFakeTimers();
  clock = new RunningClock(Date.now);
});
afterEach(() => {
  clock.close();
  vi.useRealTimers();
});

/** Time passes, and no timer runs. */
function sleep(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe("RunningClock", () => {
  it("counts the time in which timers run, and a moment of the time in which they do not", () => {
    vi.advanceTimersByTime(5_000);
    expect(clock.now()).toBe(5_000);
    sleep(NIGHT_MS);
    vi.advanceTimersByTime(2_000);
    expect(clock.now()).toBeGreaterThan(7_000);
    expect(clock.now()).toBeLessThan(11_000);
  });

  it("ends a patience after its time, exactly", () => {
    const sinceMs = clock.now();
    vi.advanceTimersByTime(59_999);
    expect(clock.leftMs(sinceMs, 60_000)).toBe(1);
    vi.advanceTimersByTime(1);
    expect(clock.leftMs(sinceMs, 60_000)).toBe(0);
  });

  it("leaves fifteen seconds after waking, however little was left before", () => {
    const sinceMs = clock.now();
    vi.advanceTimersByTime(59_000);
    sleep(NIGHT_MS);
    expect(clock.leftMs(sinceMs, 60_000)).toBe(15_000);
    vi.advanceTimersByTime(14_000);
    expect(clock.leftMs(sinceMs, 60_000)).toBeGreaterThan(0);
    vi.advanceTimersByTime(1_000);
    expect(clock.leftMs(sinceMs, 60_000)).toBe(0);
  });

  it("gives a short patience as long again after waking, and no longer", () => {
    const sinceMs = clock.now();
    sleep(NIGHT_MS);
    expect(clock.leftMs(sinceMs, 5_000)).toBe(5_000);
  });

  it("comes to an end where timers run once a minute", () => {
    const sinceMs = clock.now();
    let minutes = 0;
    for (; clock.leftMs(sinceMs, 60_000) > 0; minutes += 1) sleep(60_000);
    expect(minutes).toBeGreaterThan(5);
    expect(minutes).toBeLessThan(30);
  });

  it("calls after its time, and not while the page sleeps", () => {
    const act = vi.fn();
    clock.after(10_000, act);
    vi.advanceTimersByTime(9_000);
    sleep(NIGHT_MS);
    vi.advanceTimersByTime(9_999);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_001);
    expect(act).toHaveBeenCalledOnce();
  });

  it("calls nothing that was cancelled, and leaves no timer behind", () => {
    const act = vi.fn();
    clock.after(10_000, act)();
    vi.advanceTimersByTime(60_000);
    clock.close();
    expect(act).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("afterAwake", () => {
  it("acts when its time is over", () => {
    const act = vi.fn();
    afterAwake(4_000, act, Date.now);
    vi.advanceTimersByTime(3_999);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(act).toHaveBeenCalledOnce();
  });

  it("waits once more if the page was paused meanwhile, and can be cancelled then too", () => {
    const act = vi.fn();
    const cancelled = vi.fn();
    afterAwake(4_000, act, Date.now);
    const cancel = afterAwake(4_000, cancelled, Date.now);
    sleep(NIGHT_MS);
    vi.advanceTimersByTime(4_000);
    expect(act).not.toHaveBeenCalled();
    cancel();
    vi.advanceTimersByTime(4_000);
    expect(act).toHaveBeenCalledOnce();
    expect(cancelled).not.toHaveBeenCalled();
  });
});
