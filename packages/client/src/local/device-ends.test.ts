import { EVERY_SOURCE, type Grants } from "@fairlead/protocol";
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
let page: EventTarget;
let isMoving: boolean;

beforeEach(async () => {
  devices = new ScriptedDevices();
  page = new EventTarget();
  isMoving = false;
  for (const [name, value] of Object.entries({ ...devices.globals, window: page }))
    vi.stubGlobal(name, value);
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

const ENDS: Record<string, () => Promise<unknown>> = {
  "leave()": () => room.leave(),
  "unpublish()": async () => Promise.all(EVERY_SOURCE.map((source) => room.unpublish(source))),
  "removal by a moderator": async () => {
    const ended = scripted.nextEvent("room.ended");
    socket.refuse("peer_removed");
    await ended;
  },
  "the page's end": async () =>
    page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false })),
  "the room's end": async () => {
    const ended = scripted.nextEvent("room.ended");
    socket.refuse("room_closed");
    await ended;
  },
  "a move, and leave()": async () => {
    if (!isMoving) await scripted.move();
    await room.leave();
  },
};

/** Each returns while the SDK waits, with what the test lets happen after the end, and the calls that were under way. */
type Waiting = { calls: Promise<unknown>[]; later?: () => void };

const AWAITS: Record<string, () => Promise<Waiting>> = {
  "publishCamera asks for the device": async () => {
    const calls = [room.publishCamera()];
    return { calls, later: () => devices.asked[0]?.allow() };
  },
  "publishCamera waits for the node": async () => {
    signaling.answers.delete("producer.create");
    allow();
    const calls = [room.publishCamera()];
    await signaling.next("command", "producer.create");
    return { calls };
  },
  "publishCamera waits for the next session": async () => {
    allow();
    isMoving = true;
    await scripted.startMove();
    return { calls: [room.publishCamera()], later: () => scripted.acceptMove() };
  },
  "publishMicrophone asks for the device": async () => {
    const calls = [room.publishMicrophone()];
    return { calls, later: () => devices.asked[0]?.allow() };
  },
  "publishScreen asks the user": async () => {
    const calls = [room.publishScreen()];
    return { calls, later: () => devices.asked[0]?.allow() };
  },
  "publishScreen waits for the node": async () => {
    signaling.answers.delete("producer.create");
    allow();
    const calls = [room.publishScreen()];
    await signaling.next("command", "producer.create");
    return { calls };
  },
  "switchDevice asks for the device": async () => {
    const camera = await publishedCamera();
    const calls = [camera.switchDevice("back")];
    return { calls, later: () => devices.asked[1]?.allow() };
  },
  "two switchDevice ask for devices": async () => {
    const camera = await publishedCamera();
    const calls = [camera.switchDevice("back"), camera.switchDevice("front")];
    return {
      calls,
      later: () => {
        allow();
        devices.asked[1]?.allow();
      },
    };
  },
  "switchDevice has closed one camera to open the other": async () => {
    const camera = await publishedCamera();
    const calls = [camera.switchDevice("back")];
    devices.asked[1]?.refuse("NotReadableError");
    const second = await devices.request(2);
    return { calls, later: () => second.allow() };
  },
  "switchDevice goes back to the first camera": async () => {
    const camera = await publishedCamera();
    const calls = [camera.switchDevice("back")];
    devices.asked[1]?.refuse("NotReadableError");
    (await devices.request(2)).refuse("NotReadableError");
    const back = await devices.request(3);
    return { calls, later: () => back.allow() };
  },
  "unmute asks for the device": async () => {
    const camera = await publishedCamera();
    await camera.mute();
    const calls = [camera.unmute()];
    return { calls, later: () => devices.asked[1]?.allow() };
  },
  "unmute waits for the node": async () => {
    const camera = await publishedCamera();
    await camera.mute();
    signaling.answers.delete("producer.resume");
    allow();
    const calls = [camera.unmute()];
    const { frame } = await signaling.next("command", "producer.resume");
    return { calls, later: () => socket.send({ type: "reply", id: frame.id, ok: true, data: {} }) };
  },
  "mute waits for the node": async () => {
    const camera = await publishedCamera();
    signaling.answers.delete("producer.pause");
    const calls = [camera.mute()];
    const { frame } = await signaling.next("command", "producer.pause");
    return { calls, later: () => socket.send({ type: "reply", id: frame.id, ok: true, data: {} }) };
  },
  "nothing is under way": async () => {
    await publishedCamera();
    allow();
    await room.publishMicrophone();
    await room.publishScreen();
    return { calls: [] };
  },
};

describe.each(Object.keys(AWAITS))("while %s", (waiting) => {
  it.each(Object.keys(ENDS))("%s leaves no device open", async (end) => {
    const { calls, later } = (await AWAITS[waiting]?.()) ?? { calls: [] };
    const ends = Promise.all(calls.map(settled));
    // A move ends nothing: the answers come before it is over.
    if (end.startsWith("a move")) later?.();
    await ENDS[end]?.();
    if (!end.startsWith("a move")) later?.();
    await ends;
    await expect.poll(() => devices.live).toEqual([]);
    expect(devices.opened.length).toBeGreaterThan(0);
  });
});
