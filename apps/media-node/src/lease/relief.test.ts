import { decodeText } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { type Lease, type NodeState, RoomOptions, subjects } from "@fairlead/protocol";
import type { PlaceRequest, Registry } from "@fairlead/registry";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { expect, it, vi } from "vitest";
import type { Peer } from "../room/peer.ts";
import type { Room } from "../room/room.ts";
import { Roster } from "../room/roster.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { Relief } from "./relief.ts";

const NODE = { nodeId: "n", incarnation: "i" };

type More = {
  seats?: number;
  state?: NodeState;
  alsoIn?: "publishers" | "viewers" | "egresses";
  /** The core that their rooms are at home on. */
  home?: number;
  publishes?: boolean;
  /** How many each guest sends, of no broadcast. */
  tracks?: number;
  overlaps?: boolean;
};

const ended = vi.fn();
const forgotten = vi.fn();
const MUTES = [{ identity: "bob", source: "camera" }];

function guest(peerId: string, { publishes, tracks = publishes ? 1 : 0, overlaps = true }: More): Peer {
  const producers = new Map(Array.from({ length: tracks }, (_, index) => [index, {}]));
  const is = { identity: peerId, overlaps, leavesSeat: false, isClosed: false };
  return { ...is, peerId, seat: { core: 0 }, session: { end: ended }, producers } as unknown as Peer;
}

/** Rooms with so many peers each on core 0, and cores with these loads. */
function setUp(peers: number[], loads: number[], more: More = {}) {
  const { seats = 1, state = "ready", alsoIn, home = 0, publishes = false } = more;
  let nowMs = 0;
  const cores = loads.map((load, index) => ({ index, load, isUsable: true, isFull: false }));
  const leaseOf = (index: number): Lease => ({ ...NODE, roomId: `room-${index}`, core: 0, epoch: 1 });
  const rooms = peers.map((present, index) => {
    const span = { seats: Array(seats).fill({}), home: { core: home } };
    const [roomId, broadcast] = [`room-${index}`, publishes ? {} : null];
    const deps = { forgetSpent: forgotten };
    const queue = { isIdle: true };
    const lists = { mutes: { all: () => MUTES }, takesNobody: false };
    const of = { roomId, lease: leaseOf(index), span, broadcast, log: silentLogger, deps, queue, ...lists };
    const room = Object.assign(new Roster(), of);
    for (let peer = 0; peer < present; peer += 1) room.peers.set(`${peer}`, guest(`${peer}`, more));
    if (alsoIn) room[alsoIn].set("also", { seat: { core: 0 } } as never);
    return room;
  });
  const asked: PlaceRequest[] = [];
  const opened: unknown[] = [];
  const told: unknown[] = [];
  const bus = createMemoryBus();
  bus.subscribe(subjects.everyRoomControl, ({ data }) => void told.push(JSON.parse(decodeText(data))));
  const place = async (request: PlaceRequest) => {
    asked.push(request);
    const lease = { ...NODE, roomId: request.roomId, core: 1, epoch: 2 };
    const room = { options: RoomOptions.parse({}), mutes: [] };
    return { lease, isNew: true, room, decision: { reason: "least_loaded" } };
  };
  const relief = new Relief({
    ...NODE,
    bus,
    cores,
    readiness: { state },
    registry: { place } as unknown as Registry,
    rooms: {
      onCore: (core: number) => rooms.filter(() => core === home) as unknown as Room[],
      seatedOn: (core: number) => rooms.filter(() => core === 0) as unknown as Room[],
      open: async (settings: object) => opened.push(settings),
    } as unknown as Rooms,
    log: silentLogger,
    metrics: noMetrics,
    loadOf: ({ roomId }) => (roomId === "room-1" ? 0.21 : undefined),
    now: () => nowMs,
  });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1_000;
      await relief.tick();
    }
  };
  const reseated = () =>
    rooms.map(({ peers: all }) => [...all.values()].filter((peer) => peer.leavesSeat).length);
  return { rooms, cores, asked, opened, told, pass, reseated };
}

it("a core that is busy for ten seconds gives away the smallest room that helps, beside which its place lingers", async () => {
  const { asked, opened, told, pass } = setUp([1, 3, 16], [0.9, 0.3]);
  await pass(10);
  expect(asked).toEqual([]);
  await pass(1);
  expect(asked).toEqual([
    {
      roomId: "room-1",
      supersedes: { incarnation: "i", epoch: 1 },
      exclude: [{ ...NODE, core: 0 }],
      movedLoad: 0.21,
    },
  ]);
  // A mute may be in force here, and not written yet.
  const goesAlong = { overlapMs: expect.any(Number), mutes: MUTES };
  expect(opened).toMatchObject([{ lease: { core: 1, epoch: 2 }, ...goesAlong }]);
  await expect
    .poll(() => told)
    .toMatchObject([{ type: "moved", cause: "core_busy", overlapMs: expect.any(Number) }]);
});

