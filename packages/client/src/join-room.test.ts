import {
  type PeerInfo,
  PING_INTERVAL_MS,
  type ProducerInfo,
  type RoomEvent,
  type ServerFrame,
  type Source,
} from "@fairlead/protocol";
import { FakeMediaStreamTrack } from "fake-mediastreamtrack";
import { FakeHandler, testFakeParameters } from "mediasoup-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvents } from "./api/events.ts";
import type { JoinOptions } from "./api/options.ts";
import type { Room } from "./api/room.ts";
import { forgetCapabilities } from "./connection/capabilities-cache.ts";
import { joinRoom } from "./join-room.ts";
import { isSupported } from "./media/media-device.ts";
import { RunningClock } from "./running-clock.ts";
import { newElement, TrackList } from "./testing/media-elements.ts";
import { CAPABILITIES, ScriptedSignaling, type ScriptedSocket } from "./testing/scripted-signaling.ts";

const TICKET = "ticket-of-the-test";
const device = { handlerFactory: FakeHandler.createFactory(testFakeParameters) };

let signaling: ScriptedSignaling;
let room: Room | undefined;

beforeEach(async () => {
  forgetCapabilities();
  signaling = await ScriptedSignaling.start();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await room?.leave();
  room = undefined;
  await signaling.close();
});

function join(options: Partial<JoinOptions> = {}): Promise<Room> {
  return joinRoom({ url: signaling.url, ticket: TICKET, device, ...options });
}

async function joined(): Promise<{ room: Room; socket: ScriptedSocket }> {
  const joining = join();
  const { socket } = await signaling.next("join");
  socket.accept();
  room = await joining;
  return { room, socket };
}

/** @returns Ends the time that the next join has. */
function joinTime(): () => void {
  const after = vi.spyOn(RunningClock.prototype, "after").mockReturnValue(() => {});
  return () => {
    const [, timeIsUp] = after.mock.calls[0] ?? [];
    after.mockRestore();
    timeIsUp?.();
  };
}

function nextEvent<N extends keyof RoomEvents>(from: Room, name: N): Promise<RoomEvents[N]> {
  return new Promise((resolve) => {
    const off = from.on(name, (data) => {
      off();
      resolve(data);
    });
  });
}

const peer = (peerId: string, identity = peerId): PeerInfo => ({
  peerId,
  identity,
  name: identity,
  metadata: "",
  joinedAtMs: 0,
});
const joinedPeers = (...peers: PeerInfo[]): RoomEvent => ({ name: "peers.joined", data: { peers } });
const produced = (producerId: string, peerId: string, source: Source = "microphone"): RoomEvent => {
  const kind = source === "microphone" ? "audio" : "video";
  const producer: ProducerInfo = { producerId, peerId, source, kind, paused: false, muted: false };
  return { name: "producers.created", data: { producers: [producer] } };
};
const consumed = (consumerId: string, producerId: string, peerId: string): RoomEvent => {
  const { rtpParameters } = testFakeParameters.generateConsumerRemoteParameters({
    id: consumerId,
    codecMimeType: "audio/opus",
  });
  const common = {
    consumerId,
    producerId,
    peerId,
    kind: "audio",
    source: "microphone",
    producerPaused: false,
  } as const;
  return {
    name: "consumers.created",
    data: { consumers: [{ ...common, rtpParameters: structuredClone(rtpParameters) as never }] },
  };
};

/** Links of tests before may still be trying to leave. */
const isToSignaling = (url: string) => new URL(url).host === new URL(signaling.url).host;
const ONE_TRY = { giveUpAfterMs: 0, nextDelayMs: () => 0 };

