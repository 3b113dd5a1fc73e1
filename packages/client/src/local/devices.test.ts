import { EVERY_SOURCE, type Grants } from "@fairlead/protocol";
import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Room } from "../api/room.ts";
import type { LocalTrack } from "../api/tracks.ts";
import { ScriptedDevices } from "../testing/scripted-devices.ts";
import { ScriptedRoom } from "../testing/scripted-room.ts";
import type { ScriptedSignaling, ScriptedSocket } from "../testing/scripted-signaling.ts";

const grants: Grants = { publish: [...EVERY_SOURCE], subscribe: true, data: false, moderate: false };

let devices: ScriptedDevices;
let scripted: ScriptedRoom;
let room: Room;
let socket: ScriptedSocket;
let signaling: ScriptedSignaling;

beforeEach(async () => {
  devices = new ScriptedDevices();
  for (const [name, value] of Object.entries(devices.globals)) vi.stubGlobal(name, value);
  ({ room, socket, signaling } = scripted = await ScriptedRoom.join(grants));
});
afterEach(async () => {
  await scripted.close();
  vi.unstubAllGlobals();
});

const allow = () => {
  devices.answers = (request) => request.allow();
};
const ask = () => {
  devices.answers = undefined;
};

async function publishedCamera(): Promise<LocalTrack> {
  allow();
  const camera = await room.publishCamera();
  ask();
  return camera;
}

/** How `promise` ends; a call that an end overtook may do either, but it may not hang. */
const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    () => "refused",
  );

/** The data of the next `producer.create`. */
const created = () => scripted.told("producer.create");

describe("the user's last choice", () => {
  it("of two devices wins, and the other one is closed", async () => {
    const camera = await publishedCamera();
    const switches = [camera.switchDevice("back"), camera.switchDevice("front")];
    devices.asked[1]?.allow();
    (await devices.request(2)).allow();
    await Promise.all(switches);
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
    expect(devices.asked.map(({ deviceId }) => deviceId)).toEqual([undefined, "back", "front"]);
    expect(camera.mediaStreamTrack.getSettings().deviceId).toBe("front");
  });

  it("to mute wins over the unmute that still opens the device", async () => {
    const camera = await publishedCamera();
    await camera.mute();
    const unmuting = camera.unmute();
    await camera.mute();
    devices.asked[1]?.allow();
    await unmuting;
    expect(camera.isMuted).toBe(true);
    expect(devices.live).toEqual(devices.standIns.slice(-1));
  });

  it("to mute wins over the switch that still opens the device, and the unmute opens the device chosen last", async () => {
    const camera = await publishedCamera();
    const switching = camera.switchDevice("back");
    await camera.mute();
    devices.asked[1]?.allow();
    await switching;
    expect(devices.live).toEqual(devices.standIns);
    allow();
    await camera.unmute();
    expect(devices.asked.at(-1)?.deviceId).toBe("back");
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
  });

  it("to unpublish wins over the publishing that still opens the device", async () => {
    const publishing = room.publishCamera();
    await room.unpublish("camera");
    await expect(publishing).rejects.toMatchObject({ code: "producer_not_found" });
    devices.asked[0]?.allow();
    await expect.poll(() => devices.live).toEqual([]);
    expect(room.local.size).toBe(0);
  });

  it("to publish again wins over the unpublish, and the node is not asked for two at once", async () => {
    signaling.answers.delete("producer.create");
    allow();
    const first = settled(room.publishCamera());
    const { frame } = await signaling.next("command", "producer.create");
    await room.unpublish("camera");
    const second = room.publishCamera();
    const commands = () => signaling.frames.flatMap((f) => (f.type === "command" ? [f.name] : []));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(commands().filter((name) => name === "producer.create")).toHaveLength(1);
    signaling.answers.set("producer.create", () => ({ producerId: "second" }));
    socket.send({ type: "reply", id: frame.id, ok: true, data: { producerId: "first" } });
    await second;
    expect(await first).toBe("refused");
    expect(commands().filter((name) => /producer\.(create|close)/.test(name))).toEqual([
      "producer.create",
      "producer.close",
      "producer.create",
    ]);
    expect(devices.live).toEqual([room.local.get("camera")?.mediaStreamTrack]);
  });
});