it("one room at a time: the loads are looked at anew for ten seconds", async () => {
  const { asked, pass } = setUp([2, 2, 2, 2, 2, 2], [1, 0.3]);
  await pass(21);
  expect(asked).toHaveLength(1);
  await pass(1);
  expect(asked).toHaveLength(2);
});

it("a core that was less busy for a moment begins anew", async () => {
  const { asked, cores, pass } = setUp([1, 3, 16], [0.9, 0.3]);
  await pass(9);
  if (cores[0]) cores[0].load = 0.7;
  await pass(1);
  if (cores[0]) cores[0].load = 0.9;
  await pass(10);
  expect(asked).toEqual([]);
});

it("where only guests of rooms that span cores sit, some of the largest take another seat, and more ten seconds later", async () => {
  const { asked, pass, reseated } = setUp([4, 14], [0.99, 0.3], { seats: 2, home: 1 });
  for (const mock of [ended, forgotten]) mock.mockReset();
  await pass(10);
  expect(reseated()).toEqual([0, 0]);
  await pass(1);
  expect(reseated()).toEqual([0, 4]);
  expect(ended.mock.calls[0]).toEqual(["session_gone", expect.any(String), expect.any(Number)]);
  // What they do anew is charged to nobody.
  expect(forgotten.mock.calls).toEqual([["0"], ["1"], ["2"], ["3"]]);
  await pass(10);
  expect(reseated()).toEqual([0, 4]);
  await pass(1);
  expect(reseated()).toEqual([0, 8]);
  expect(asked).toEqual([]);
});

it("of a large room they go one by one: the next once the one before is in place, and nothing waits in the room's queue", async () => {
  const { rooms, pass } = setUp([40], [0.99, 0.1], { seats: 2, home: 1, tracks: 2 });
  const [room = expect.fail()] = rooms;
  ended.mockReset();
  const reseated = () => ended.mock.calls.length;
  const comeBack = (peerId: string) =>
    room.peers.set(peerId, { ...room.peer(peerId), leavesSeat: false, seat: { core: 1 } } as Peer);
  await pass(15);
  expect(reseated()).toBe(1);
  comeBack("0");
  room.queue.isIdle = false;
  await pass(1);
  expect(reseated()).toBe(1);
  room.queue.isIdle = true;
  for (let peer = 1; peer < 20; peer += 1) {
    await pass(1);
    if (reseated() > peer) comeBack(`${peer}`);
  }
  expect(reseated()).toBe(8 + 1);
  room.takesNobody = true;
  await pass(30);
  expect(reseated()).toBe(8 + 1);
});

it("a core that can't be relieved keeps no other one from it", async () => {
  const { cores, pass, reseated } = setUp([10], [0.9, 0.95, 0.1], { seats: 2, home: 1 });
  await pass(11);
  expect(cores).toHaveLength(3);
  expect(reseated()).toEqual([2]);
});

it.each([
  ["no other core has room for it", [20], [0.9, 0.3], {}],
  ["there is no other core", [1, 3, 16], [0.9], {}],
  ["its rooms span cores already", [1, 3, 16], [0.9, 0.3], { seats: 2 }],
  ["an encoder sends to its rooms", [1, 3, 16], [0.9, 0.3], { alsoIn: "publishers" }],
  ["players by WHEP see them", [1, 3, 16], [0.9, 0.3], { alsoIn: "viewers" }],
  ["a recorder gets them by RTP", [1, 3, 16], [0.9, 0.3], { alsoIn: "egresses" }],
  ["no other core has room for their guests", [20], [0.9, 0.6], { seats: 2, home: 1 }],
  ["a guest publishes its broadcast", [1], [0.9, 0.3], { seats: 2, home: 1, publishes: true }],
  ["a recorder gets the guests' room by RTP", [4], [0.9, 0.3], { seats: 2, home: 1, alsoIn: "egresses" }],
  [
    "its guests' clients can't be in two places at once",
    [4],
    [0.9, 0.3],
    { seats: 2, home: 1, overlaps: false },
  ],
  ["the node is drained", [1, 3, 16], [0.9, 0.3], { state: "draining" }],
] as const)("nothing moves where %s", async (_, peers, loads, more) => {
  const { asked, pass, reseated } = setUp([...peers], [...loads], more);
  await pass(30);
  expect(asked).toEqual([]);
  expect(reseated().some((count) => count > 0)).toBe(false);
});