describe("joinRoom", () => {
  it("says what the device can receive, and which capabilities it knows", async () => {
    const joining = join({ autoSubscribe: false });
    const { frame, socket } = await signaling.next("join");
    expect(frame).toMatchObject({ ticket: TICKET, capabilitiesVersion: "v1", autoSubscribe: false });
    expect(frame.rtpCapabilities.codecs).not.toHaveLength(0);
    socket.accept();
    room = await joining;
    expect(room).toMatchObject({ roomId: "room", peerId: "me", connectionState: "connected" });
  });

  it("asks for capabilities once for any number of joins", async () => {
    const first = await joined();
    await first.room.leave();
    await joined();
    expect(signaling.capabilityRequests).toBe(1);
  });

  it("takes fresh capabilities from a mismatch, and joins on the same socket", async () => {
    const joining = join();
    const { socket } = await signaling.next("join");
    socket.refuse("capabilities_mismatch", { capabilities: { ...CAPABILITIES, version: "v2" } });
    const again = await signaling.next("join");
    expect(again.frame.capabilitiesVersion).toBe("v2");
    expect(again.socket).toBe(socket);
    socket.accept();
    room = await joining;
  });

  it("gives up after a second mismatch", async () => {
    const joining = join();
    for (const version of ["v2", "v3"]) {
      const { socket } = await signaling.next("join");
      socket.refuse("capabilities_mismatch", { capabilities: { ...CAPABILITIES, version } });
    }
    await expect(joining).rejects.toMatchObject({ code: "capabilities_mismatch" });
  });

  it.each(["ticket_expired", "banned", "room_full", "no_capacity"] as const)(
    "rejects with %s and leaves no socket open",
    async (code) => {
      const joining = join();
      const { socket } = await signaling.next("join");
      socket.refuse(code);
      await expect(joining).rejects.toMatchObject({ code });
      await socket.closed;
      expect(signaling.openSockets).toBe(0);
    },
  );

  it("rejects with node_timeout when no answer comes in time", async () => {
    const timeIsUp = joinTime();
    const joining = join();
    await signaling.next("join");
    timeIsUp();
    await expect(joining).rejects.toMatchObject({ code: "node_timeout" });
  });

  it("rejects with signaling_unreachable, not with node_timeout, when time is over and no socket opened", async () => {
    const { url } = signaling;
    await (await joined()).room.leave();
    await signaling.close();
    const timeIsUp = joinTime();
    const tries = Promise.withResolvers<void>();
    const nextDelayMs = (attempt: number) => {
      if (attempt === 1) tries.resolve();
      return 1;
    };
    const joining = join({ url, transport: "websocket", reconnect: { giveUpAfterMs: 60_000, nextDelayMs } });
    const refused = expect(joining).rejects.toMatchObject({
      code: "signaling_unreachable",
      message: expect.stringMatching(
        /^signaling unreachable at ws:.*\/v1\/connect: the WebSocket closed with 1006/,
      ),
    });
    await tries.promise;
    timeIsUp();
    await refused;
    signaling = await ScriptedSignaling.start();
  });

  it.each([
    [{ url: "https://meet.example", ticket: TICKET }, "the whole answer"],
    [JSON.stringify({ ticket: TICKET }), "the whole answer"],
    [undefined, "undefined"],
    ["", '""'],
  ])("rejects at once with invalid_request when given %j for a ticket", async (ticket, words) => {
    const message = expect.stringContaining(words);
    await expect(join({ ticket: ticket as never })).rejects.toMatchObject({
      code: "invalid_request",
      message,
    });
    expect(signaling.capabilityRequests).toBe(0);
  });

  it("rejects with webrtc_unsupported, and asks nobody, in a browser without WebRTC", async () => {
    expect(isSupported()).toBe(false);
    await expect(join({ device: undefined })).rejects.toMatchObject({ code: "webrtc_unsupported" });
    await expect(join({ device: {} })).rejects.toMatchObject({ code: "webrtc_unsupported" });
    expect(signaling.frames).toEqual([]);
  });

  it("rejects with the last refusal when time is over", async () => {
    const timeIsUp = joinTime();
    const joining = join({ reconnect: { giveUpAfterMs: 60_000, nextDelayMs: () => 10 } });
    const { socket } = await signaling.next("join");
    socket.refuse("registry_cold");
    await signaling.next("join");
    timeIsUp();
    await expect(joining).rejects.toMatchObject({ code: "registry_cold" });
  });

  it("rejects with node_timeout, not with a mismatch that fresh capabilities have healed", async () => {
    const timeIsUp = joinTime();
    const joining = join();
    const { socket } = await signaling.next("join");
    socket.refuse("capabilities_mismatch", { capabilities: { ...CAPABILITIES, version: "v2" } });
    await signaling.next("join");
    timeIsUp();
    await expect(joining).rejects.toMatchObject({ code: "node_timeout" });
  });

  it.each(["/?key=1", "#top", "/app?"])(
    "rejects a base URL that ends in %s with invalid_request",
    async (end) => {
      await expect(join({ url: `${signaling.url}${end}` })).rejects.toMatchObject({
        code: "invalid_request",
      });
    },
  );

  it("rejects with signaling's own refusal when there are no capabilities", async () => {
    const error = { code: "too_many_frames", message: "slower, please", retryAfterMs: 700 };
    signaling.capabilities = { status: 429, body: JSON.stringify({ error }) };
    await expect(join({ reconnect: ONE_TRY })).rejects.toMatchObject(error);
  });

  it.each([
    [502, "<h1>Bad gateway</h1>"],
    [404, JSON.stringify({ error: "no such page" })],
    [200, "<h1>Welcome to this hotel's network</h1>"],
  ])("rejects with signaling_unreachable when something else answers: %i %s", async (status, body) => {
    signaling.capabilities = { status, body };
    await expect(join({ reconnect: ONE_TRY })).rejects.toMatchObject({ code: "signaling_unreachable" });
  });

  it("rejects with signaling_unreachable when nobody answers, which names the URL and the cause", async () => {
    await signaling.close();
    const cause = expect.stringMatching(
      /^signaling unreachable at http:.*\/v1\/capabilities: .*ECONNREFUSED/,
    );
    const error = { code: "signaling_unreachable", message: cause };
    await expect(join({ reconnect: ONE_TRY })).rejects.toMatchObject(error);
    signaling = await ScriptedSignaling.start();
  });

  it("sends a join whose answer was lost again under the same id", async () => {
    const joining = join();
    const lost = await signaling.next("join");
    lost.socket.cut();
    const again = await signaling.next("join");
    expect(again.frame.joinId).toBe(lost.frame.joinId);
    again.socket.accept();
    room = await joining;
  });
});

