import type { RoomEvent, Source } from "@fairlead/protocol";
import { testFakeParameters } from "mediasoup-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Room } from "../api/room.ts";
import type { RemoteTrack } from "../api/tracks.ts";
import { ScriptedRoom } from "../testing/scripted-room.ts";
import type { ScriptedSocket } from "../testing/scripted-signaling.ts";
import { WISH_LIMIT, Wishes } from "./wishes.ts";

let scripted: ScriptedRoom;
let room: Room;
let socket: ScriptedSocket;

beforeEach(async () => {
  ({ room, socket } = scripted = await ScriptedRoom.join());
  const names = [
    "producers.subscribe",
    "producers.unsubscribe",
    "consumer.set_preferred_layers",
    "consumers.pause",
  ];
  for (const name of names) scripted.signaling.answers.set(name, () => ({}));
});
afterEach(() => scripted.close());

const told = (name: string) => scripted.told(name);

const peersJoined = (peerId: string): RoomEvent => ({
  name: "peers.joined",
  data: { peers: [{ peerId, identity: "ann", name: "Ann", metadata: "", joinedAtMs: 0 }] },
});
const produced = (producerId: string, peerId: string, source: Source = "camera"): RoomEvent => ({
  name: "producers.created",
  data: {
    producers: [
      {
        producerId,
        peerId,
        source,
        kind: source === "camera" ? "video" : "audio",
        paused: false,
        muted: false,
      },
    ],
  },
});
const consumed = (consumerId: string, producerId: string, peerId: string): RoomEvent => {
  const { rtpParameters } = testFakeParameters.generateConsumerRemoteParameters({
    id: consumerId,
    codecMimeType: "video/VP8",
  });
  const consumer = {
    consumerId,
    producerId,
    peerId,
    kind: "video",
    source: "camera",
    rtpParameters: structuredClone(rtpParameters) as never,
    producerPaused: false,
  } as const;
  return { name: "consumers.created", data: { consumers: [consumer] } };
};

/** Ann's camera is there, and subscribed. */
async function annsCamera(): Promise<RemoteTrack> {
  const subscribed = scripted.nextEvent("track.subscribed");
  socket.snapshot(peersJoined("p1"), produced("camera-1", "p1"), consumed("c1", "camera-1", "p1"));
  return (await subscribed).track;
}

const CAMERA_MOVED = [peersJoined("p2"), produced("camera-2", "p2")];
const CAMERA_CONSUMED = [...CAMERA_MOVED, consumed("c2", "camera-2", "p2")];

describe("a choice of the app's outlives a move:", () => {
  it("setPreferredLayers", async () => {
    const track = await annsCamera();
    await track.setPreferredLayers(0, 1);
    expect(await told("consumer.set_preferred_layers")).toMatchObject({ consumerId: "c1" });
    await scripted.startMove();
    await scripted.endMove(...CAMERA_CONSUMED);
    expect(await told("consumer.set_preferred_layers")).toEqual({
      consumerId: "c2",
      spatialLayer: 0,
      temporalLayer: 1,
    });
  });

  it("setPreferredLayers of a track that a move has just taken", async () => {
    const track = await annsCamera();
    await scripted.startMove();
    await track.setPreferredLayers(1);
    await scripted.endMove(...CAMERA_CONSUMED);
    expect(await told("consumer.set_preferred_layers")).toMatchObject({ consumerId: "c2", spatialLayer: 1 });
  });

  it("setVisible(false)", async () => {
    const track = await annsCamera();
    expect(await told("consumers.resume")).toEqual({ consumerIds: ["c1"] });
    track.setVisible(false);
    await scripted.startMove();
    await scripted.endMove(...CAMERA_CONSUMED);
    track.setVisible(true);
    // The first resume of the new consumer comes with this call, and not before it.
    expect(await told("consumers.resume")).toEqual({ consumerIds: ["c2"] });
    expect(scripted.count("consumers.resume")).toBe(2);
  });

  it("unsubscribe", async () => {
    await annsCamera();
    const unsubscribed = scripted.nextEvent("track.unsubscribed");
    await room.unsubscribe(["camera-1"]);
    socket.tell({ name: "consumer.closed", data: { consumerId: "c1" } });
    await unsubscribed;
    await told("producers.unsubscribe");
    await scripted.startMove();
    const subscribed: unknown[] = [];
    room.on("track.subscribed", (event) => subscribed.push(event));
    await scripted.endMove(...CAMERA_CONSUMED);
    expect(await told("producers.unsubscribe")).toEqual({ producerIds: ["camera-2"] });
    expect(subscribed).toEqual([]);
  });

  it("subscribe, with autoSubscribe: false", async () => {
    const known = scripted.nextEvent("track.published");
    socket.snapshot(
      peersJoined("p1"),
      produced("camera-1", "p1"),
      produced("microphone-1", "p1", "microphone"),
    );
    await known;
    await room.subscribe(["camera-1", "microphone-1"]);
    await told("producers.subscribe");
    await scripted.startMove();
    await scripted.endMove(...CAMERA_MOVED, produced("microphone-2", "p2", "microphone"));
    expect(await told("producers.subscribe")).toEqual({ producerIds: ["camera-2", "microphone-2"] });
  });

  it("subscribe and unsubscribe in the middle of it", async () => {
    await annsCamera();
    await scripted.startMove();
    await room.unsubscribe(["camera-1"]);
    await scripted.endMove(...CAMERA_MOVED);
    expect(await told("producers.unsubscribe")).toEqual({ producerIds: ["camera-2"] });
    await scripted.startMove();
    await room.subscribe(["camera-2"]);
    await scripted.endMove(peersJoined("p3"), produced("camera-3", "p3"));
    expect(await told("producers.subscribe")).toEqual({ producerIds: ["camera-3"] });
  });
});

