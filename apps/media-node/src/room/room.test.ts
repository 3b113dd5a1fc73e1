import { createMemoryBus } from "@fairlead/bus/memory";
import {
  COMMANDS,
  type PeerInfo,
  type RoomEvent,
  RoomOptions,
  type RoomRecord,
  type Transient,
} from "@fairlead/protocol";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { expect, it, vi } from "vitest";
import { producerCommands } from "../commands/producer-commands.ts";
import { type Admission, admitPeer } from "../rooms/admit-peer.ts";
import type { Session } from "../session/session.ts";
import { Peer } from "./peer.ts";
import { DEFAULT_BUDGETS, PeerBudgets } from "./peer-budgets.ts";
import { LOOPBACK } from "./pipe-end.ts";
import { Room } from "./room.ts";
import type { PeerTransports, Seat, SeatListener } from "./seat.ts";
import { SpentBudgets } from "./spent-budgets.ts";

/** A room without media: its seat says what a test makes it say, and each peer keeps what it is told. */
const spent = new SpentBudgets(DEFAULT_BUDGETS, Date.now);

function setUp() {
  let listener: SeatListener | undefined;
  const seat = {
    core: 0,
    closed: false,
    close: () => {},
    listen: (given: SeatListener) => (listener = given),
  };
  const lease = { roomId: "r", nodeId: "n", incarnation: "i", core: 0, epoch: 1 };
  const settings = { lease, options: RoomOptions.parse({}), mutes: [] };
  const room = new Room(settings, seat as unknown as Seat, {
    bus: createMemoryBus(),
    log: silentLogger,
    metrics: noMetrics,
    now: Date.now,
    record: async () => {},
    iceServersFor: () => [],
    budgetOf: (identity, name) => spent.of("r", identity, name),
    forgetSpent: (identity) => spent.forgetIdentity("r", identity),
    openSeat: () => Promise.reject(new Error("one core is enough")),
    pipeReach: LOOPBACK,
  });
  const join = (identity: string, info: Partial<PeerInfo> = {}) => {
    const told: RoomEvent[] = [];
    const heard: Transient[] = [];
    const peer = makePeer(seat as unknown as Seat, { identity, ...info }, told, heard);
    room.add(peer);
    return { peer, told, heard };
  };
  const hear = (...producers: types.Producer[]) =>
    listener?.onLevels(producers.map((producer) => ({ producer, volumeDbov: -20 })));
  const dominate = (producer: types.Producer) => listener?.onDominantSpeaker(producer);
  return { room, seat: seat as unknown as Seat, join, hear, dominate };
}

const produce = async () => ({
  ...{ id: "camera-1", kind: "video", paused: false, appData: { source: "camera" } },
  rtpParameters: { codecs: [{ mimeType: "video/VP8" }] },
});

function makePeer(seat: Seat, info: Partial<PeerInfo>, told: RoomEvent[], heard: Transient[]): Peer {
  const session = {
    isOver: false,
    append: (event: RoomEvent) => void told.push(event),
    takeTransient: (transient: Transient) => void heard.push(transient),
    end: () => {},
    abandon: () => {},
  };
  const transport = { close: () => {}, setMaxIncomingBitrate: vi.fn(async () => {}), produce };
  return new Peer({
    info: { peerId: `p-${info.identity}`, identity: "", name: "", metadata: "", joinedAtMs: 1, ...info },
    grants: { publish: ["camera"], subscribe: true, data: true, moderate: false },
    ticketId: "t",
    joinId: "j",
    rtpCapabilities: {},
    isAutoSubscribed: true,
    confirmsData: true,
    session: session as unknown as Session,
    seat,
    transports: { send: transport, receive: transport } as unknown as PeerTransports,
    owner: { core: 0 },
    budgets: new PeerBudgets(
      (name) => spent.of("r", info.identity ?? "", name),
      () => 0,
    ),
    log: silentLogger,
  });
}

function microphoneOf({ peerId, producers }: Peer, id: string): types.Producer {
  const producer = { id, appData: { peerId, source: "microphone" } } as unknown as types.Producer;
  producers.set(id, producer);
  return producer;
}

it("removing a peer that was replaced under its own id does nothing: the newer one stays", () => {
  const { room, join } = setUp();
  const { peer: older } = join("ann");
  const { peer: newer } = join("ann");
  const { told } = join("bob");
  room.remove(older, "disconnected", "session_gone", "no sign of life");
  expect([room.peers.get("p-ann"), newer.isClosed, older.isClosed]).toEqual([newer, false, true]);
  expect(told).toEqual([]);
});