describe("a lost socket", () => {
  it("is followed by a resume from the last event applied, without a doubled or lost event", async () => {
    const { room, socket } = await joined();
    const known = nextEvent(room, "peer.joined");
    socket.snapshot(joinedPeers(peer("ann")));
    await known;
    socket.cut();
    const { frame, socket: next } = await signaling.next("resume");
    expect(frame).toMatchObject({ sessionTicket: "session-ticket-of-epoch-1", position: "1:3" });
    expect(room.connectionState).toBe("reconnecting");
    next.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    next.continueAfter(1, 2);
    const seen: string[] = [];
    room.on("peer.joined", ({ peer }) => void seen.push(peer.peerId));
    const bob = nextEvent(room, "peer.joined");
    next.tell({ name: "snapshot.ended", data: {} }, joinedPeers(peer("bob")));
    await bob;
    expect(seen).toEqual(["bob"]);
    expect(room.connectionState).toBe("connected");
    expect([...room.peers.keys()]).toEqual(["ann", "bob"]);
  });

  it("does not lose a command: it is sent again under its id", async () => {
    const { room, socket } = await joined();
    const muting = room.mutePeer("ann", "microphone", true);
    const first = await signaling.next("command", "peer.mute");
    socket.cut();
    const resumed = await signaling.next("resume");
    signaling.answers.set("peer.mute", () => ({}));
    resumed.socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    const again = await signaling.next("command", "peer.mute");
    expect(again.frame.id).toBe(first.frame.id);
    await muting;
  });

  it.each(["session_replaced", "peer_removed", "room_closed"] as const)(
    "ends the room when it was closed with %s",
    async (code) => {
      const { room, socket } = await joined();
      const ended = nextEvent(room, "room.ended");
      socket.refuse(code);
      expect((await ended).code).toBe(code);
      expect(room.connectionState).toBe("closed");
      await socket.closed;
      expect(signaling.frames.filter(({ type }) => type === "resume")).toHaveLength(0);
    },
  );

  it("is noticed by its silence, without a close", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { room } = await joined();
    vi.advanceTimersByTime(PING_INTERVAL_MS * 2);
    expect(room.connectionState).toBe("connected");
    vi.advanceTimersByTime(PING_INTERVAL_MS);
    expect(room.connectionState).toBe("reconnecting");
    await signaling.next("resume");
    vi.useRealTimers();
  });

  it("acknowledges by its pings where signaling and node take that", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const joining = join();
    const { socket } = await signaling.next("join");
    socket.accept({ acksByPing: true });
    room = await joining;
    socket.snapshot();
    const told = nextEvent(room, "peer.joined");
    socket.tell(joinedPeers(peer("bob")));
    await told;
    vi.advanceTimersByTime(PING_INTERVAL_MS);
    expect((await signaling.next("ping")).frame).toEqual({ type: "ping", position: "1:3" });
    vi.advanceTimersByTime(PING_INTERVAL_MS);
    expect((await signaling.next("ping")).frame).toEqual({ type: "ping" });
    expect(signaling.frames.filter(({ type }) => type === "ack")).toEqual([]);
    vi.useRealTimers();
  });

  it("ends the room when the policy gives up", async () => {
    const joining = join({ reconnect: { giveUpAfterMs: 100, nextDelayMs: (attempt) => attempt * 40 } });
    const { socket } = await signaling.next("join");
    socket.accept();
    room = await joining;
    const ended = nextEvent(room, "room.ended");
    await signaling.close();
    expect((await ended).code).toBe("signaling_unreachable");
    signaling = await ScriptedSignaling.start();
  });
});

