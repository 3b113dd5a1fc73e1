import { DEFAULT_CODEC_POLICY, mediaCodecs, type RoomEvent } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { expect, it } from "vitest";
import type { Session } from "../session/session.ts";
import { addPublisher } from "./add-publisher.ts";
import { addViewer } from "./add-viewer.ts";
import { countRoom, countSeats } from "./count-room.ts";
import { loseSeat } from "./lose-seat.ts";
import { banIdentity } from "./moderate.ts";
import type { Peer } from "./peer.ts";
import type { Publisher } from "./publisher.ts";
import { snapshotFor } from "./room-events.ts";
import { openRoom } from "./testing/open-room.ts";
import { useTwoCores } from "./testing/use-two-cores.ts";

const cores = useTwoCores();
const { ledger, expectAgreement } = cores;
const CAPABILITIES = { codecs: mediaCodecs(DEFAULT_CODEC_POLICY) } as types.RtpCapabilities;
const ENCODER = { identity: "encoder", name: "Encoder", metadata: "" };

/** A room on two cores, with one silent peer who keeps what it is told. */
async function setUp() {
  const opened = await openRoom(cores);
  const { room } = opened;
  const told: RoomEvent[] = [];
  const session = {
    // A microphone alone in its room becomes the speaker at some time.
    append: (event: RoomEvent) => event.name !== "speaker.changed" && void told.push(event),
    end: () => {},
    takeTransient: () => {},
  };
  const ann = {
    ...{ peerId: "p-ann", identity: "ann", info: { peerId: "p-ann" }, grants: {}, isAutoSubscribed: false },
    ...{ session: session as unknown as Session, seat: room.span.home, close: () => {}, consumers: () => [] },
    ...{ producers: new Map(), consumersByProducer: new Map(), dataConsumers: new Map() },
  } as unknown as Peer;
  room.peers.set(ann.peerId, ann);
  return { ...opened, told, ann };
}

/** On a transport of its own, as an ingest makes it. */
async function publishSound(publisher: Publisher) {
  const { seat, owner } = publisher;
  const transport = await seat.router.createDirectTransport({ appData: { owner } });
  const producer = await publisher.publish("microphone", (basis) =>
    transport.produce({
      ...basis,
      kind: "audio",
      rtpParameters: {
        codecs: [{ mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 100 }],
        encodings: [{ ssrc: 1_111 }],
      },
    }),
  );
  return { transport, producer };
}

it("a publisher is announced as one that joined, publishes and leaves, without being a peer", async () => {
  const { room, clock, told, ann, surplus, guest, home } = await setUp();
  const publisher = addPublisher({ room, seat: guest }, ENCODER);
  const { transport, producer } = await publishSound(publisher);
  const { peerId } = publisher;
  const info = { producerId: producer.id, peerId, kind: "audio", source: "microphone" };
  expect(told).toMatchObject([
    { name: "peers.joined", data: { peers: [{ ...ENCODER, peerId }] } },
    { name: "producers.created", data: { producers: [info] } },
  ]);
  const shown = [...snapshotFor(room, ann)];
  expect(shown).toContainEqual(expect.objectContaining({ name: "peers.joined" }));
  expect(JSON.stringify(shown)).toContain(producer.id);
  expect(countRoom(room)).toEqual({ peers: 1, producers: 1, consumers: 0, viewers: 0 });
  await expect(publishSound(publisher)).rejects.toMatchObject({ code: "producer_limit" });
  expect(surplus()).toEqual([]);

  room.peers.delete(ann.peerId);
  clock.nowMs = 1_000_000;
  expect(room.emptyMs, "an ingest holds its room").toBe(0);
  room.peers.set(ann.peerId, ann);
  transport.close();
  expect(told.at(-1)).toEqual({ name: "producer.closed", data: { producerId: producer.id } });
  publisher.close();
  publisher.close();
  expect(told.slice(3)).toEqual([{ name: "peer.left", data: { peerId, reason: "left" } }]);
  await publisher.ended;
  for (const { id } of surplus()) ledger.close(id);
  await expectAgreement([home, guest]);
});

