import { expect, it } from "vitest";
import type { Room } from "../room/room.ts";
import type { Core } from "../worker/core.ts";
import { Seating } from "./seating.ts";

type FakeCore = { index: number; cpuShare: number; isFull: boolean; running: object | null };

/** A node with workers that use so much of a core each, and a room at home on the first. */
function setUp(shares: number[], homeLoad = 0.6) {
  const clock = { nowMs: 0 };
  const cores: FakeCore[] = shares.map((cpuShare, index) => ({
    index,
    cpuShare,
    isFull: false,
    running: {},
  }));
  const seating = new Seating({ cores: cores as unknown as Core[], homeLoad, now: () => clock.nowMs });
  const roomAt = (core: number) => ({ span: { home: { core } } }) as unknown as Room;
  const seat = (home = 0) => seating.take(roomAt(home)).core;
  return { clock, cores, seating, seat, roomAt };
}

it("a peer sits at home below the limit, else on the least-loaded core", () => {
  expect(setUp([0.59, 0.1]).seat()).toBe(0);
  expect(setUp([0.6, 0.1]).seat()).toBe(1);
  expect(setUp([0.7, 0.8]).seat()).toBe(0);
  expect(setUp([0.3, 0.1], 0.2).seat()).toBe(1);
});

it("a peer sits at home where no core has less to do", () => {
  expect(setUp([0.7, 0.7]).seat(1)).toBe(1);
  expect(setUp([0.7, 0.7, 0.8]).seat(2)).toBe(0);
});

it("a node whose quota is spent spreads no room for that: its workers themselves use little", () => {
  const { cores, seat } = setUp([0.2, 0.1]);
  for (const core of cores) Object.assign(core, { load: 0.9 });
  expect(seat()).toBe(0);
});

it("a full core, and one without a worker, take nobody; with none left it is core_full", () => {
  const { cores, seat, seating } = setUp([0.2, 0.9]);
  const [home, other] = cores;
  if (!home || !other) return expect.fail();
  home.isFull = true;
  expect([seat(), seating.isFull]).toEqual([1, false]);
  other.running = null;
  expect(() => seat()).toThrow(expect.objectContaining({ code: "core_full" }));
  other.running = {};
  other.isFull = true;
  expect(seating.isFull).toBe(true);
  expect(() => seat()).toThrow(expect.objectContaining({ code: "core_full" }));
});

it("300 peers in one second spread before any load shows: no core would pass 0.9, and rooms on each go on growing", () => {
  const { seat, seating, roomAt } = setUp([0.1, 0.1]);
  const seats = Array.from({ length: 300 }, () => seat());
  const atHome = seats.filter((core) => core === 0).length;
  // 0.004 of a core each: up to 0.6 at home.
  expect([atHome, 300 - atHome]).toEqual([150, 150]);
  expect(0.1 + 0.004 * Math.max(atHome, 300 - atHome)).toBeLessThan(0.9);
  for (const home of [0, 1]) expect([0, 1]).toContain(seating.take(roomAt(home)).core);
});

it("a peer counts until its load is measured, or it has left", () => {
  const { clock, cores, seating, seat, roomAt } = setUp([0.598, 0.5]);
  const taken = seating.take(roomAt(0));
  expect(taken.core).toBe(0);
  expect(seat()).toBe(1);
  seating.giveBack(taken);
  expect(seat()).toBe(0);
  clock.nowMs = 10_000;
  expect(seat()).toBe(0);
  const [home] = cores;
  if (home) home.cpuShare = 0.61;
  expect(seat()).toBe(1);
});

it("what a peer costs is learned from what the settled ones cost, within limits", () => {
  const { cores, seating, seat } = setUp([0.41, 0.41]);
  for (let second = 0; second < 200; second += 1) seating.learn(new Map([[0, 20]]));
  // 0.02 each: ten of them fill what is left at home.
  expect(Array.from({ length: 11 }, () => seat())).toEqual([...Array(10).fill(0), 1]);
  const [home] = cores;
  if (home) home.cpuShare = 4;
  for (let second = 0; second < 200; second += 1) seating.learn(new Map([[0, 30]]));
  expect(seat()).toBe(1);
});

it("viewers spread over cores below 0.8, and count beside the measured load until that shows them", () => {
  const { clock, cores, seating } = setUp([0.1, 0.3]);
  const seats = Array.from({ length: 300 }, () => {
    clock.nowMs += 20;
    for (const core of cores) core.cpuShare += 0.001;
    return seating.takeForViewer().core;
  });
  expect(seats.filter((core) => core === 0).length).toBeGreaterThan(150);
  for (const core of cores) core.cpuShare = 0.79;
  clock.nowMs += 1_500;
  expect(seating.takeForViewer().core).toBe(0);
  for (const core of cores) core.cpuShare = 0.8;
  expect(() => seating.takeForViewer()).toThrow(expect.objectContaining({ code: "no_capacity" }));
});