describe("signaling that shuts down", () => {
  async function shutDown(before: (room: Room) => unknown = () => {}) {
    const random = vi.spyOn(Math, "random");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { room, socket } = await joined();
    await before(room);
    random.mockReturnValue(0.5);
    const away = nextEvent(room, "connection.changed");
    socket.refuse("shutting_down");
    expect((await away).state).toBe("reconnecting");
    return room;
  }
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("has its clients back spread over ten seconds", async () => {
    await shutDown();
    const opened = vi.fn();
    const Native = WebSocket;
    vi.stubGlobal(
      "WebSocket",
      class extends Native {
        constructor(url: string) {
          super(url);
          if (isToSignaling(url)) opened();
        }
      },
    );
    vi.advanceTimersByTime(4_999);
    expect(opened).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(opened).toHaveBeenCalledOnce();
    const { socket } = await signaling.next("resume");
    socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
  });

  it("has a client back at once that has something to say", async () => {
    signaling.answers.set("peer.mute", () => ({}));
    const room = await shutDown();
    const muting = room.mutePeer("ann", "microphone", true);
    const { socket } = await signaling.next("resume");
    socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    await muting;
  });

  it("has a client back soon that waits for an answer", async () => {
    let muting: Promise<void> | undefined;
    await shutDown(async (room) => {
      muting = room.mutePeer("ann", "microphone", true);
      await signaling.next("command", "peer.mute");
    });
    vi.advanceTimersByTime(500);
    const { socket } = await signaling.next("resume");
    signaling.answers.set("peer.mute", () => ({}));
    socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    await muting;
  });
});

