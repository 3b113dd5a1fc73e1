import { createMemoryBus } from "@fairlead/bus/memory";
import { RoomOptions } from "@fairlead/protocol";
import type { PlaceRequest, Registry } from "@fairlead/registry";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { Drain } from "./drain.ts";
import type { Readiness } from "./readiness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const NODE = { nodeId: "n", incarnation: "i" };

/** A node with so many empty rooms, all of which go to one that answers no ping. */
function setUp(count: number) {
  const left = new Set(
    Array.from({ length: count }, (_, index) => {
      const lease = { ...NODE, roomId: `room-${index}`, core: 0, epoch: 1 };
      const { roomId } = lease;
      return { roomId, lease, present: 0, cutByMove: 0, mutes: { all: () => [] } } as unknown as Room;
    }),
  );
  const place = async ({ roomId }: PlaceRequest) => ({
    lease: { nodeId: "m", incarnation: "j", roomId, core: 0, epoch: 2 },
    isNew: true,
    room: { options: RoomOptions.parse({}), mutes: [] },
    decision: { reason: "least_loaded" },
  });
  const rooms = {
    get count() {
      return left.size;
    },
    lingering: { count: 0 },
    all: () => [...left],
    isHere: (room: Room) => left.has(room),
    linger: (room: Room) => left.delete(room),
  };
  const drain = new Drain({
    ...NODE,
    cores: 1,
    bus: createMemoryBus(),
    registry: { place } as unknown as Registry,
    rooms: rooms as unknown as Rooms,
    readiness: { end: async () => {} } as unknown as Readiness,
    beat: async () => {},
    loadOf: () => undefined,
    log: silentLogger,
    metrics: noMetrics,
    now: Date.now,
  });
  return { drain, left };
}

it("a node that stays slow holds all rooms of a drain up for twenty seconds at most, however many there are", async () => {
  const { drain, left } = setUp(100);
  void drain.drain();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(left.size).toBeGreaterThan(50);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(left.size).toBe(0);
});
