import type { PeerInfo, ProducerInfo, RoomEvent } from "@fairlead/protocol";
import { FakeHandler, testFakeParameters } from "mediasoup-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvents } from "./api/events.ts";
import type { Room } from "./api/room.ts";
import { forgetCapabilities } from "./connection/capabilities-cache.ts";
import { joinRoom } from "./join-room.ts";
import { ScriptedSignaling, type ScriptedSocket } from "./testing/scripted-signaling.ts";

const device = { handlerFactory: FakeHandler.createFactory(testFakeParameters) };
const OTHERS = ["ann", "bob", "cleo"];
const DEATHS = 8;
/** Takes milliseconds; provides for a machine that is busy with other tests. */
const PATIENTLY = { timeout: 10_000 };
/** All that an app can hear of peers and tracks. */
const NAMES = [
  "peer.joined",
  "peer.left",
  "track.published",
  "track.unpublished",
  "track.subscribed",
  "track.unsubscribed",
  "track.muted",
  "track.unmuted",
  "room.moved",
  "room.ended",
] as const satisfies (keyof RoomEvents)[];

let signaling: ScriptedSignaling;
let room: Room;

beforeEach(async () => {
  forgetCapabilities();
  signaling = await ScriptedSignaling.start();
});
afterEach(async () => {
  await room.leave();
  await signaling.close();
});

const infoOf = (identity: string, peerId: string): PeerInfo => ({
  peerId,
  identity,
  name: identity,
  metadata: "",
  joinedAtMs: OTHERS.indexOf(identity),
});
const joined = (...peers: PeerInfo[]): RoomEvent => ({ name: "peers.joined", data: { peers } });

/** A microphone of the peer's, and this session's consumer of it. */
function media(peerId: string, epoch: number): RoomEvent[] {
  const producerId = `m-${peerId}-${epoch}`;
  const consumerId = `c-${peerId}-${epoch}`;
  const common = { producerId, peerId, kind: "audio", source: "microphone" } as const;
  const producer: ProducerInfo = { ...common, paused: false, muted: false };
  const codecMimeType = "audio/opus";
  const { rtpParameters } = testFakeParameters.generateConsumerRemoteParameters({
    id: consumerId,
    codecMimeType,
  });
  const consumer = {
    ...common,
    consumerId,
    producerPaused: false,
    rtpParameters: structuredClone(rtpParameters) as never,
  };
  return [
    { name: "producers.created", data: { producers: [producer] } },
    { name: "consumers.created", data: { consumers: [consumer] } },
  ];
}

/** A node that keeps peer ids over a move, and an older one that does not. */
const NODES = {
  "that keeps peer ids": (identity: string) => identity,
  "that makes new peer ids": (identity: string, epoch: number) => `${identity}-${epoch}`,
};

async function enter(idOf: (identity: string, epoch: number) => string): Promise<ScriptedSocket> {
  const joining = joinRoom({ url: signaling.url, ticket: "ticket-of-the-test", device });
  const { socket } = await signaling.next("join");
  socket.accept();
  room = await joining;
  const peers = OTHERS.map((identity) => infoOf(identity, idOf(identity, 1)));
  socket.snapshot(joined(...peers), ...peers.flatMap(({ peerId }) => media(peerId, 1)));
  const consumers = () => [...room.peers.values()].filter(({ tracks }) => tracks.size > 0);
  await expect.poll(() => consumers().length, PATIENTLY).toBe(OTHERS.length);
  return socket;
}

describe.each(Object.entries(NODES))(
  "a worker dies eight times under a room of four, on a node %s",
  (_, idOf) => {
    it.each([
      ["tells the snapshot first", false],
      ["tells of others before the snapshot, as older ones do", true],
    ])("and %s: apps see room.moved and nothing else; objects stay", async (_case, isEarly) => {
      const socket = await enter(idOf);
      const objects = () => new Map([...room.peers.values()].map((peer) => [peer.identity, peer]));
      const tracks = () =>
        [...room.peers.values()].map(({ identity, tracks }) => [identity, tracks.get("microphone")]);
      const [peersBefore, tracksBefore] = [objects(), new Map(tracks() as [string, unknown][])];
      const seen: string[] = [];
      for (const name of NAMES) room.on(name, () => void seen.push(name));

      for (let epoch = 2; epoch <= DEATHS + 1; epoch += 1) {
        const infos = OTHERS.map((identity) => infoOf(identity, idOf(identity, epoch)));
        // Some are back before us, one comes later.
        const [first, second, last] = epoch % 2 ? infos : infos.toReversed();
        if (!first || !second || !last) throw new Error("three others");
        socket.send({ type: "moved", roomId: "room", epoch });
        const { frame } = await signaling.next("join");
        expect(frame.previousSession).toBe(`session-ticket-of-epoch-${epoch - 1}`);
        socket.accept({ epoch });
        if (isEarly) socket.tell(joined(second));
        socket.snapshot(joined(first, second), ...media(first.peerId, epoch));
        socket.tell(...media(second.peerId, epoch), joined(last), ...media(last.peerId, epoch));
        const producers = () =>
          [...room.peers.values()].map(({ tracks }) => tracks.get("microphone")?.producerId);
        await expect
          .poll(() => new Set(producers()), PATIENTLY)
          .toEqual(new Set(infos.map(({ peerId }) => `m-${peerId}-${epoch}`)));
      }

      expect(seen).toEqual(Array(DEATHS).fill("room.moved"));
      expect(objects()).toEqual(peersBefore);
      for (const [identity, peer] of objects()) expect(peer).toBe(peersBefore.get(identity));
      for (const [identity, track] of tracks() as [string, unknown][])
        expect(track).toBe(tracksBefore.get(identity));
      expect([...room.peers.keys()].sort()).toEqual(
        OTHERS.map((identity) => idOf(identity, DEATHS + 1)).sort(),
      );
    });
  },
);

it("quality is graded anew after a move: a peer that was lost, and one's own", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const socket = await enter((identity) => identity);
  const ann = room.peers.get("ann");
  for (const graded of [room, ann]) Object.assign(graded ?? {}, { quality: "lost" });
  const changes: unknown[] = [];
  room.on("quality.changed", (change) => void changes.push(change));
  const moved = new Promise((resolve) => room.on("room.moved", resolve));
  socket.send({ type: "moved", roomId: "room", epoch: 2 });
  await signaling.next("join");
  socket.accept({ epoch: 2 });
  socket.snapshot(joined(infoOf("ann", "ann")));
  await moved;
  vi.advanceTimersByTime(2_500);
  await expect
    .poll(() => changes, PATIENTLY)
    .toEqual([
      { peerId: "me", quality: "unknown" },
      { peerId: "ann", quality: "unknown" },
    ]);
  expect([room.quality, ann?.quality]).toEqual(["unknown", "unknown"]);
  vi.useRealTimers();
});

describe("a peer that comes back under its id", () => {
  it("is the same object, with what it says of itself now, and no event", async () => {
    const socket = await enter((identity) => identity);
    const ann = room.peers.get("ann");
    const seen: string[] = [];
    for (const name of NAMES) room.on(name, () => void seen.push(name));
    socket.tell(joined({ ...infoOf("ann", "ann"), name: "Ann B.", metadata: "host" }));
    await expect.poll(() => room.peers.get("ann")?.name, PATIENTLY).toBe("Ann B.");
    expect(room.peers.get("ann")).toBe(ann);
    expect(ann?.metadata).toBe("host");
    expect(seen).toEqual([]);
  });
});