describe("a cluster in trouble", () => {
  const eager = { giveUpAfterMs: 150, nextDelayMs: () => 30 };

  it("says bus_disconnected on the open socket: the session is resumed there, however long it takes", async () => {
    const joining = join({ reconnect: eager });
    const { socket } = await signaling.next("join");
    socket.accept();
    room = await joining;
    const states: string[] = [];
    room.on("connection.changed", ({ state }) => void states.push(state));
    socket.refuse("bus_disconnected");
    // Longer than the policy would wait for signaling itself.
    for (let n = 0; n < 8; n += 1) {
      const asked = await signaling.next("resume");
      expect(asked.socket).toBe(socket);
      socket.refuse("bus_disconnected");
    }
    await signaling.next("resume");
    const live = nextEvent(room, "connection.changed");
    socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    expect((await live).state).toBe("connected");
    expect(states).toEqual(["reconnecting", "connected"]);
    expect(signaling.frames.filter(({ type }) => type === "join")).toHaveLength(1);
  });

  it("makes a peer that was in ask again until the room has a place, on the open socket while there is one", async () => {
    const { room, socket } = await joined();
    socket.send({ type: "moved", roomId: "room", epoch: 2 });
    for (const code of ["node_unreachable", "registry_cold"] as const) {
      expect((await signaling.next("join")).socket).toBe(socket);
      socket.refuse(code);
    }
    (await signaling.next("join")).socket.refuse("no_capacity");
    const last = await signaling.next("join");
    const moved = nextEvent(room, "room.moved");
    last.socket.accept({ epoch: 2 });
    expect((await moved).epoch).toBe(2);
  });

  it("is reported after a short while to a user who waits to get in", async () => {
    vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
    const joining = join();
    const { socket } = await signaling.next("join");
    socket.refuse("bus_disconnected");
    await signaling.next("join");
    vi.advanceTimersByTime(5_000);
    socket.refuse("bus_disconnected");
    await expect(joining).rejects.toMatchObject({ code: "bus_disconnected" });
    vi.useRealTimers();
  });
});

describe("a newer node", () => {
  it("may tell of things that this version does not know: what follows is applied, and nothing asked for again", async () => {
    const { room, socket } = await joined();
    const known = nextEvent(room, "peer.joined");
    socket.snapshot();
    socket.tell({ name: "recording.started", data: { by: "p1" } } as never, joinedPeers(peer("ann")));
    await known;
    await expect
      .poll(() => signaling.frames.filter(({ type }) => type === "ack").at(-1))
      .toEqual({ type: "ack", position: "1:4", resend: false });
    expect(room.connectionState).toBe("connected");
  });
});

describe("a session that is gone", () => {
  it("is replaced by a join on the same socket, with a new id, that proves the last session", async () => {
    const { room, socket } = await joined();
    const first = signaling.frames.find((frame) => frame.type === "join");
    socket.cut();
    const resume = await signaling.next("resume");
    resume.socket.refuse("session_gone");
    const { frame, socket: next } = await signaling.next("join");
    expect(next).toBe(resume.socket);
    expect(frame.previousSession).toBe("session-ticket-of-epoch-1");
    expect(frame.ticket).toBe(TICKET);
    expect(frame.joinId).not.toBe(first?.joinId);
    const moved = nextEvent(room, "room.moved");
    next.accept({ epoch: 2 });
    expect((await moved).epoch).toBe(2);
    expect(room.connectionState).toBe("connected");
  });
});

