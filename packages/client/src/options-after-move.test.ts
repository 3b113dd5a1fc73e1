import type { Grants, RoomEvent } from "@fairlead/protocol";
import { EVERY_SOURCE } from "@fairlead/protocol";
import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import { FakeHandler, testFakeParameters, type types } from "mediasoup-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JoinOptions, PublishOptions } from "./api/options.ts";
import { newElement, TrackList } from "./testing/media-elements.ts";
import { ScriptedDevices } from "./testing/scripted-devices.ts";
import { ScriptedRoom } from "./testing/scripted-room.ts";

const grants: Grants = { publish: [...EVERY_SOURCE], subscribe: true, data: true, moderate: false };
/** Takes milliseconds; provides for a machine that is busy with other tests. */
const PATIENTLY = { timeout: 10_000 };

let scripted: ScriptedRoom;
let devices: ScriptedDevices;

beforeEach(() => {
  devices = new ScriptedDevices();
  devices.answers = (request) => request.allow();
  for (const [name, value] of Object.entries(devices.globals)) vi.stubGlobal(name, value);
});
afterEach(async () => {
  await scripted.close();
  vi.unstubAllGlobals();
});

async function join(options: Partial<JoinOptions> = {}): Promise<void> {
  scripted = await ScriptedRoom.join(grants, options);
}

const video = () => new FakeMediaStreamTrack({ kind: "video" }) as unknown as MediaStreamTrack;

/** What the next `producer.create` says, without what each producer has of its own. */
async function produced() {
  const { rtpParameters, ...rest } = (await scripted.told("producer.create")) as {
    rtpParameters: types.RtpParameters;
  };
  const encodings = rtpParameters.encodings?.map(({ ssrc, rtx, ...encoding }) => encoding);
  return { ...rest, codec: rtpParameters.codecs[0]?.mimeType, encodings };
}

describe("an option of publishing holds after a move:", () => {
  it.each<[PublishOptions, object]>([
    [{ simulcast: false }, { codec: "video/VP8", encodings: [{ maxBitrate: 1_700_000 }] }],
    [{ codec: "vp9" }, { codec: "video/VP9", encodings: [{ scalabilityMode: "L3T3_KEY" }] }],
    [
      { encodings: [{ maxBitrate: 77_000 }, { maxBitrate: 99_000 }] },
      { encodings: [{ maxBitrate: 77_000 }, { maxBitrate: 99_000 }] },
    ],
    [{ muted: true }, { paused: true }],
  ])("%o", async (options, expected) => {
    await join();
    await scripted.room.publishTrack(video(), "camera", options);
    const before = await produced();
    expect(before).toMatchObject(expected);
    await scripted.move();
    expect(await produced()).toEqual(before);
  });

  it("stopTrack", async () => {
    await join();
    const [given, kept] = [video(), video()];
    await scripted.room.publishTrack(given, "camera", { stopTrack: true });
    await scripted.room.publishTrack(kept, "screen");
    await scripted.move();
    await Promise.all([scripted.room.unpublish("camera"), scripted.room.unpublish("screen")]);
    expect([given.readyState, kept.readyState]).toEqual(["ended", "live"]);
  });

  it("deviceId, constraints and stopOnMute", async () => {
    await join();
    const options = { deviceId: "front", constraints: { width: 320 } };
    const camera = await scripted.room.publishCamera(options);
    const microphone = await scripted.room.publishMicrophone({ stopOnMute: false });
    await scripted.move();
    await Promise.all([camera.mute(), microphone.mute()]);
    expect(devices.live.map(({ kind }) => kind).sort()).toEqual(["audio", "video"]);
    await camera.unmute();
    const [first, , again] = devices.asked;
    expect(again?.constraints).toEqual(first?.constraints);
    expect(again?.constraints.video).toMatchObject({ deviceId: { exact: "front" }, width: 320 });
  });

  it("the device that was switched to", async () => {
    await join();
    const camera = await scripted.room.publishCamera({ deviceId: "front" });
    await camera.switchDevice("back");
    await camera.mute();
    await scripted.move();
    await camera.unmute();
    expect(devices.asked.at(-1)?.deviceId).toBe("back");
  });
});

