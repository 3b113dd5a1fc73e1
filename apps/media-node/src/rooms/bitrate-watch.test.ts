import { type RoomEvent, RoomOptions } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { expect, it } from "vitest";
import type { Peer } from "../room/peer.ts";
import { DEFAULT_BUDGETS, type KeptBudgetName, PeerBudgets } from "../room/peer-budgets.ts";
import type { Publisher } from "../room/publisher.ts";
import type { Room } from "../room/room.ts";
import { SpentBudgets } from "../room/spent-budgets.ts";
import { BitrateWatch } from "./bitrate-watch.ts";

/** A room that allows 1 Mbit/s, and a peer that sends what a test says. */
function setUp() {
  const told: RoomEvent[] = [];
  const clock = { ms: 0 };
  const spent = new SpentBudgets(DEFAULT_BUDGETS, () => clock.ms);
  const peers = new Map<string, Peer>();
  const publishers = new Map<string, Publisher>();
  let bytesReceived = 0;
  let looks = 0;
  const getStats = async () => {
    looks += 1;
    return [{ bytesReceived }];
  };
  /** A session of the same identity each time. */
  const join = () => {
    bytesReceived = 0;
    const budgets = new PeerBudgets(
      (name) => spent.of("r", "ann", name),
      () => 0,
    );
    const peer = {
      producers: new Map(),
      dataProducers: new Map(),
      transports: { send: { getStats } },
      session: { send: (event: RoomEvent) => told.push(event) },
      budgets,
    } as unknown as Peer;
    peers.set("p", peer);
    return peer;
  };
  /** An encoder, with the same bytes in two layers of one producer. */
  const publish = () => {
    bytesReceived = 0;
    const producers = new Map([
      ["p-0", { getStats: async () => [{ byteCount: bytesReceived / 2 }, { byteCount: bytesReceived / 2 }] }],
    ]);
    const close = () => publishers.delete("w");
    publishers.set("w", { peerId: "w", identity: "encoder", producers, close } as unknown as Publisher);
  };
  const room = {
    options: RoomOptions.parse({ maxIncomingBitrateBps: 1_000_000 }),
    peers,
    publishers,
    deps: { budgetOf: (identity: string, name: KeptBudgetName) => spent.of("r", identity, name) },
    log: silentLogger,
    tell: (event: RoomEvent) => told.push(event),
  } as unknown as Room;
  const watch = new BitrateWatch({ all: () => [room] }, () => clock.ms);
  const peer = join();
  produce(peer);
  produce(peer);
  /** Two seconds each. */
  const send = (bps: number) => {
    clock.ms += 2_000;
    bytesReceived += bps / 4;
  };
  const sample = async (bps: number, times = 1) => {
    for (let round = 0; round < times; round += 1) {
      send(bps);
      await watch.sample();
    }
  };
  return { peer, peers, publishers, publish, told, join, send, sample, looks: () => looks };
}

function produce({ producers }: Peer): void {
  const producer = { id: `p-${producers.size}`, close: () => {} } as unknown as types.Producer;
  producers.set(producer.id, producer);
}

it("a peer that sends more than 1.5 times what its room allows, three samples long, loses its producers, and is told", async () => {
  const { peer, told, sample } = setUp();
  await sample(1_600_000, 2);
  expect(told).toEqual([]);
  await sample(1_600_000);
  expect(peer.producers.size).toBe(0);
  expect(told).toEqual(
    ["p-0", "p-1"].map((producerId) => ({
      name: "producer.closed",
      data: { producerId, code: "incoming_bitrate" },
    })),
  );
});

it("one that sends only data loses its channels, and is told", async () => {
  const { peer, told, sample } = setUp();
  peer.producers.clear();
  peer.dataProducers.set("d", { close: () => {} } as unknown as types.DataProducer);
  await sample(1_600_000, 3);
  expect(peer.dataProducers.size).toBe(0);
  expect(told).toEqual([
    { name: "data_producer.closed", data: { dataProducerId: "d", code: "incoming_bitrate" } },
  ]);
});

it("one that is above for a moment keeps them", async () => {
  const { peer, sample } = setUp();
  await sample(9_000_000, 2);
  await sample(1_400_000, 10);
  await sample(9_000_000);
  expect(peer.producers.size).toBe(2);
});

it("one that is below is asked every fifth time, and one that publishes nothing never", async () => {
  const { peer, sample, looks } = setUp();
  await sample(1_000, 10);
  expect(looks()).toBe(2);
  peer.producers.clear();
  await sample(1_000, 10);
  expect(looks()).toBe(2);
});

it("one that goes on loses new producers at the next sample, in a new session too", async () => {
  const { peer, join, sample } = setUp();
  await sample(9_000_000, 3);
  produce(peer);
  await sample(9_000_000);
  expect(peer.producers.size).toBe(0);
  const again = join();
  produce(again);
  await sample(9_000_000);
  expect(again.producers.size).toBe(0);
});

it("what one sends between two looks counts, also while it publishes nothing", async () => {
  const { peer, send, sample } = setUp();
  await sample(1_000);
  for (let flood = 0; flood < 2; flood += 1) {
    peer.producers.clear();
    for (let round = 0; round < 4; round += 1) send(9_000_000);
    produce(peer);
    await sample(1_000, 5);
  }
  expect(peer.producers.size).toBe(0);
});

it("an encoder is held to the same bound: its publisher is closed, and the next one at its first sample", async () => {
  const { peers, publishers, publish, sample } = setUp();
  peers.clear();
  publish();
  await sample(1_600_000, 2);
  expect(publishers.size).toBe(1);
  await sample(1_600_000);
  expect(publishers.size).toBe(0);
  publish();
  await sample(1_600_000);
  expect(publishers.size).toBe(0);
});
