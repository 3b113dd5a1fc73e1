import { type RoomEvent, RoomOptions } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { expect, it } from "vitest";
import type { Peer } from "../room/peer.ts";
import type { Room } from "../room/room.ts";
import { BitrateWatch } from "./bitrate-watch.ts";

/** A room that allows 1 Mbit/s, and a peer that sends what a test says. */
function setUp() {
  const told: RoomEvent[] = [];
  const sent = { bps: 0 };
  let looks = 0;
  const getStats = async () => {
    looks += 1;
    return [{ recvBitrate: sent.bps }];
  };
  const publish = () => {
    const producer = { id: `p-${peer.producers.size}`, close: () => {} } as unknown as types.Producer;
    peer.producers.set(producer.id, producer);
  };
  const peer = {
    producers: new Map(),
    dataProducers: new Map(),
    transports: { send: { getStats } },
    session: { send: (event: RoomEvent) => told.push(event) },
  } as unknown as Peer;
  const room = {
    options: RoomOptions.parse({ maxIncomingBitrateBps: 1_000_000 }),
    peers: new Map([["p", peer]]),
    log: silentLogger,
    broadcast: (event: RoomEvent) => told.push(event),
  } as unknown as Room;
  const watch = new BitrateWatch({ all: () => [room] });
  publish();
  publish();
  const sample = async (bps: number, times = 1) => {
    sent.bps = bps;
    for (let round = 0; round < times; round += 1) await watch.sample();
  };
  return { peer, told, sample, looks: () => looks };
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
  await sample(1_400_000, 5);
  await sample(9_000_000, 2);
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