it("a viewer on another seat gets the media, is counted and announced to nobody", async () => {
  const { room, told, surplus, home, guest } = await setUp();
  const { producer } = await publishSound(addPublisher({ room, seat: home }, ENCODER));
  const before = told.length;
  const viewer = await addViewer({ room, seat: guest }, { identity: null, rtpCapabilities: CAPABILITIES });
  const [consumer, again] = await Promise.all([viewer.watch(producer), viewer.watch(producer)]);
  expect([again, consumer.paused]).toEqual([consumer, true]);
  expect(countRoom(room)).toEqual({ peers: 1, producers: 1, consumers: 1, viewers: 1 });
  expect(countSeats(room)).toEqual(
    new Map([
      [0, { peers: 1, consumers: 0 }],
      [1, { peers: 0, consumers: 1 }],
    ]),
  );
  expect(surplus()).toEqual([]);
  await expectAgreement([home, guest]);
  producer.close();
  await expect.poll(() => viewer.consumers.size).toBe(0);
  await expect(viewer.watch(producer)).rejects.toMatchObject({ code: "lease_lost" });
  viewer.close();
  await viewer.ended;
  expect([...room.viewers]).toEqual([]);
  // A microphone alone in its room becomes the speaker at some time.
  const heard = told.slice(before).filter(({ name }) => name !== "speaker.changed");
  expect(heard.map(({ name }) => name)).toEqual(["producer.closed"]);
});

it("what a viewer can't decode it does not get, and one that comes while the room closes leaves nothing", async () => {
  const { room, home, guest } = await setUp();
  const { producer } = await publishSound(addPublisher({ room, seat: home }, ENCODER));
  const deaf = await addViewer({ room, seat: guest }, { identity: "deaf", rtpCapabilities: { codecs: [] } });
  await expect(deaf.watch(producer)).rejects.toMatchObject({ code: "media_rejected" });
  const coming = addViewer({ room, seat: guest }, { identity: "late", rtpCapabilities: CAPABILITIES });
  room.close("room_closed", "over");
  await expect(coming).rejects.toMatchObject({ code: "lease_lost" });
  await deaf.ended;
  expect(() => addPublisher({ room, seat: home }, ENCODER)).toThrow(
    expect.objectContaining({ code: "lease_lost" }),
  );
});

it("a dead core ends its publishers and viewers alone; a room whose home dies goes on where a viewer sits", async () => {
  const { room, told, ann, home, guest } = await setUp();
  const [near, far] = [
    addPublisher({ room, seat: home }, ENCODER),
    addPublisher({ room, seat: guest }, ENCODER),
  ];
  const { producer } = await publishSound(far);
  const viewer = await addViewer({ room, seat: home }, { identity: null, rtpCapabilities: CAPABILITIES });
  // As when its worker dies.
  guest.close();
  expect(loseSeat(room, 1)).toBe(true);
  await far.ended;
  expect(told.slice(-2)).toEqual([
    { name: "producer.closed", data: { producerId: producer.id } },
    { name: "peer.left", data: { peerId: far.peerId, reason: "left" } },
  ]);
  expect([near.isClosed, viewer.isClosed]).toEqual([false, false]);

  near.close();
  room.peers.delete(ann.peerId);
  const next = await room.span.seatOn(1);
  const elsewhere = await addViewer({ room, seat: next }, { identity: null, rtpCapabilities: CAPABILITIES });
  home.close();
  expect(loseSeat(room, 0)).toBe(true);
  await viewer.ended;
  expect([room.lease.core, room.isClosed, elsewhere.isClosed]).toEqual([1, false, false]);
});

it("a ban reaches the publishers and viewers of that identity", async () => {
  const { room, home } = await setUp();
  const publisher = addPublisher({ room, seat: home }, ENCODER);
  const [banned, other] = await Promise.all(
    ["encoder", "other"].map((identity) =>
      addViewer({ room, seat: home }, { identity, rtpCapabilities: CAPABILITIES }),
    ),
  );
  await banIdentity(room, "encoder", "banned");
  await Promise.all([publisher.ended, banned?.ended]);
  expect(other?.isClosed).toBe(false);
});
