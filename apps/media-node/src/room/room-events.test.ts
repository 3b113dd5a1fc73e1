import type { RoomEvent } from "@fairlead/protocol";
import { expect, it } from "vitest";
import { Mutes } from "./mutes.ts";
import type { Peer } from "./peer.ts";
import { producerInfo, snapshotFor } from "./room-events.ts";

function makePeer(peerId: string): Peer {
  const producers = new Map([[`${peerId}-camera`, makeProducer(peerId)]]);
  const info = { peerId, identity: peerId, name: peerId, metadata: "", joinedAtMs: 0 };
  return {
    peerId,
    identity: peerId,
    info,
    grants: {},
    producers,
    consumers: () => [],
    dataConsumers: new Map(),
  } as never;
}

function makeProducer(peerId: string) {
  return {
    id: `${peerId}-camera`,
    kind: "video",
    paused: false,
    closed: false,
    rtpParameters: { codecs: [{ mimeType: "video/VP8" }] },
    appData: { source: "camera" },
  } as never;
}

it("a snapshot that is taken bit by bit shows no producer of a peer that is not in it", () => {
  const [ann, bob] = [makePeer("ann"), makePeer("bob")];
  const peers = new Map([["ann", ann]]);
  const senders = { senders: () => [...peers.values()], sender: (peerId: string) => peers.get(peerId) };
  const room = { roomId: "r", ...senders, mutes: new Mutes([]), speakerId: null };
  const events = snapshotFor({ ...room, audience: { isRevealed: true }, broadcast: null }, ann);
  const first = events.next().value;
  peers.set("bob", bob);
  ann.producers.clear();
  const rest = [...events];
  expect(first?.name).toBe("snapshot.started");
  const names = (event: RoomEvent) => {
    if (event.name === "peers.joined") return event.data.peers.map(({ peerId }) => peerId);
    return event.name === "producers.created"
      ? event.data.producers.map(({ peerId }) => `${peerId}'s camera`)
      : [];
  };
  expect(rest.flatMap(names)).toEqual(["ann", "ann's camera"]);
});

it("a producer is told with its codec, so that a peer that can't decode it knows", () => {
  const ann = { peerId: "ann", identity: "ann" };
  expect(producerInfo(new Mutes([]), ann, makeProducer("ann"))).toMatchObject({
    producerId: "ann-camera",
    mimeType: "video/VP8",
  });
});
