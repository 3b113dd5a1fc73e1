import type { Grants, PeerInfo, ProducerInfo, RoomEvent } from "@fairlead/protocol";
import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvents } from "./api/events.ts";
import type { Room } from "./api/room.ts";
import { ScriptedRoom } from "./testing/scripted-room.ts";

const GRANTS: Grants = { publish: ["microphone", "camera"], subscribe: true, data: true, moderate: true };
const info = (peerId: string): PeerInfo => ({
  ...{ peerId, identity: peerId, name: peerId.toUpperCase(), metadata: "m", joinedAtMs: 5 },
});
const microphone = (peerId: string, state: Partial<ProducerInfo> = {}): ProducerInfo => ({
  ...{ producerId: `of-${peerId}`, peerId, source: "microphone", kind: "audio", paused: false, muted: false },
  ...state,
});
const there = (...peerIds: string[]): RoomEvent[] => [
  { name: "peers.joined", data: { peers: peerIds.map(info) } },
  { name: "producers.created", data: { producers: peerIds.map((peerId) => microphone(peerId)) } },
];
const ENDS = [
  "local_track.ended",
  "track.unpublished",
  "peer.left",
  "connection.changed",
  "room.ended",
] as const;

let scripted: ScriptedRoom;
let room: Room;
let heard: string[];

/** A ticket's payload; nobody here looks at its signature. */
const ticketOf = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

beforeEach(async () => {
  // The page that goes offline.
  vi.stubGlobal("window", new EventTarget());
  const ticket = ticketOf({ sub: "ann", name: "Änn ☕", metadata: "words" });
  scripted = await ScriptedRoom.join(GRANTS, { ticket });
  room = scripted.room;
  heard = [];
  for (const name of ENDS) room.on(name, (data) => void heard.push(`${name}${reasonOf(data)}`));
});
afterEach(async () => {
  await scripted.close();
  vi.unstubAllGlobals();
});

function reasonOf(data: RoomEvents[(typeof ENDS)[number]]): string {
  if ("reason" in data) return ` ${data.reason}`;
  if ("state" in data) return ` ${data.state}`;
  return "code" in data ? ` ${data.code}` : "";
}

async function withOthers(): Promise<void> {
  const published = scripted.nextEvent("track.published");
  scripted.socket.tell(...there("me", "bob"));
  await published;
  await room.publishTrack(new FakeMediaStreamTrack({ kind: "audio" }), "microphone");
}

const ALL_END = [
  "local_track.ended room_ended",
  "track.unpublished",
  "peer.left room_ended",
  "connection.changed closed",
];

describe("what ends with the room", () => {
  it("is told once, by leave()", async () => {
    await withOthers();
    room.on("peer.left", () => void room.leave());
    await Promise.all([room.leave(), room.leave()]);
    expect(heard).toEqual(ALL_END);
    expect([room.peers.size, room.local.size]).toEqual([0, 0]);
  });

  it("is told once, by a removal, before the room's end; and sendData then fails with its code", async () => {
    await withOthers();
    const ended = scripted.nextEvent("room.ended");
    room.on("peer.left", () => void room.leave());
    scripted.socket.refuse("peer_removed");
    await ended;
    expect(heard).toEqual([...ALL_END, "room.ended peer_removed"]);
    await expect(room.sendData("x")).rejects.toMatchObject({ code: "peer_removed" });
    await expect(room.getStats()).rejects.toMatchObject({ code: "peer_removed" });
    await expect(room.mutePeer("bob", "camera", true)).rejects.toMatchObject({ code: "peer_removed" });
  });
});

describe("this peer itself", () => {
  it("has the shape of the others, by its ticket and then by the node's word", async () => {
    expect(room.self).toMatchObject({ peerId: "me", identity: "ann", name: "Änn ☕", metadata: "words" });
    await withOthers();
    expect(room.self).toMatchObject({ ...info("me"), quality: room.quality });
    expect([...room.self.tracks.keys()]).toEqual(["microphone"]);
    const { self } = room;
    const bob = room.peers.get("bob");
    expect(self.publications.get("microphone")).toEqual({
      ...bob?.publications.get("microphone"),
      producerId: "of-me",
    });
  });
});

describe("a moderator", () => {
  it("sees what they hold muted, also of a peer that had muted itself before", async () => {
    await withOthers();
    const publication = () => room.peers.get("bob")?.publications.get("microphone");
    const told = async (event: RoomEvent) => {
      const changed = scripted.nextEvent("publication.changed");
      scripted.socket.tell(event);
      expect((await changed).publication).toBe(publication());
    };
    await told({ name: "producer.paused", data: { producerId: "of-bob", muted: false } });
    expect(publication()).toMatchObject({ isMuted: true, isMutedByModerator: false });
    await told({ name: "producer.paused", data: { producerId: "of-bob", muted: true } });
    expect(publication()).toMatchObject({ isMuted: true, isMutedByModerator: true });
    await told({ name: "producer.resumed", data: { producerId: "of-bob" } });
    expect(publication()).toMatchObject({ isMuted: false, isMutedByModerator: false });
  });

  it("removes a peer with a ban, as by the API, unless told otherwise", async () => {
    scripted.signaling.answers.set("peer.remove", () => ({}));
    await room.removePeer("bob");
    expect(await scripted.told("peer.remove")).toEqual({ peerId: "bob" });
    await room.removePeer("bob", { ban: false, reason: "a break" });
    expect(await scripted.told("peer.remove")).toEqual({ peerId: "bob", ban: false, reason: "a break" });
  });
});

it("a browser that goes offline asks signaling for a sign of life at once", async () => {
  window.dispatchEvent(new Event("offline"));
  await scripted.signaling.next("ping");
});
