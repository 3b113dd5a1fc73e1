import type { BroadcastInfo, Grants, ProducerInfo, RoomEvent } from "@fairlead/protocol";
import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import { FakeHandler, testFakeParameters } from "mediasoup-client";
import { afterEach, describe, expect, it } from "vitest";
import type { RoomEvents } from "./api/events.ts";
import { joinRoom } from "./join-room.ts";
import { ScriptedRoom } from "./testing/scripted-room.ts";
import { ScriptedSignaling } from "./testing/scripted-signaling.ts";

const WATCH: Grants = { publish: [], subscribe: true, data: false, moderate: false };
const CREATED: BroadcastInfo = {
  title: "Launch",
  state: "created",
  startsAtMs: null,
  startedAtMs: null,
  interruptedAtMs: null,
  endedAtMs: null,
};
const LIVE: BroadcastInfo = { ...CREATED, state: "live", startedAtMs: 5 };
const told = (broadcast: BroadcastInfo): RoomEvent => ({ name: "broadcast.changed", data: broadcast });
const counted = (viewers: number): RoomEvent => ({ name: "viewers.counted", data: { viewers } });
const device = { handlerFactory: FakeHandler.createFactory(testFakeParameters) };

let scripted: ScriptedRoom | undefined;
afterEach(async () => {
  await scripted?.close();
  scripted = undefined;
});

/** @returns All that the app hears of the broadcast from now on. */
async function watch(isViewer = true) {
  scripted = await ScriptedRoom.join(WATCH, {}, { isViewer });
  const { room, socket } = scripted;
  const heard: string[] = [];
  room.on("broadcast.changed", ({ broadcast }) => void heard.push(broadcast.state));
  room.on("viewers.counted", ({ viewers }) => void heard.push(`${viewers}`));
  const next = (name: keyof RoomEvents, ...events: RoomEvent[]) => {
    const event = scripted?.nextEvent(name);
    socket.tell(...events);
    return event;
  };
  return { scripted, room, socket, heard, next };
}

describe("a viewer", () => {
  it("joins with one transport, and hears the state and the count, each as a property first", async () => {
    const { room, heard, next } = await watch();
    expect(room).toMatchObject({ isViewer: true, broadcast: null, viewerCount: null });
    room.on("broadcast.changed", ({ broadcast }) => expect(room.broadcast).toBe(broadcast));
    await next("viewers.counted", told(CREATED), counted(3));
    expect(room).toMatchObject({ broadcast: CREATED, viewerCount: 3 });
    await next("broadcast.changed", told(LIVE));
    expect(room.broadcast).toEqual(LIVE);
    expect(heard).toEqual(["created", "3", "live"]);
    expect((await room.getStats()).send.size).toBe(0);
  });

  it("can publish and send nothing: `grant_missing`, also where a node granted it something", async () => {
    const { room } = await watch();
    const track = new FakeMediaStreamTrack({ kind: "audio" });
    const refused = { code: "grant_missing" };
    await expect(room.publishMicrophone()).rejects.toMatchObject(refused);
    await expect(room.publishTrack(track, "microphone")).rejects.toMatchObject(refused);
    await expect(room.sendData("x")).rejects.toMatchObject(refused);
    await scripted?.close();
    const grants: Grants = { ...WATCH, publish: ["microphone"], data: true };
    scripted = await ScriptedRoom.join(grants, {}, { isViewer: true });
    await expect(scripted.room.publishTrack(track, "microphone")).rejects.toMatchObject(refused);
    await expect(scripted.room.sendData("x")).rejects.toMatchObject(refused);
    expect(track.readyState).toBe("live");
  });

  it("follows a move, after which it hears what is new and nothing twice", async () => {
    const { scripted, room, heard, next } = await watch();
    await next("viewers.counted", told(LIVE), counted(3));
    await scripted.startMove();
    await scripted.endMove(told(LIVE), counted(4));
    await expect.poll(() => room.viewerCount).toBe(4);
    await scripted.startMove();
    await scripted.endMove();
    await next("viewers.counted", counted(5));
    expect(heard).toEqual(["live", "3", "4", "5"]);
    expect(room).toMatchObject({ isViewer: true, broadcast: LIVE, viewerCount: 5 });
  });

  it("is in a room that ends with its broadcast, and does not come back", async () => {
    const { scripted, room, socket, next } = await watch();
    await next("broadcast.changed", told({ ...LIVE, state: "ended", endedAtMs: 9 }));
    const ended = scripted.nextEvent("room.ended");
    socket.refuse("broadcast_ended");
    expect(await ended).toMatchObject({ code: "broadcast_ended" });
    expect(room.connectionState).toBe("closed");
    expect(room.broadcast?.state).toBe("ended");
    await socket.closed;
    const opened = scripted.signaling.frames.filter(({ type }) => type === "join" || type === "resume");
    expect(opened).toHaveLength(1);
  });
});

it("a peer of a broadcast's room hears the same, and is no viewer", async () => {
  const { room, heard, next } = await watch(false);
  await next("viewers.counted", told(LIVE), counted(7));
  expect(room.isViewer).toBe(false);
  expect(heard).toEqual(["live", "7"]);
});

it("a track says how many sizes of its picture there are", async () => {
  const { scripted, socket } = await watch();
  const ids = { consumerId: "c", producerId: "p", peerId: "studio" };
  const producer: ProducerInfo = {
    ...{ producerId: "p", peerId: "studio", source: "camera", kind: "video" },
    ...{ paused: false, muted: false },
  };
  const { rtpParameters } = testFakeParameters.generateConsumerRemoteParameters({
    id: "c",
    codecMimeType: "video/VP8",
  });
  const encodings = rtpParameters.encodings?.map((encoding) => ({ ...encoding, scalabilityMode: "L3T1" }));
  const consumer = { ...ids, kind: "video", source: "camera", producerPaused: false } as const;
  const subscribed = scripted.nextEvent("track.subscribed");
  socket.tell(
    {
      name: "peers.joined",
      data: {
        peers: [{ peerId: "studio", identity: "studio", name: "", metadata: "", joinedAtMs: 0 }],
      },
    },
    { name: "producers.created", data: { producers: [producer] } },
    {
      name: "consumers.created",
      data: { consumers: [{ ...consumer, rtpParameters: { ...rtpParameters, encodings } as never }] },
    },
  );
  expect((await subscribed).track.spatialLayers).toBe(3);
});

it.each(["viewer_limit", "hook_refused", "broadcast_not_found", "broadcast_ended"] as const)(
  "a first join that is refused with %s rejects with it at once",
  async (code) => {
    const signaling = await ScriptedSignaling.start();
    const joining = joinRoom({ url: signaling.url, ticket: "ticket-of-the-test", device });
    joining.catch(() => {});
    const { socket } = await signaling.next("join");
    socket.refuse(code);
    await expect(joining).rejects.toMatchObject({ name: "FairleadError", code });
    await signaling.close();
  },
);