describe("a room that moved", () => {
  it("is joined again on the open socket, tracks and mute state included", async () => {
    const { room, socket } = await joined();
    const track = new FakeMediaStreamTrack({ kind: "audio" }) as unknown as MediaStreamTrack;
    const microphone = await room.publishTrack(track, "microphone");
    await microphone.mute();
    await signaling.next("command", "producer.create");
    socket.send({ type: "moved", roomId: "room", epoch: 2 });
    const again = await signaling.next("join");
    expect(again.socket).toBe(socket);
    socket.accept({ epoch: 2 });
    const { frame } = await signaling.next("command", "producer.create");
    expect(frame.data).toMatchObject({ source: "microphone", paused: true });
    expect(room.local.get("microphone")).toBe(microphone);
    expect(microphone).toMatchObject({ isMuted: true, mediaStreamTrack: track });
    expect(track.readyState).toBe("live");
  });

  it("keeps peer and track objects, and reports nobody as gone who comes back", async () => {
    const { room, socket } = await joined();
    const subscribed = nextEvent(room, "track.subscribed");
    socket.snapshot(joinedPeers(peer("p1", "ann")), produced("m1", "p1"), consumed("c1", "m1", "p1"));
    const { track } = await subscribed;
    const ann = room.peers.get("p1");
    const before = track.mediaStreamTrack;
    const surprises: string[] = [];
    for (const name of ["peer.left", "peer.joined", "track.subscribed", "track.unsubscribed"] as const) {
      room.on(name, () => void surprises.push(name));
    }
    await signaling.next("command", "consumers.resume");
    socket.send({ type: "moved", roomId: "room", epoch: 2 });
    await signaling.next("join");
    socket.accept({ epoch: 2 });
    socket.snapshot();
    socket.tell(joinedPeers(peer("p2", "ann")), produced("m2", "p2"), consumed("c2", "m2", "p2"));
    const { frame } = await signaling.next("command", "consumers.resume");
    expect(frame.data).toEqual({ consumerIds: ["c2"] });
    expect(surprises).toEqual([]);
    expect(room.peers.get("p2")).toBe(ann);
    expect(ann?.peerId).toBe("p2");
    expect(ann?.tracks.get("microphone")).toBe(track);
    expect(track.producerId).toBe("m2");
    expect(track.mediaStreamTrack).not.toBe(before);
    expect(before.readyState).toBe("ended");
  });

  const gone = (detail?: object) =>
    ({
      type: "error",
      error: { code: "session_gone", message: "", ...(detail && { detail }) },
    }) as ServerFrame;
  const moved = (overlapMs?: number): ServerFrame => ({ type: "moved", roomId: "room", epoch: 2, overlapMs });
  it.each<[string, ServerFrame[], "live" | "ended"]>([
    ["is gone", [moved()], "ended"],
    ["goes on", [moved(6_000)], "live"],
    ["goes on, as is told late", [moved(), moved(6_000)], "live"],
    ["goes on, as its node tells with the end of the session", [gone({ overlapMs: 6_000 })], "live"],
    ["is gone with the session", [gone()], "ended"],
    ["goes on in some way that this build does not know", [gone({ overlapMs: "long" })], "ended"],
  ])("and whose former place %s", async (_, told, state) => {
    const { room, socket } = await joined();
    const subscribed = nextEvent(room, "track.subscribed");
    socket.snapshot(joinedPeers(peer("p1", "ann")), produced("m1", "p1"), consumed("c1", "m1", "p1"));
    const before = (await subscribed).track.mediaStreamTrack;
    for (const frame of told) socket.send(frame);
    await signaling.next("join");
    const isBack = nextEvent(room, "room.moved");
    socket.accept({ epoch: 2 });
    await isBack;
    expect(before.readyState).toBe(state);
  });

  it("is joined once, however often the move is told", async () => {
    const { room, socket } = await joined();
    for (const epoch of [2, 2, 1]) socket.send({ type: "moved", roomId: "room", epoch });
    const states: string[] = [];
    room.on("connection.changed", ({ state }) => void states.push(state));
    await signaling.next("join");
    socket.accept({ epoch: 2 });
    socket.send({ type: "moved", roomId: "room", epoch: 2 });
    const known = nextEvent(room, "peer.joined");
    socket.snapshot(joinedPeers(peer("ann")));
    await known;
    expect(signaling.frames.filter(({ type }) => type === "join")).toHaveLength(2);
    expect(states).toEqual(["reconnecting", "connected"]);
  });

  it("takes over a track that was being published", async () => {
    const { room, socket } = await joined();
    signaling.answers.delete("producer.create");
    const track = new FakeMediaStreamTrack({ kind: "audio" }) as unknown as MediaStreamTrack;
    const publishing = room.publishTrack(track, "microphone");
    await signaling.next("command", "producer.create");
    signaling.answers.set("producer.create", () => ({ producerId: "taken" }));
    socket.send({ type: "moved", roomId: "room", epoch: 2 });
    await signaling.next("join");
    socket.accept({ epoch: 2 });
    expect((await publishing).source).toBe("microphone");
    expect(room.local.size).toBe(1);
  });
});