describe("a source that the app has unsubscribed", () => {
  it("stays so when it is published again, until the app subscribes to it", async () => {
    await annsCamera();
    await room.unsubscribe(["camera-1"]);
    await told("producers.unsubscribe");
    const subscribed: unknown[] = [];
    room.on("track.subscribed", (event) => subscribed.push(event));
    socket.tell(
      { name: "consumer.closed", data: { consumerId: "c1" } },
      { name: "producer.closed", data: { producerId: "camera-1" } },
      produced("camera-2", "p1"),
      consumed("c2", "camera-2", "p1"),
    );
    expect(await told("producers.unsubscribe")).toEqual({ producerIds: ["camera-2"] });
    expect(subscribed).toEqual([]);
    socket.tell({ name: "consumer.closed", data: { consumerId: "c2" } });
    const back = scripted.nextEvent("track.subscribed");
    await room.subscribe(["camera-2"]);
    socket.tell(consumed("c3", "camera-2", "p1"));
    expect((await back).track.source).toBe("camera");
  });

  it("of another identity is not meant", async () => {
    await annsCamera();
    await room.unsubscribe(["camera-1"]);
    const subscribed = scripted.nextEvent("track.subscribed");
    const bob = { peerId: "b", identity: "bob", name: "", metadata: "", joinedAtMs: 0 };
    socket.tell(
      { name: "peers.joined", data: { peers: [bob] } },
      produced("camera-of-bob", "b"),
      consumed("c4", "camera-of-bob", "b"),
    );
    expect((await subscribed).peer.identity).toBe("bob");
  });
});

describe("preferred layers that the node refuses", () => {
  it("are forgotten", async () => {
    const track = await annsCamera();
    scripted.signaling.answers.delete("consumer.set_preferred_layers");
    const setting = track.setPreferredLayers(7);
    const { frame } = await scripted.signaling.next("command", "consumer.set_preferred_layers");
    socket.send({
      type: "reply",
      id: frame.id,
      ok: false,
      error: { code: "invalid_request", message: "no" },
    });
    await expect(setting).rejects.toMatchObject({ code: "invalid_request" });
    await scripted.startMove();
    await scripted.endMove(...CAMERA_CONSUMED);
    expect(await told("consumers.resume")).toEqual({ consumerIds: ["c1"] });
    expect(await told("consumers.resume")).toEqual({ consumerIds: ["c2"] });
    expect(scripted.count("consumer.set_preferred_layers")).toBe(1);
  });
});

describe("Wishes", () => {
  it("remember the newest thousand", () => {
    const wishes = new Wishes();
    for (let n = 0; n <= WISH_LIMIT; n += 1) wishes.change(`user-${n}`, "camera", { isSubscribed: false });
    expect(wishes.of("user-0", "camera")).toEqual({});
    expect(wishes.of("user-1", "camera")).toEqual({ isSubscribed: false });
    wishes.change("user-1", "camera", { isVisible: true });
    wishes.change("another", "camera", { isVisible: true });
    expect(wishes.of("user-1", "camera")).toEqual({ isSubscribed: false, isVisible: true });
    expect(wishes.of("user-2", "camera")).toEqual({});
  });

  it("that are taken back leave nothing", () => {
    const wishes = new Wishes();
    wishes.change("ann", "camera", { isVisible: false });
    wishes.change("ann", "camera", { isVisible: undefined });
    expect(wishes.of("ann", "camera")).toEqual({});
  });
});