describe("publishing twice at once", () => {
  it("asks for the device once, and both calls get the same track", async () => {
    const both = [
      room.publishCamera({ constraints: { width: 320 } }),
      room.publishCamera({ constraints: { width: 320 } }),
    ];
    await expect(room.publishCamera({ constraints: { width: 640 } })).rejects.toMatchObject({
      code: "producer_limit",
    });
    expect(devices.asked).toHaveLength(1);
    devices.asked[0]?.allow();
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    await expect(room.publishCamera()).rejects.toMatchObject({ code: "producer_limit" });
    expect(devices.asked).toHaveLength(1);
  });

  it("opens one picker for a screen, and refuses another wish before it opens", async () => {
    const both = [room.publishScreen(), room.publishScreen()];
    await expect(room.publishScreen({ audio: false })).rejects.toMatchObject({ code: "producer_limit" });
    expect(devices.asked).toHaveLength(1);
    devices.asked[0]?.allow();
    await Promise.all(both);
    await expect(room.publishScreen()).rejects.toMatchObject({ code: "producer_limit" });
    expect(devices.asked).toHaveLength(1);
    expect([...room.local.keys()]).toEqual(["screen", "screen_audio"]);
    expect(devices.live).toHaveLength(2);
  });

  it("opens no device after the end", async () => {
    await room.leave();
    await expect(room.publishCamera()).rejects.toMatchObject({ code: "session_left" });
    await expect(room.publishScreen()).rejects.toMatchObject({ code: "session_left" });
    expect(devices.asked).toEqual([]);
  });
});

describe("a muted camera", () => {
  it("is closed, stands by a black track of its size, and opens again on unmute", async () => {
    const camera = await publishedCamera();
    const [opened] = devices.opened;
    await camera.mute();
    expect(opened?.readyState).toBe("ended");
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
    expect(camera.mediaStreamTrack.getSettings()).toMatchObject({ width: 640, height: 480 });
    const unmuting = camera.unmute();
    expect(camera.isMuted).toBe(true);
    // The same camera, if it is still there.
    expect(devices.asked[1]?.deviceId).toBe("default");
    devices.asked[1]?.allow();
    await unmuting;
    expect(camera.isMuted).toBe(false);
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
    expect(camera.mediaStreamTrack.enabled).toBe(true);
  });

  it("asks for no device when it is published, and survives a move", async () => {
    const camera = await room.publishCamera({
      muted: true,
      constraints: { width: 320, height: { ideal: 180 } },
    });
    expect(await created()).toMatchObject({ source: "camera", paused: true });
    expect(camera.mediaStreamTrack.getSettings()).toMatchObject({ width: 320, height: 180 });
    await scripted.move();
    expect(await created()).toMatchObject({ source: "camera", paused: true });
    expect(room.local.get("camera")).toBe(camera);
    expect([camera.isMuted, devices.asked.length]).toEqual([true, 0]);
    allow();
    await camera.unmute();
    await signaling.next("command", "producer.resume");
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
  });

  it("asks for no device where a moderator has muted it before", async () => {
    const muted = new Promise<void>((resolve) => room.on("peer.joined", () => resolve()));
    const ann = { peerId: "ann", identity: "ann", name: "", metadata: "", joinedAtMs: 0 };
    socket.tell(
      { name: "source.muted", data: { source: "camera", muted: true } },
      { name: "peers.joined", data: { peers: [ann] } },
    );
    await muted;
    const camera = await room.publishCamera();
    expect(camera).toMatchObject({ isMuted: true, isMutedByModerator: true });
    expect(devices.asked).toEqual([]);
  });

  it("stays muted if it can't be opened, and says why", async () => {
    const camera = await publishedCamera();
    await camera.mute();
    const unmuting = camera.unmute();
    devices.asked[1]?.refuse("NotAllowedError");
    await expect(unmuting).rejects.toMatchObject({ name: "NotAllowedError" });
    expect(camera.isMuted).toBe(true);
    allow();
    await camera.unmute();
    expect(camera.isMuted).toBe(false);
  });

  it("is closed by a moderator's mute too", async () => {
    const camera = await publishedCamera();
    const muted = scripted.nextEvent("local_track.muted");
    socket.tell({ name: "source.muted", data: { source: "camera", muted: true } });
    await muted;
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
    expect(devices.standIns).toHaveLength(1);
  });

  it.each([
    ["a camera stays open with `stopOnMute: false`", () => room.publishCamera({ stopOnMute: false }), true],
    ["a microphone stays open", () => room.publishMicrophone(), true],
    [
      "a microphone is closed with `stopOnMute`, where the browser can stand in for it",
      () => room.publishMicrophone({ stopOnMute: true }),
      false,
    ],
  ] as const)("%s", async (_, publish, staysOpen) => {
    vi.stubGlobal("AudioContext", silentContext());
    allow();
    const track = await publish();
    await track.mute();
    expect(devices.opened[0]?.readyState).toBe(staysOpen ? "live" : "ended");
    expect(devices.opened[0]?.enabled).toBe(false);
    await track.unmute();
    expect(devices.asked).toHaveLength(staysOpen ? 1 : 2);
    expect(track.mediaStreamTrack).toMatchObject({ enabled: true, readyState: "live" });
  });
});

