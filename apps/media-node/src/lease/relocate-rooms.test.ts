import { createMemoryBus } from "@fairlead/bus/memory";
import type { Heartbeat } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ReturningPeers } from "../heartbeat/returning-peers.ts";
import { heartbeatOf } from "../heartbeat/testing/heartbeat-of.ts";
import type { Room } from "../room/room.ts";
import type { RoomSettings } from "../room/room-deps.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Core } from "../worker/core.ts";
import type { Claims } from "./claims.ts";
import { relocateRoomsOf } from "./relocate-rooms.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function beatOf(usable: boolean[]): Heartbeat {
  const idle = { cpuLoad: 0, rooms: 0, peers: 0, consumers: 0 };
  const cores = usable.map((isUsable, core) => ({ ...idle, core, usable: isUsable }));
  return { ...heartbeatOf("one"), cores, leases: { count: 0, epochSum: 0, named: [] } };
}

/** A node of cores of which the first has lost its worker, and 120 rooms; `restart` gives it a new one. */
async function setUp(others: boolean[]) {
  const registry = createMemoryRegistry({ now: Date.now });
  await registry.heartbeat(beatOf([true, ...others]));
  const lost = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const { lease } = await registry.place({ roomId: `room-${index}` });
      const ada = { seat: { core: lease.core } };
      const span = { home: { core: lease.core }, seats: [] };
      const peers = new Map([["ada", ada]]);
      const others = { publishers: new Map(), viewers: new Map(), members: () => [...peers.values()] };
      return { roomId: lease.roomId, lease, peers, ...others, span } as unknown as Room;
    }),
  );
  await registry.heartbeat(beatOf([false, ...others]));
  const started = Promise.withResolvers<void>();
  const opened: number[] = [];
  const came: boolean[] = [];
  const returning = new ReturningPeers(Date.now);
  const rooms = {
    seatedOn: (core: number) => lost.filter(({ lease }) => lease.core === core),
    abandon: () => {},
    roomIfHere: () => undefined,
    open: async ({ lease }: RoomSettings) => {
      opened.push(lease.core);
      // Its peer comes back at once.
      setTimeout(() => came.push(returning.take(lease.roomId)));
    },
  } as unknown as Rooms;
  const core = { index: 0, load: 0.25, whenStarted: () => started.promise } as Core;
  const done = relocateRoomsOf(core, {
    nodeId: "one",
    incarnation: "one-run",
    bus: createMemoryBus(),
    registry,
    rooms,
    log: silentLogger,
    metrics: noMetrics,
    claims: {} as Claims,
    cores: [{ load: 0 }, { load: 0.5 }],
    returning,
    beat: async () => void (await registry.heartbeat(beatOf([true, ...others]))),
  });
  /** Shorter than the pause after a try that failed. */
  const soon = () => vi.advanceTimersByTimeAsync(140);
  return { opened, came, done, soon, returning, restart: () => started.resolve() };
}

it("all rooms of a dead worker are opened as soon as the registry knows of the new one, none after a pause", async () => {
  const { opened, came, soon, restart, done, returning } = await setUp([]);
  await soon();
  expect(opened).toEqual([]);
  restart();
  await soon();
  expect(opened).toEqual(Array.from({ length: 120 }, () => 0));
  await done;
  expect(returning.loadOf(0, 0), "what the dead worker's rooms cost").toBeCloseTo(0.25);
  expect(came).toEqual(opened.map(() => true));
});

it("they do not wait for it where another core has room", async () => {
  const { opened, soon } = await setUp([true]);
  await soon();
  expect(opened).toEqual(Array.from({ length: 60 }, () => 1));
});
