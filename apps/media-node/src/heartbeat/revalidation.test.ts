import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Revalidation } from "./revalidation.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A node at some time; `beats` counts those that calls asked for. */
function setUp() {
  const clock = { offsetMs: 0, beats: 0 };
  const now = () => Date.now() + clock.offsetMs;
  const beat = () => {
    clock.beats += 1;
  };
  const revalidation = new Revalidation({ beat, intervalMs: () => 500, now });
  const answered = (sentMs = now()) => revalidation.noteBeat({ sentMs, isAnswered: true });
  const failed = (sentMs = now()) => revalidation.noteBeat({ sentMs, isAnswered: false });
  const order: string[] = [];
  /** @returns Whether the call goes through now. */
  const call = async (name = "call") => {
    void revalidation.pass().then(() => order.push(name));
    await vi.advanceTimersByTimeAsync(0);
    return order.includes(name);
  };
  return { clock, now, revalidation, answered, failed, call, order };
}

/** The registry has been away for 1.5 s, and nobody has called. */
async function failingSince() {
  const node = setUp();
  node.answered();
  for (let beats = 0; beats < 3; beats++) {
    await vi.advanceTimersByTimeAsync(500);
    node.failed();
  }
  return node;
}

describe("a call", () => {
  it("goes through at once while the registry answers", async () => {
    const { answered, call, clock } = setUp();
    answered();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await call()).toBe(true);
    expect(clock.beats).toBe(0);
  });

  it("waits, after a standstill, for the answer to one beat; all go through then, in order", async () => {
    const { answered, call, clock, order } = setUp();
    answered();
    clock.offsetMs = 1_500;
    expect(await call("one")).toBe(false);
    expect(await call("two")).toBe(false);
    expect(clock.beats).toBe(1);
    answered();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(["one", "two"]);
    expect(await call("three")).toBe(true);
  });

  it("waits on while the registry has more to tell of the node's leases, for three seconds: that is no absence", async () => {
    const { answered, revalidation, call, clock, order } = setUp();
    answered();
    clock.offsetMs = 1_500;
    expect(await call("one")).toBe(false);
    for (let page = 0; page < 3; page++) {
      await vi.advanceTimersByTimeAsync(800);
      revalidation.noteProgress();
    }
    expect([order, clock.beats]).toEqual([[], 4]);
    answered();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(["one"]);

    clock.offsetMs += 1_500;
    expect(await call("two")).toBe(false);
    for (let page = 0; page < 5; page++) {
      await vi.advanceTimersByTimeAsync(800);
      revalidation.noteProgress();
    }
    expect(order).toEqual(["one", "two"]);
  });

  it("is not let through by the answer to a beat that was sent before the standstill", async () => {
    const { answered, call, clock, now } = setUp();
    const sentMs = now();
    clock.offsetMs = 5_000;
    expect(await call()).toBe(false);
    answered(sentMs);
    expect(await call("another")).toBe(false);
  });

  it("is not let through by the failure of a beat that the standstill made late", async () => {
    const { answered, failed, call, clock, now } = setUp();
    answered();
    const sentMs = now();
    clock.offsetMs = 1_300;
    failed(sentMs);
    expect(await call()).toBe(false);
    answered();
    expect(await call("another")).toBe(true);
  });

  it("goes through when the registry does not answer: after a second, and then for two seconds at once", async () => {
    const { answered, call, clock, order } = setUp();
    answered();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await call("first")).toBe(false);
    await vi.advanceTimersByTimeAsync(999);
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(order).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(await call("covered")).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(await call("not covered")).toBe(false);
    expect(clock.beats).toBe(2);
  });

  it("waits while beats fail at once, and the registry is asked again and again, until a second is over", async () => {
    const { answered, failed, call, clock, order } = setUp();
    answered();
    await vi.advanceTimersByTimeAsync(1_200);
    expect(await call("waits")).toBe(false);
    for (let beats = 1; beats <= 9; beats++) {
      failed();
      await vi.advanceTimersByTimeAsync(100);
      expect(clock.beats).toBe(beats + 1);
    }
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(order).toEqual(["waits"]);
    expect(await call("another")).toBe(true);
  });

  it("goes through when one of those beats is answered", async () => {
    const { answered, failed, call, order } = setUp();
    answered();
    await vi.advanceTimersByTimeAsync(1_200);
    await call("waits");
    failed();
    await vi.advanceTimersByTimeAsync(100);
    answered();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(["waits"]);
  });

  it("goes through at once while beats have failed for a second and go on failing", async () => {
    const { failed, call, clock } = await failingSince();
    for (let beats = 0; beats < 10; beats++) {
      await vi.advanceTimersByTimeAsync(500);
      failed();
      expect(await call(`call ${beats}`)).toBe(true);
    }
    expect(clock.beats).toBe(0);
  });

  it("waits again when the bus was away too: the node was cut off, and the registry may be there", async () => {
    const { revalidation, failed, call, clock } = await failingSince();
    expect(await call("before")).toBe(true);
    revalidation.noteBusChange();
    await vi.advanceTimersByTimeAsync(1);
    failed();
    expect(await call("after")).toBe(false);
    expect(clock.beats).toBe(1);
  });

  it("waits again when the process stood still between beats that failed", async () => {
    const { failed, call, clock } = await failingSince();
    clock.offsetMs = 5_000;
    failed();
    expect(await call()).toBe(false);
  });

  it("waits on when the process stood still while it waited", async () => {
    const { answered, call, clock, order } = setUp();
    answered();
    clock.offsetMs = 2_000;
    await call();
    clock.offsetMs = 4_000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order).toEqual([]);
    expect(clock.beats).toBe(2);
    answered();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(["call"]);
  });

  it("waits too when the clock was set back", async () => {
    const { answered, call, clock } = setUp();
    answered();
    clock.offsetMs = -60_000;
    expect(await call()).toBe(false);
  });
});

describe("a room", () => {
  it("is uncertain when it was opened soon after a pause, which the first beat could not tell of", async () => {
    const { answered, revalidation, now, clock } = setUp();
    answered();
    expect(revalidation.isUncertain(now())).toBe(false);
    const before = now();
    clock.offsetMs = 1_500;
    answered();
    expect(revalidation.isUncertain(before)).toBe(false);
    const opened = now();
    await vi.advanceTimersByTimeAsync(500);
    answered();
    expect(revalidation.isUncertain(opened)).toBe(true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(revalidation.isUncertain(opened)).toBe(false);
  });
});
