import { describe, expect, it } from "vitest";
import type { Room } from "../room/room.ts";
import { ObservedCosts, type SampledCore } from "./observed-costs.ts";

function setUp() {
  const clock = { nowMs: 0 };
  const costs = new ObservedCosts(() => clock.nowMs);
  const open = (kind = "meeting") => {
    const room = { openedMs: clock.nowMs, options: { kind } } as Room;
    costs.noteOpened(room);
    return room;
  };
  const at = (ms: number) => {
    clock.nowMs = ms;
  };
  const sampleOne = (load: number, rooms: SampledCore["rooms"]) =>
    costs.sample([{ cpuShare: load, load, rooms }]);
  return { costs, open, at, sampleOne };
}

describe("a room's cost", () => {
  it("is its share of its core's load at its peak, by its share of the consumers, told at two minutes", () => {
    const { costs, open, at, sampleOne } = setUp();
    const [small, large] = [open(), open("broadcast")];
    const sample = (load: number, consumers: [number, number]) =>
      sampleOne(load, [
        { room: small, consumers: consumers[0] },
        { room: large, consumers: consumers[1] },
      ]);
    sample(0.4, [10, 30]);
    sample(0.2, [5, 15]);
    at(119_999);
    sample(0.1, [1, 1]);
    expect(costs.due()).toEqual([]);
    at(120_000);
    sample(0.1, [1, 1]);
    expect(costs.due()).toEqual([
      { kind: "meeting", load: 0.1 },
      { kind: "broadcast", load: expect.closeTo(0.3, 9) },
    ]);
  });

  it("is the sum over the cores that its peers sit on", () => {
    const { costs, open, at } = setUp();
    const room = open();
    at(120_000);
    const rooms = [{ room, consumers: 4 }];
    costs.sample([
      { cpuShare: 0.5, load: 0.5, rooms },
      { cpuShare: 0.25, load: 0.25, rooms },
    ]);
    expect(costs.due()).toEqual([{ kind: "meeting", load: 0.75 }]);
  });

  it("is told once, until a beat that told it is answered", () => {
    const { costs, open, at, sampleOne } = setUp();
    const room = open();
    at(120_000);
    sampleOne(0.5, [{ room, consumers: 4 }]);
    const told = costs.due();
    expect(costs.due()).toEqual(told);
    costs.noteAnswer(told);
    sampleOne(0.9, [{ room, consumers: 4 }]);
    costs.noteClosed(room);
    expect(costs.due()).toEqual([]);
  });

  it("is told when it closes earlier, but not if it was hardly used", () => {
    const { costs, open, at, sampleOne } = setUp();
    const [short, long] = [open(), open()];
    sampleOne(0.5, [
      { room: short, consumers: 1 },
      { room: long, consumers: 1 },
    ]);
    at(29_999);
    costs.noteClosed(short);
    at(30_000);
    costs.noteClosed(long);
    expect(costs.due()).toEqual([{ kind: "meeting", load: 0.25 }]);
  });

  it("is told in bounded beats", () => {
    const { costs, open, at } = setUp();
    const rooms = Array.from({ length: 100 }, () => open());
    at(40_000);
    for (const room of rooms) costs.noteClosed(room);
    const first = costs.due();
    expect(first).toHaveLength(64);
    costs.noteAnswer(first);
    expect(costs.due()).toHaveLength(36);
  });

  it("is not told again of one that has moved here", () => {
    const { costs, at } = setUp();
    const room = { openedMs: 0, options: { kind: "meeting" } } as Room;
    costs.noteOpened(room, true);
    at(120_000);
    costs.sample([{ cpuShare: 0.5, load: 0.5, rooms: [{ room, consumers: 1 }] }]);
    costs.noteClosed(room);
    expect(costs.due()).toEqual([]);
  });

  it("of a room that moves is what it takes now of the loads that its cores advertise, once it is measured", () => {
    const { costs, open, at } = setUp();
    const [room, other] = [open(), open()];
    const rooms = [
      { room, consumers: 3 },
      { room: other, consumers: 1 },
    ];
    const cores = [
      { cpuShare: 0.1, load: 0.4, rooms },
      { cpuShare: 0.1, load: 0.2, rooms: rooms.slice(0, 1) },
    ];
    at(9_999);
    costs.sample(cores);
    expect(costs.loadOf(room)).toBeUndefined();
    at(10_000);
    expect(costs.loadOf(room)).toBeCloseTo(0.5, 9);
    costs.sample(cores.slice(0, 1));
    expect(costs.loadOf(room)).toBeCloseTo(0.3, 9);
  });
});
