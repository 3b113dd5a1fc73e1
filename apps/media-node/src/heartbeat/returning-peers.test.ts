import { expect, it, vi } from "vitest";
import { ReturningPeers } from "./returning-peers.ts";

function setUp() {
  const clock = { nowMs: 0 };
  const returning = new ReturningPeers(() => clock.nowMs);
  const at = (ms: number) => {
    clock.nowMs = ms;
  };
  return { returning, at };
}

it("as many peers of a relocated room as it had are returning ones, for 10 s", () => {
  const { returning, at } = setUp();
  returning.noteRelocated({ roomId: "standup", core: 0, peers: 2, load: 0 }, 0);
  returning.noteRelocated({ roomId: "retro", core: 0, peers: 1, load: 0 }, 0);
  expect(["standup", "standup", "standup", "review"].map((roomId) => returning.take(roomId))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  at(10_001);
  expect(returning.take("retro")).toBe(false);
});

it("a core's load is at least what it was, and what the rooms cost that came to it, until that is measured", () => {
  const { returning, at } = setUp();
  returning.noteRelocated({ roomId: "standup", core: 1, peers: 3, load: 0.2 }, 0.25);
  at(5_000);
  returning.noteRelocated({ roomId: "retro", core: 1, peers: 3, load: 0.125 }, 0.4);
  expect([returning.loadOf(1, 0.3), returning.loadOf(1, 0.75), returning.loadOf(0, 0.1)]).toEqual([
    0.575, 0.75, 0.1,
  ]);
  at(15_001);
  expect(returning.loadOf(1, 0.5)).toBe(0.5);
});

it("the next room waits while many are on their way, but for none that does not come", async () => {
  vi.useFakeTimers();
  const returning = new ReturningPeers(Date.now);
  const relocate = (roomId: string, peers: number) =>
    returning.noteRelocated({ roomId, core: 0, peers, load: 0 }, 0);
  let isWaiting = true;
  const wait = () => {
    isWaiting = true;
    void returning.untilFew().then(() => {
      isWaiting = false;
    });
  };
  relocate("standup", 63);
  wait();
  await vi.advanceTimersByTimeAsync(0);
  expect(isWaiting).toBe(false);
  relocate("retro", 1);
  wait();
  await vi.advanceTimersByTimeAsync(100);
  expect(isWaiting).toBe(true);
  returning.take("retro");
  await vi.advanceTimersByTimeAsync(0);
  expect(isWaiting).toBe(false);
  relocate("review", 100);
  wait();
  await vi.advanceTimersByTimeAsync(150);
  expect(isWaiting).toBe(false);
  vi.useRealTimers();
});