describe("a subscribed track that ends", () => {
  it("gives its elements back to the listener of the event, and shows nothing afterwards", async () => {
    vi.stubGlobal("MediaStream", TrackList);
    const { room, socket } = await joined();
    const subscribed = nextEvent(room, "track.subscribed");
    socket.snapshot(joinedPeers(peer("ann")), produced("m1", "ann"), consumed("c1", "m1", "ann"));
    const { track } = await subscribed;
    const elements = [track.attach(newElement()), track.attach(newElement())];
    const unsubscribed = new Promise((resolve) =>
      room.on("track.unsubscribed", (ended) => resolve(ended.track.detach(elements[0]))),
    );
    socket.tell({ name: "consumer.closed", data: { consumerId: "c1" } });
    expect(await unsubscribed).toEqual([elements[0]]);
    expect(elements.map(({ srcObject }) => srcObject)).toEqual([null, null]);
    expect(track.detach()).toEqual([]);
  });
});

describe("publishing", () => {
  it("is refused without the grant before anything is sent", async () => {
    const { room } = await joined();
    const track = new FakeMediaStreamTrack({ kind: "video" }) as unknown as MediaStreamTrack;
    await expect(room.publishTrack(track, "screen")).rejects.toMatchObject({ code: "grant_missing" });
    expect(room.local.size).toBe(0);
  });

  it("sends a camera in three layers", async () => {
    const { room } = await joined();
    const track = new FakeMediaStreamTrack({ kind: "video" }) as unknown as MediaStreamTrack;
    await room.publishTrack(track, "camera");
    const { frame } = await signaling.next("command", "producer.create");
    const { rtpParameters } = frame.data as {
      rtpParameters: { encodings: { scaleResolutionDownBy: number }[] };
    };
    expect(rtpParameters.encodings.map((encoding) => encoding.scaleResolutionDownBy)).toEqual([4, 2, 1]);
  });

  it("mutes at once and tells the node", async () => {
    const { room } = await joined();
    const track = new FakeMediaStreamTrack({ kind: "audio" }) as unknown as MediaStreamTrack;
    const microphone = await room.publishTrack(track, "microphone");
    const muting = microphone.mute();
    expect(microphone.isMuted).toBe(true);
    await muting;
    await signaling.next("command", "producer.pause");
    await microphone.unmute();
    await signaling.next("command", "producer.resume");
    expect(microphone.isMuted).toBe(false);
  });

  it("can't undo a moderator's mute; once it is lifted, only the user goes on air again", async () => {
    const { room, socket } = await joined();
    const track = new FakeMediaStreamTrack({ kind: "audio" }) as unknown as MediaStreamTrack;
    const microphone = await room.publishTrack(track, "microphone");
    const muted = nextEvent(room, "local_track.muted");
    socket.snapshot();
    socket.tell({ name: "source.muted", data: { source: "microphone", muted: true } });
    expect((await muted).byModerator).toBe(true);
    expect(microphone).toMatchObject({ isMuted: true, isMutedByModerator: true });
    await expect(microphone.unmute()).rejects.toMatchObject({ code: "muted_by_moderator" });
    const lifted = nextEvent(room, "local_track.unmute_allowed");
    socket.tell({ name: "source.muted", data: { source: "microphone", muted: false } });
    await lifted;
    expect(microphone).toMatchObject({ isMuted: true, isMutedByModerator: false });
    await microphone.unmute();
    await signaling.next("command", "producer.resume");
    expect(microphone.isMuted).toBe(false);
  });

  it("begins muted where a moderator has muted the source before", async () => {
    const { room, socket } = await joined();
    const known = nextEvent(room, "peer.joined");
    socket.snapshot({ name: "source.muted", data: { source: "microphone", muted: true } });
    socket.tell(joinedPeers(peer("ann")));
    await known;
    const track = new FakeMediaStreamTrack({ kind: "audio" }) as unknown as MediaStreamTrack;
    const microphone = await room.publishTrack(track, "microphone");
    const { frame } = await signaling.next("command", "producer.create");
    expect(frame.data).toMatchObject({ paused: true });
    expect(microphone).toMatchObject({ isMuted: true, isMutedByModerator: true });
  });

  it("ends with the device", async () => {
    const { room } = await joined();
    const track = new FakeMediaStreamTrack({ kind: "audio" });
    await room.publishTrack(track as unknown as MediaStreamTrack, "microphone");
    const ended = nextEvent(room, "local_track.ended");
    track.remoteStop();
    expect((await ended).reason).toBe("device_ended");
    await signaling.next("command", "producer.close");
    expect(room.local.size).toBe(0);
  });
});

