import { createMemoryBus } from "@fairlead/bus/memory";
import { type Lease, parseJson, RoomControl, subjects } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { heartbeatOf } from "../heartbeat/testing/heartbeat-of.ts";
import type { RoomSettings } from "../room/room-deps.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { takeOverOrphans } from "./take-over-orphans.ts";

const ORPHAN: Lease = { roomId: "one", nodeId: "dead", incarnation: "dead-run", core: 0, epoch: 5 };

/** `heir` takes over on a cluster of the nodes that are given; what it opens and tells. */
async function setUp(nodes: string[], livesOn = false) {
  const [bus, registry] = [createMemoryBus(), createMemoryRegistry()];
  for (const nodeId of nodes) await registry.heartbeat(heartbeatOf(nodeId));
  const seen: string[] = [];
  bus.subscribe(subjects.everyRoomControl, ({ data }) => {
    const control = parseJson(RoomControl, new TextDecoder().decode(data));
    if (control.type !== "moved") return;
    const { lease, overlapMs } = control;
    seen.push(`moved to ${lease.nodeId}${overlapMs ? ", with overlap" : ""}`);
  });
  const open = async ({ lease, overlapMs }: RoomSettings) =>
    void seen.push(`opened on ${lease.nodeId}${overlapMs ? ", with overlap" : ""}`);
  const rooms = { open } as unknown as Rooms;
  const deps = {
    nodeId: "heir",
    incarnation: "heir-run",
    bus,
    registry,
    rooms,
    log: silentLogger,
    metrics: noMetrics,
    livesOn: async () => livesOn,
  };
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
  await registry.heartbeat(heartbeatOf("heir"));
  expect(await takeOver()).toEqual(["moved to other"]);
});

it("no peer is told when the room's node is alive after all and still has the room", async () => {
  const { registry, takeOver } = await setUp(["dead"]);
  await registry.place({ roomId: "one" });
  await registry.heartbeat(heartbeatOf("heir"));
  expect(await takeOver()).toEqual([]);
});

it.each([
  ["heir", "opened on heir, with overlap"],
  ["other", "moved to other, with overlap"],
])(
  "peers keep the media of a node that lost the bus alone, and have a place on %s besides",
  async (node, seen) => {
    const { takeOver } = await setUp([node], true);
    expect(await takeOver()).toEqual([seen]);
  },
);
