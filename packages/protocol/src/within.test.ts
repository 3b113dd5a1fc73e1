import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TooLateError, within } from "./within.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const FOREVER = new Promise<never>(() => {});

describe("work within a time", () => {
  it("gives its result, and leaves no timer", async () => {
    expect(await within(1_000, Promise.resolve("done"))).toBe("done");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails as the work does, and leaves no timer", async () => {
    await expect(within(1_000, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is given up when the time is over, not before", async () => {
    const givenUp = vi.fn();
    const outcome = within(1_000, FOREVER).catch(givenUp);
    // Timers are not counted here: what another file of this worker left behind may set one meanwhile.
    await vi.advanceTimersByTimeAsync(999);
    expect(givenUp).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
    expect(givenUp).toHaveBeenCalledExactlyOnceWith(expect.any(TooLateError));
  });

  it("may fail later: nobody hears of it", async () => {
    const work = Promise.withResolvers<never>();
    const outcome = within(1_000, work.promise).catch((error) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    work.reject(new Error("too late to matter"));
    expect(await outcome).toBeInstanceOf(TooLateError);
  });
});
