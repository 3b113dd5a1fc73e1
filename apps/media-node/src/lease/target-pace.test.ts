import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TargetPace } from "./target-pace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A node that takes `answerMs` for each answer; null: it gives none. */
function setUp(answerMs: number | null) {
  const node = { answerMs };
  const ping = vi.fn(async () => {
    if (node.answerMs === null) throw new Error("no answer");
    await new Promise((resolve) => setTimeout(resolve, node.answerMs ?? 0));
  });
  const pace = new TargetPace({ ping, elapsed: () => performance.now() });
  return { node, pace, ping };
}

it("a node that answers as before is busy for as long as the joins take, and a moment", async () => {
  const { pace } = setUp(1);
  expect(pace.isCalm).toBe(true);
  void pace.watch("there", 180);
  await vi.advanceTimersByTimeAsync(180);
  expect(pace.isCalm).toBe(false);
  await vi.advanceTimersByTimeAsync(50);
  expect(pace.isCalm).toBe(true);
});

it("one whose answers wait behind joins is busy until they come as before", async () => {
  const { node, pace } = setUp(1);
  void pace.watch("there", 60);
  await vi.advanceTimersByTimeAsync(1);
  node.answerMs = 30;
  await vi.advanceTimersByTimeAsync(800);
  expect(pace.isCalm).toBe(false);
  node.answerMs = 2;
  await vi.advanceTimersByTimeAsync(120);
  expect(pace.isCalm).toBe(true);
});

it("one that is far away is measured by itself", async () => {
  const { pace } = setUp(80);
  void pace.watch("far", 60);
  await vi.advanceTimersByTimeAsync(80 + 60 + 2 * (80 + 20));
  expect(pace.isCalm).toBe(true);
});

it.each([["answers no more", null] as const, ["stays slow", 300] as const])(
  "one that %s holds the others up for a second at most",
  async (_, answerMs) => {
    const { node, pace } = setUp(1);
    void pace.watch("there", 60);
    await vi.advanceTimersByTimeAsync(1);
    node.answerMs = answerMs;
    await vi.advanceTimersByTimeAsync(900);
    expect(pace.isCalm).toBe(false);
    await vi.advanceTimersByTimeAsync(600);
    expect(pace.isCalm).toBe(true);
  },
);

it("a second room there does not begin the look anew; each node has its own", async () => {
  const { pace, ping } = setUp(1);
  for (const one of ["here", "here", "there"]) void pace.watch(one, 60);
  await vi.advanceTimersByTimeAsync(10);
  expect(ping.mock.calls).toEqual([["here"], ["there"]]);
});

it("one whose way has become longer for good is calm again some rooms later", async () => {
  const { node, pace } = setUp(1);
  await vi.advanceTimersByTimeAsync(0);
  void pace.watch("there", 60);
  await vi.advanceTimersByTimeAsync(300);
  node.answerMs = 8;
  for (let room = 0; room < 12; room += 1) {
    void pace.watch("there", 60);
    await vi.advanceTimersByTimeAsync(5_000);
  }
  void pace.watch("there", 60);
  await vi.advanceTimersByTimeAsync(200);
  expect(pace.isCalm).toBe(true);
});
