import { createMemoryBus } from "@fairlead/bus/memory";
import { type Heartbeat, type Lease, parseJson, RoomControl, subjects } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import type { RoomSettings } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { takeOverOrphans } from "./take-over-orphans.ts";

const ORPHAN: Lease = { roomId: "one", nodeId: "dead", incarnation: "dead-run", core: 0, epoch: 5 };

function beatOf(nodeId: string): Heartbeat {
  const core = { core: 0, cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };
  return {
    nodeId,
    incarnation: `${nodeId}-run`,
    state: "ready",
    busConnected: true,
    region: "",
    labels: [],
    version: "1",
    networkLoad: 0,
    cores: [core],
    settledDebits: [],
    observedCosts: [],
    suspects: [],
    capacity: { maxPeers: null, networkBps: 1 },
    leases: { count: 0, epochSum: 0, named: [], page: { of: 1, buckets: [0] } },
  };
}

/** `heir` takes over on a cluster of the nodes that are given; what it opens and tells. */
async function setUp(nodes: string[]) {
  const [bus, registry] = [createMemoryBus(), createMemoryRegistry()];
  for (const nodeId of nodes) await registry.heartbeat(beatOf(nodeId));
  const seen: string[] = [];
  bus.subscribe(subjects.everyRoomControl, ({ data }) => {
    const { lease } = parseJson(RoomControl, new TextDecoder().decode(data));
    seen.push(`moved to ${lease.nodeId}`);
  });
  const open = async ({ lease }: RoomSettings) => void seen.push(`opened on ${lease.nodeId}`);
  const rooms = { open } as unknown as Rooms;
  const deps = { nodeId: "heir", incarnation: "heir-run", bus, registry, rooms, log: silentLogger };
  const takeOver = async () => {
    await takeOverOrphans([ORPHAN], deps);
    await new Promise((resolve) => setImmediate(resolve));
    return seen;
  };
  return { registry, takeOver };
}

it("an heir opens a room that is placed on it, and that tells the peers", async () => {
  const { takeOver } = await setUp(["heir"]);
  expect(await takeOver()).toEqual(["opened on heir"]);
});

it("a room that was placed on another node is opened by its peers there", async () => {
  const { takeOver } = await setUp(["other"]);
  expect(await takeOver()).toEqual(["moved to other"]);
});

it("peers are told also when another node was faster", async () => {
  const { registry, takeOver } = await setUp(["other"]);
  await registry.place({ roomId: "one" });
  await registry.heartbeat(beatOf("heir"));
  expect(await takeOver()).toEqual(["moved to other"]);
});

it("no peer is told when the room's node is alive after all and still has the room", async () => {
  const { registry, takeOver } = await setUp(["dead"]);
  await registry.place({ roomId: "one" });
  await registry.heartbeat(beatOf("heir"));
  expect(await takeOver()).toEqual([]);
});