function silentContext() {
  const track = new FakeMediaStreamTrack({ kind: "audio" });
  devices.standIns.push(track);
  return class {
    createMediaStreamDestination = () => ({ stream: { getAudioTracks: () => [track] } });
    suspend = async () => {};
  };
}

describe("a phone that opens one camera at a time", () => {
  it("switches: the first is closed, then the other is opened", async () => {
    const camera = await publishedCamera();
    const switching = camera.switchDevice("back");
    devices.asked[1]?.refuse("NotReadableError");
    const second = await devices.request(2);
    expect(devices.opened[0]?.readyState).toBe("ended");
    expect([second.deviceId, camera.isMuted]).toEqual(["back", false]);
    second.allow();
    await switching;
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
    expect(camera.mediaStreamTrack.enabled).toBe(true);
  });

  it("goes back to the first if the other fails", async () => {
    const camera = await publishedCamera();
    const switching = camera.switchDevice("back");
    devices.asked[1]?.refuse("NotReadableError");
    (await devices.request(2)).refuse("NotReadableError");
    const back = await devices.request(3);
    expect(back.deviceId).toBe("default");
    back.allow();
    await expect(switching).rejects.toMatchObject({ name: "NotReadableError" });
    expect(camera.isMuted).toBe(false);
    expect(devices.live).toEqual([camera.mediaStreamTrack]);
  });

  it("is muted if neither opens", async () => {
    const camera = await publishedCamera();
    const muted = scripted.nextEvent("local_track.muted");
    const switching = settled(camera.switchDevice("back"));
    devices.asked[1]?.refuse("NotReadableError");
    (await devices.request(2)).refuse("NotReadableError");
    (await devices.request(3)).refuse("NotReadableError");
    await muted;
    expect(await switching).toBe("refused");
    expect(camera.isMuted).toBe(true);
    expect(devices.live).toEqual(devices.standIns);
  });
});