it("a peer of the same identity under another id leaves for the newer one", () => {
  const { room, join } = setUp();
  const { told } = join("bob");
  join("ann");
  join("ann", { peerId: "p-other" });
  expect(told.map(({ name }) => name)).toEqual(["peers.joined", "peer.left", "peers.joined"]);
  expect([...room.peers.keys()]).toEqual(["p-bob", "p-other"]);
});

it("a peer that comes back under its own id is told of again only where its name, metadata or joining time are new", () => {
  const { join } = setUp();
  const { told } = join("bob");
  join("ann");
  join("ann");
  expect(told).toHaveLength(1);
  join("ann", { name: "Ann" });
  expect(told[1]).toMatchObject({
    name: "peers.joined",
    data: { peers: [{ peerId: "p-ann", name: "Ann" }] },
  });
});

it("a peer that was away and joins anew under its own id is told of, as one that is there", () => {
  const { join } = setUp();
  const { told } = join("bob");
  join("ann").peer.isAway = true;
  join("ann");
  expect(told.map(({ name }) => name)).toEqual(["peers.joined", "peers.joined"]);
  expect(told[1]?.data).not.toHaveProperty("peers.0.away");
});

it("levels of an older self's microphone do not make the newer one the speaker", () => {
  const { room, join, hear, dominate } = setUp();
  const before = microphoneOf(join("ann").peer, "before");
  join("ann");
  const { peer: bob, heard } = join("bob");
  dominate(before);
  hear(before);
  expect([room.speakerId, heard.at(-1)]).toEqual([null, { name: "audio.levels", data: { levels: [] } }]);
  hear(before, microphoneOf(bob, "bob-1"));
  expect(room.speakerId).toBe("p-bob");
  dominate(microphoneOf(room.peer("p-ann"), "after"));
  expect(room.speakerId).toBe("p-ann");
});

it("a peer is told what its room lets it send: before its first producer is made, and when that changes", async () => {
  const { room, join } = setUp();
  const { peer } = join("ann");
  const { setMaxIncomingBitrate: told } = peer.sendTransport;
  room.setOptions(RoomOptions.parse({ maxIncomingBitrateBps: 1_000_000 }));
  expect(told).not.toHaveBeenCalled();
  const request = COMMANDS["producer.create"].request.parse({
    kind: "video",
    source: "camera",
    rtpParameters: { codecs: [{ mimeType: "video/VP8", payloadType: 100, clockRate: 90_000 }] },
  });
  await producerCommands["producer.create"]({ room, peer }, request);
  expect(told).toHaveBeenLastCalledWith(1_000_000);
  room.setOptions(RoomOptions.parse({ maxPeers: 5, maxIncomingBitrateBps: 1_000_000 }));
  room.setOptions(RoomOptions.parse({ maxIncomingBitrateBps: 2_000_000 }));
  expect(told).toHaveBeenLastCalledWith(2_000_000);
  expect(told).toHaveBeenCalledTimes(2);
});

it("a peer that is put out while its session is over meets that where it joins anew", async () => {
  const { room, seat, join } = setUp();
  const { peer } = join("ann");
  Object.assign(peer.session, { isOver: true });
  room.remove(peer, "removed", "peer_removed", "for bad language");
  const claims = { sub: "ann", jti: "t", role: "participant" };
  const back = admitPeer({ room, seat }, { claims, peerId: "p-ann" } as unknown as Admission);
  await expect(back).rejects.toMatchObject({ code: "peer_removed" });
  const { peer: bob } = join("bob");
  room.remove(bob, "removed", "peer_removed", "it hears so itself");
  Object.assign(join("cleo").peer.session, { isOver: true });
  join("cleo");
  expect([...room.putOut.keys()]).toEqual(["p-ann"]);
});

it("a mute that the room's place before wrote while the room moved holds here, but for what was said here", () => {
  const { room } = setUp();
  const recordOf = (...identities: string[]) => {
    const mutes = identities.map((identity) => ({ identity, source: "camera" }));
    return { bans: [], mutes, options: room.options } as unknown as RoomRecord;
  };
  room.mutes.set("bob", "camera", false);
  room.noteRecord(recordOf("ann", "bob"));
  expect(room.mutes.all()).toEqual([{ identity: "ann", source: "camera" }]);
  room.noteRecord(recordOf("cleo"));
  expect(room.mutes.all()).toHaveLength(1);
});
