import { describe, expect, it } from "vitest";
import { ServerClock } from "./server-clock.ts";

/** A server an hour ahead, whose answers take a while; this process's clock is moved by hand. */
function clockOf({ roundTripMs = 10 }: { roundTripMs?: number } = {}) {
  const state = { monotonicMs: 5_000, suspendedMs: 0, aheadMs: 3_600_000, roundTripMs };
  const answers = { asked: 0, isAway: false, gate: Promise.resolve() };
  const askServer = async () => {
    answers.asked += 1;
    await answers.gate;
    if (answers.isAway) throw new Error("away");
    state.monotonicMs += state.roundTripMs / 2;
    const serverMs = state.monotonicMs + state.aheadMs;
    state.monotonicMs += state.roundTripMs / 2;
    return serverMs;
  };
  const wall = () => state.monotonicMs + state.suspendedMs;
  return { state, answers, clock: new ServerClock(askServer, () => state.monotonicMs, wall) };
}

describe("the server's clock", () => {
  it("is asked once, and goes on by this process's", async () => {
    const { state, answers, clock } = clockOf();
    expect(await clock.now()).toBe(5_010 + 3_600_000);
    state.monotonicMs += 9_000.7;
    expect(await clock.now()).toBe(14_010 + 3_600_000);
    expect(answers.asked).toBe(1);
  });

  it("is asked again after 10 s, for which nobody waits", async () => {
    const { state, answers, clock } = clockOf();
    await clock.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    answers.gate = promise;
    state.aheadMs += 500;
    state.monotonicMs += 10_001;
    expect(await clock.now()).toBe(state.monotonicMs + 3_600_000);
    resolve();
    await expect.poll(async () => (await clock.now()) - state.monotonicMs).toBe(3_600_500);
    expect(answers.asked).toBe(2);
  });

  it("is asked once by all who want to know it at first", async () => {
    const { answers, clock } = clockOf();
    const times = await Promise.all([clock.now(), clock.now(), clock.now()]);
    expect([new Set(times).size, answers.asked]).toEqual([1, 1]);
  });

  it("is asked anew once it is forgotten: it may be another server's", async () => {
    const { state, clock } = clockOf();
    await clock.now();
    state.aheadMs = 0;
    clock.forget();
    expect(await clock.now()).toBe(Math.floor(state.monotonicMs));
  });

  it("is not believed when its answer took longer than half a second", async () => {
    const { state, clock } = clockOf({ roundTripMs: 501 });
    await expect(clock.now()).rejects.toThrow("too late");
    state.roundTripMs = 500;
    expect(await clock.now()).toBe(Math.floor(state.monotonicMs + state.aheadMs));
  });

  it("is asked anew after the host was suspended, for which the monotonic clock stands still", async () => {
    const { state, answers, clock } = clockOf();
    await clock.now();
    state.suspendedMs = 60_000;
    state.aheadMs += 60_000;
    expect(await clock.now()).toBe(Math.floor(state.monotonicMs + state.aheadMs));
    expect(answers.asked).toBe(2);
  });

  it("goes on while the server is away, and is unknown when it was never told", async () => {
    const { state, answers, clock } = clockOf();
    await clock.now();
    answers.isAway = true;
    state.monotonicMs += 60_000;
    expect(await clock.now()).toBe(Math.floor(state.monotonicMs + state.aheadMs));
    clock.forget();
    await expect(clock.now()).rejects.toThrow("away");
  });
});