describe("data", () => {
  it("opens one channel per label and reliability, when it is first needed", async () => {
    const { room } = await joined();
    signaling.answers.set("data_producer.create", () => ({ dataProducerId: crypto.randomUUID() }));
    // The fake channels never open, so the messages themselves wait; the browser tests see them arrive.
    void room.sendData("one").catch(() => {});
    void room.sendData("two").catch(() => {});
    void room.sendData("three", { reliable: false, label: "cursor" }).catch(() => {});
    const reliable = await signaling.next("command", "data_producer.create");
    const lossy = await signaling.next("command", "data_producer.create");
    expect(reliable.frame.data).toMatchObject({ label: "data", sctpStreamParameters: { ordered: true } });
    expect(lossy.frame.data).toMatchObject({
      label: "cursor",
      sctpStreamParameters: { ordered: false, maxRetransmits: 0 },
    });
    const created = signaling.frames.filter((f) => f.type === "command" && f.name === "data_producer.create");
    expect(created).toHaveLength(2);
  });

  it("after the node has closed a channel goes over a new one", async () => {
    const { room, socket } = await joined();
    let made = 0;
    signaling.answers.set("data_producer.create", () => ({ dataProducerId: `channel-${++made}` }));
    const lost = room.sendData("one");
    await signaling.next("command", "data_producer.create");
    socket.snapshot({
      name: "data_producer.closed",
      data: { dataProducerId: "channel-1", code: "incoming_bitrate" },
    });
    await expect(lost).rejects.toMatchObject({ code: "room_moved" });
    void room.sendData("two").catch(() => {});
    await signaling.next("command", "data_producer.create");
  });
});

describe("leaving", () => {
  it("tells the node, closes the socket and ends without an event", async () => {
    const { room, socket } = await joined();
    const ended: string[] = [];
    room.on("room.ended", ({ code }) => void ended.push(code));
    const states: string[] = [];
    room.on("connection.changed", ({ state }) => void states.push(state));
    const leaving = room.leave();
    await signaling.next("command", "session.leave");
    await leaving;
    await socket.closed;
    expect(states).toEqual(["closed"]);
    expect(ended).toEqual([]);
  });

  it("does not join anew when its session proves to be gone meanwhile", async () => {
    const { room, socket } = await joined();
    socket.cut();
    const resumed = await signaling.next("resume");
    const leaving = room.leave();
    resumed.socket.send({ type: "error", error: { code: "session_gone", message: "gone" } });
    await leaving;
    await resumed.socket.closed;
    expect(signaling.frames.filter(({ type }) => type === "join")).toHaveLength(1);
    expect(room.connectionState).toBe("closed");
  });

  it("tells the node by the next socket if the last one was just lost", async () => {
    const { room, socket } = await joined();
    socket.cut();
    const resumed = await signaling.next("resume");
    const leaving = room.leave();
    resumed.socket.send({ type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 });
    expect((await signaling.next("command", "session.leave")).socket).toBe(resumed.socket);
    await leaving;
    expect(room.connectionState).toBe("closed");
  });

  it("in the middle of a move leaves the session that is on its way, and makes nothing of it", async () => {
    const { room, socket } = await joined();
    socket.send({ type: "moved", roomId: "room", epoch: 2 });
    const moved = await signaling.next("join");
    const heard: unknown[] = [];
    room.on("room.moved", (event) => void heard.push(event));
    const leaving = room.leave();
    moved.socket.accept({ epoch: 2 });
    moved.socket.snapshot();
    await signaling.next("command", "session.leave");
    await leaving;
    await socket.closed;
    expect(heard).toEqual([]);
    expect(room.connectionState).toBe("closed");
  });
});