describe("an option of the join holds after a move:", () => {
  it.each(["relay", "all"] as const)("iceTransportPolicy %s, and the device's handler", async (policy) => {
    const handlerFactory = FakeHandler.createFactory(testFakeParameters);
    const made = vi.spyOn(handlerFactory, "factory");
    await join({ iceTransportPolicy: policy, device: { handlerFactory } });
    await scripted.move();
    expect(made.mock.calls.map(([options]) => options.iceTransportPolicy)).toEqual(Array(4).fill(policy));
  });

  it("autoSubscribe", async () => {
    await join({ autoSubscribe: false });
    await scripted.move();
    const joins = scripted.signaling.frames.filter(({ type }) => type === "join");
    expect(joins).toMatchObject([{ autoSubscribe: false }, { autoSubscribe: false }]);
  });

  it("reconnect and transport", async () => {
    const nextDelayMs = vi.fn(() => 10);
    await join({ reconnect: { giveUpAfterMs: 100, nextDelayMs }, transport: "websocket" });
    await scripted.move();
    const ended = scripted.nextEvent("room.ended");
    scripted.socket.cut();
    const { socket } = await scripted.signaling.next("resume");
    expect(nextDelayMs).toHaveBeenCalledOnce();
    expect(scripted.room.signalingTransport).toBe("websocket");
    socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    await expect.poll(() => scripted.room.connectionState, PATIENTLY).toBe("connected");
    await scripted.signaling.close();
    expect((await ended).code).toBe("signaling_unreachable");
  });

  it.each([
    ["pauseInvisibleVideo", {}, []],
    ["pauseInvisibleVideo: false", { pauseInvisibleVideo: false }, ["c2"]],
  ])("%s", async (_, options, resumedUnseen) => {
    const report = stubVisibility();
    await join(options);
    scripted.signaling.answers.set("consumers.pause", () => ({}));
    const subscribed = scripted.nextEvent("track.subscribed");
    scripted.socket.snapshot(...annsCamera(1));
    const { track } = await subscribed;
    track.attach(newElement());
    report(false);
    await scripted.startMove();
    await scripted.endMove(...annsCamera(2));
    const resumed = () =>
      scripted.signaling.frames.flatMap((frame) =>
        frame.type === "command" && frame.name === "consumers.resume"
          ? (frame.data as { consumerIds: string[] }).consumerIds
          : [],
      );
    await expect.poll(() => track.producerId, PATIENTLY).toBe("camera-2");
    await new Promise(setImmediate);
    expect(resumed().filter((id) => id === "c2")).toEqual(resumedUnseen);
    report(true);
    await expect.poll(resumed, PATIENTLY).toContain("c2");
  });
});

/** @returns A function that tells the SDK whether its elements are in sight. */
function stubVisibility(): (isIntersecting: boolean) => void {
  const watched: Element[] = [];
  let tell: IntersectionObserverCallback = () => {};
  vi.stubGlobal("MediaStream", TrackList);
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe = (element: Element) => void watched.push(element);
      unobserve = () => {};
      disconnect = () => {};
      constructor(callback: IntersectionObserverCallback) {
        tell = callback;
      }
    },
  );
  return (isIntersecting) => {
    const entries = watched.map((target) => ({ target, isIntersecting }) as IntersectionObserverEntry);
    tell(entries, null as never);
  };
}

function annsCamera(session: number): RoomEvent[] {
  const [producerId, consumerId] = [`camera-${session}`, `c${session}`];
  const common = { producerId, peerId: "ann", kind: "video", source: "camera" } as const;
  const { rtpParameters } = testFakeParameters.generateConsumerRemoteParameters({
    id: consumerId,
    codecMimeType: "video/VP8",
  });
  const consumer = {
    ...common,
    consumerId,
    producerPaused: false,
    rtpParameters: structuredClone(rtpParameters),
  };
  const ann = { peerId: "ann", identity: "ann", name: "Ann", metadata: "", joinedAtMs: 0 };
  return [
    { name: "peers.joined", data: { peers: [ann] } },
    { name: "producers.created", data: { producers: [{ ...common, paused: false, muted: false }] } },
    { name: "consumers.created", data: { consumers: [consumer as never] } },
  ];
}