describe("a track of the app's own", () => {
  const microphone = (enabled = true) => {
    const fake = new FakeMediaStreamTrack({ kind: "audio", enabled });
    return { fake, track: fake as unknown as MediaStreamTrack };
  };

  it("that is disabled counts as muted when it is published, and unmute enables it", async () => {
    const { fake, track } = microphone(false);
    const published = await room.publishTrack(track, "microphone");
    expect(await created()).toMatchObject({ paused: true });
    expect([published.isMuted, fake.enabled]).toEqual([true, false]);
    await published.unmute();
    await signaling.next("command", "producer.resume");
    expect([published.isMuted, fake.enabled]).toEqual([false, true]);
  });

  it("that the app disables later counts as muted, and a move enables nothing", async () => {
    const { fake, track } = microphone();
    const published = await room.publishTrack(track, "microphone");
    expect(await created()).toMatchObject({ paused: false });
    const muted = scripted.nextEvent("local_track.muted");
    fake.enabled = false;
    expect(published.isMuted).toBe(true);
    await muted;
    await signaling.next("command", "producer.pause");
    await scripted.move();
    expect(await created()).toMatchObject({ paused: true });
    expect(fake.enabled).toBe(false);
    fake.enabled = true;
    await signaling.next("command", "producer.resume");
  });

  it("stays disabled when the device is switched, also where the system opens one at a time", async () => {
    allow();
    const microphone = await room.publishMicrophone({ deviceId: "a" });
    await created();
    microphone.mediaStreamTrack.enabled = false;
    await scripted.told("producer.pause");
    await microphone.switchDevice("b");
    expect(microphone).toMatchObject({ isMuted: true, mediaStreamTrack: { enabled: false } });
    const camera = await publishedCamera();
    camera.mediaStreamTrack.enabled = false;
    let refusals = 1;
    devices.answers = (request) => (refusals-- > 0 ? request.refuse("NotReadableError") : request.allow());
    await camera.switchDevice("b");
    expect(camera).toMatchObject({ isMuted: true, mediaStreamTrack: { enabled: false } });
    await camera.unmute();
    expect(camera).toMatchObject({ isMuted: false, mediaStreamTrack: { enabled: true } });
  });

  it("is neither disabled by a mute nor stopped by an end: it may be live in another room", async () => {
    const { fake, track } = microphone();
    const published = await room.publishTrack(track, "microphone");
    expect(await created()).toMatchObject({ paused: false });
    await published.mute();
    expect([published.isMuted, fake.enabled]).toEqual([true, true]);
    await scripted.move();
    expect(await created()).toMatchObject({ paused: true });
    await room.unpublish("microphone");
    expect(fake).toMatchObject({ enabled: true, readyState: "live" });
  });

  it("that was given for good is stopped, also if it can't be published", async () => {
    const { fake, track } = microphone();
    const other = microphone();
    await room.publishMicrophone({ track, stopTrack: true });
    await expect(room.publishMicrophone({ track, stopTrack: true })).rejects.toMatchObject({
      code: "producer_limit",
    });
    expect(fake.readyState).toBe("live");
    await expect(room.publishMicrophone({ track: other.track, stopTrack: true })).rejects.toThrow();
    expect(other.fake.readyState).toBe("ended");
    await room.unpublish("microphone");
    expect(fake.readyState).toBe("ended");
  });
});

describe("the sound of a screen ends with its picture", () => {
  beforeEach(async () => {
    allow();
    await room.publishScreen();
    await Promise.all([created(), created()]);
  });

  it.each<[string, () => unknown]>([
    ["unpublish()", () => room.unpublish("screen")],
    ["the browser's own button", () => devices.opened[0]?.remoteStop()],
    [
      "the node",
      () => {
        const data = {
          producerId: (room.local.get("screen") as unknown as { producerId: string }).producerId,
        };
        const producer = {
          ...data,
          peerId: "me",
          kind: "video",
          source: "screen",
          paused: false,
          muted: false,
        } as const;
        socket.tell(
          { name: "producers.created", data: { producers: [producer] } },
          { name: "producer.closed", data },
        );
      },
    ],
  ])("by %s, and the screen can be shared again", async (_, end) => {
    await end();
    await expect.poll(() => room.local.size).toBe(0);
    expect(devices.live).toEqual([]);
    await room.publishScreen();
    expect([...room.local.keys()]).toEqual(["screen", "screen_audio"]);
  });

  it("by the browser's own button in the middle of a move, and neither is published at the new place", async () => {
    const ended: string[] = [];
    room.on("local_track.ended", ({ track, reason }) => void ended.push(`${track.source} ${reason}`));
    await scripted.startMove();
    devices.opened[0]?.remoteStop();
    await scripted.endMove();
    expect(ended).toEqual(["screen device_ended", "screen_audio device_ended"]);
    expect(devices.live).toEqual([]);
    await room.publishScreen();
    expect(scripted.count("producer.create")).toBe(4);
  });

  it("and neither is published if one is refused", async () => {
    await room.unpublish("screen");
    signaling.answers.delete("producer.create");
    const sharing = room.publishScreen();
    for (const source of ["screen", "screen_audio"]) {
      const { frame } = await signaling.next("command", "producer.create");
      const isSound = (frame.data as { source: string }).source === "screen_audio";
      socket.send(
        isSound
          ? { type: "reply", id: frame.id, ok: false, error: { code: "grant_missing", message: source } }
          : { type: "reply", id: frame.id, ok: true, data: { producerId: "picture" } },
      );
    }
    await expect(sharing).rejects.toMatchObject({ code: "grant_missing" });
    expect([room.local.size, devices.live.length]).toEqual([0, 0]);
  });
});
