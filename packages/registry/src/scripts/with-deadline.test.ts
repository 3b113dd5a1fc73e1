import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withDeadline } from "./with-deadline.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("withDeadline", () => {
  it("hands on what comes in time, and leaves no timer behind", async () => {
    expect(await withDeadline(250, Promise.resolve("answer"))).toBe("answer");
    await expect(withDeadline(250, Promise.reject(new Error("refused")))).rejects.toThrow("refused");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("refuses what does not", async () => {
    const waiting = withDeadline(250, new Promise(() => {}));
    const refused = expect(waiting).rejects.toThrow("no answer within 250 ms");
    await vi.advanceTimersByTimeAsync(250);
    await refused;
  });

  it("waits once more when the process stood still: the answer may have come meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = withDeadline(250, promise);
    vi.spyOn(performance, "now").mockReturnValueOnce(performance.now() + 5_000);
    await vi.advanceTimersByTimeAsync(250);
    resolve("answer");
    expect(await waiting).toBe("answer");
  });
});
