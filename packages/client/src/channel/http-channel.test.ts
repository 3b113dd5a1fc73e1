import {
  type ClientFrameInput,
  PING_INTERVAL_MS,
  type RoomEvent,
  type ServerFrame,
} from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHttpSignaling } from "../testing/scripted-http-signaling.ts";
import { openedSession } from "../testing/scripted-signaling.ts";
import { HttpChannel } from "./http-channel.ts";

const JOIN: ClientFrameInput = {
  type: "join",
  protocolVersion: 1,
  joinId: "join-of-the-test",
  ticket: "ticket-of-the-test",
  capabilitiesVersion: "v1",
  rtpCapabilities: { codecs: [], headerExtensions: [] },
  autoSubscribe: true,
};
const RESUME: ClientFrameInput = {
  type: "resume",
  protocolVersion: 1,
  sessionTicket: "session-ticket-before",
  position: "1:7",
};
const RESUMED = { type: "resumed", sessionTicket: "session-ticket-after", connection: 2 } as const;
const command = (id: number, name = "producer.pause") =>
  ({ type: "command", id, settledBelow: 1, name, data: {} }) as const;
const reply = (id: number): ServerFrame => ({ type: "reply", id, ok: true, data: {} });

/** How long signaling waits for a node's answer. */
const NODE_TIMEOUT_MS = 5_000;

let signaling: ScriptedHttpSignaling;
let channel: HttpChannel;
let frames: ServerFrame[];
let closed: number[];

beforeEach(async () => {
  signaling = await ScriptedHttpSignaling.start();
  frames = [];
  closed = [];
  channel = await opened();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  channel.close();
  await signaling.close();
});

function opened(): Promise<HttpChannel> {
  return new Promise((resolve) => {
    const opening: HttpChannel = new HttpChannel(
      { url: signaling.url, sessionId: () => "s1" },
      {
        opened: () => resolve(opening),
        frame: (frame) => void frames.push(frame),
        closed: (code) => void closed.push(code),
      },
    );
  });
}

async function joined() {
  frames.length = 0;
  channel.send(JOIN);
  (await signaling.next("POST /v1/sessions")).answer(201, openedSession());
  const events = await signaling.next("GET");
  events.say(RESUMED);
  await expect.poll(() => frames).toHaveLength(2);
  frames.length = 0;
  return events;
}

describe("a join over HTTP", () => {
  it("is a request, and the stream of what follows its answer", async () => {
    channel.send(JOIN);
    const join = await signaling.next("POST /v1/sessions");
    const { type: _, ...request } = JOIN;
    expect(JSON.parse(join.body)).toEqual(request);
    const session = openedSession();
    join.answer(201, session);
    const events = await signaling.next("GET /v1/sessions/s1/events");
    expect(events.headers).toMatchObject({
      authorization: "Bearer session-ticket-of-epoch-1",
      "last-event-id": "1:0",
    });
    events.say(RESUMED);
    await expect.poll(() => frames).toHaveLength(2);
    const { sessionTicket } = RESUMED;
    expect(frames).toEqual([
      { type: "joined", ...session },
      { type: "session_ticket", sessionTicket },
    ]);
  });

  it("sends nothing before the stream has brought the ticket that counts", async () => {
    channel.send(JOIN);
    (await signaling.next("POST /v1/sessions")).answer(201, openedSession());
    const events = await signaling.next("GET");
    channel.send(command(1));
    channel.send(command(2));
    events.say(RESUMED);
    const sent = await signaling.next("POST /v1/sessions/s1/commands");
    expect(sent.headers.authorization).toBe(`Bearer ${RESUMED.sessionTicket}`);
    expect(sent.frames).toEqual([command(1), command(2)]);
  });

  it("tells a refusal, and closes if its code says so", async () => {
    channel.send(JOIN);
    (await signaling.next("POST")).refuse("registry_cold");
    await expect.poll(() => frames).toHaveLength(1);
    expect(closed).toEqual([]);
    channel.send(JOIN);
    (await signaling.next("POST")).refuse("banned");
    await expect.poll(() => closed).toEqual([4415]);
    expect(frames.map((frame) => frame.type === "error" && frame.error.code)).toEqual([
      "registry_cold",
      "banned",
    ]);
  });

  it.each([
    [404, { error: { code: "not_found", message: "an older signaling has no such route" } }],
    [502, "<h1>Bad gateway</h1>"],
    [201, "<h1>Welcome to this hotel's network</h1>"],
  ])("that something else answers (%i %j) is a loss", async (status, body) => {
    channel.send(JOIN);
    (await signaling.next("POST")).answer(status, body);
    await expect.poll(() => closed).toEqual([1006]);
    expect(frames).toEqual([]);
  });
});

describe("a session over HTTP", () => {
  it("is resumed where it was, and says so", async () => {
    channel.send(RESUME);
    const events = await signaling.next("GET /v1/sessions/s1/events");
    expect(events.headers).toMatchObject({
      authorization: "Bearer session-ticket-before",
      "last-event-id": "1:7",
    });
    events.say(RESUMED);
    await expect.poll(() => frames).toEqual([RESUMED]);
  });

  it("reads frames in whatever pieces they come, and drops what is not for it", async () => {
    const events = await joined();
    const message = "ä€😀 says hello";
    const event: RoomEvent = { name: "peers.joined", data: { peers: [peer(message)] } };
    events.say({ type: "pong" }, 1);
    events.say({ type: "event", position: "1:1", event }, 1);
    events.say({ type: "weather", data: "sunny" } as never);
    events.say({ type: "session_ticket", sessionTicket: "the-next-session-ticket" });
    await expect.poll(() => frames).toHaveLength(2);
    expect(frames[0]).toEqual({ type: "event", position: "1:1", event });
    expect((await signaling.next("POST")).frames).toEqual([{ type: "ping" }]);
    channel.send({ type: "ack", position: "1:1" });
    expect((await signaling.next("POST")).headers.authorization).toBe("Bearer the-next-session-ticket");
  });

  it("sends one request at a time: what comes meanwhile goes with the next, in order", async () => {
    await joined();
    channel.send(command(1));
    const first = await signaling.next("POST");
    for (const id of [2, 3]) channel.send(command(id));
    channel.send({ type: "ack", position: "1:3" });
    expect(signaling.waiting).toBe(0);
    first.answer(200, { frames: [reply(1), { type: "pong" }] });
    const second = await signaling.next("POST");
    expect(second.frames).toEqual([command(2), command(3), { type: "ack", position: "1:3", resend: false }]);
    second.answer(200, { frames: [reply(3), reply(2)] });
    await expect.poll(() => frames).toEqual([reply(1), reply(3), reply(2)]);
  });

  it("asks what the node answers late beside its other frames, which pass it", async () => {
    await joined();
    channel.send(command(1, "data_producer.await"));
    const late = await signaling.next("POST");
    channel.send(command(2));
    const second = await signaling.next("POST");
    expect([late.frames, second.frames]).toEqual([[command(1, "data_producer.await")], [command(2)]]);
    second.answer(200, { frames: [reply(2)] });
    await expect.poll(() => frames).toEqual([reply(2)]);
    late.answer(200, { frames: [reply(1)] });
    await expect.poll(() => frames).toEqual([reply(2), reply(1)]);
  });

  it("asks so in three requests at most, and sends them before later commands once it is attached", async () => {
    const posted = vi.spyOn(globalThis, "fetch");
    channel.send(RESUME);
    const events = await signaling.next("GET");
    channel.send(command(2, "data_producer.await"));
    channel.send(command(7));
    events.say(RESUMED);
    const early = [await signaling.next("POST"), await signaling.next("POST")];
    const bodies = posted.mock.calls.flatMap(([, request]) => request?.body ?? []);
    expect(bodies.map((body) => JSON.parse(String(body)).frames)).toEqual([
      [command(2, "data_producer.await")],
      [command(7)],
    ]);
    for (const id of [3, 4, 5, 6]) channel.send(command(id, "data_producer.await"));
    const more = [await signaling.next("POST"), await signaling.next("POST")];
    expect(more.map((request) => request.frames.length)).toEqual([1, 1]);
    expect(posted).toHaveBeenCalledTimes(5);
    more[0]?.answer(200, { frames: [] });
    const last = await signaling.next("POST");
    expect(last.frames).toEqual([5, 6].map((id) => command(id, "data_producer.await")));
    early[0]?.cut();
    await expect.poll(() => closed).toEqual([1006]);
  });

  it("proves that its client is there when the stream asks, without a timer and while a command hangs", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const events = await joined();
    channel.send(command(1));
    expect((await signaling.next("POST")).frames).toEqual([command(1)]);
    events.say({ type: "pong" });
    expect((await signaling.next("POST")).frames).toEqual([{ type: "ping" }]);
  });

  it("is lost when its stream falls silent", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    await joined();
    vi.advanceTimersByTime(2 * PING_INTERVAL_MS);
    expect(closed).toEqual([]);
    vi.advanceTimersByTime(PING_INTERVAL_MS);
    expect(closed).toEqual([1006]);
  });

  it("is lost with a request that hangs for longer than a node may take, with half the grace time left", async () => {
    await joined();
    const timeout = new AbortController();
    const asked = vi.spyOn(AbortSignal, "timeout").mockReturnValue(timeout.signal);
    channel.send(command(1));
    const hanging = await signaling.next("POST");
    const waitedMs = asked.mock.calls[0]?.[0];
    expect(waitedMs).toBeGreaterThan(NODE_TIMEOUT_MS);
    expect(waitedMs).toBeLessThanOrEqual(openedSession().graceMs / 2);
    timeout.abort();
    await hanging.closed;
    await expect.poll(() => closed).toEqual([1006]);
  });

  it("is lost with its stream, and with a request", async () => {
    (await joined()).end();
    await expect.poll(() => closed).toEqual([1006]);
    channel = await opened();
    const events = await joined();
    channel.send(command(1));
    (await signaling.next("POST")).cut();
    await expect.poll(() => closed).toEqual([1006, 1006]);
    await events.closed;
  });

  it("tells what ends it, from the stream or from a request", async () => {
    const events = await joined();
    events.say({ type: "error", error: { code: "peer_removed", message: "out" } });
    await expect.poll(() => closed).toEqual([4423]);
    channel = await opened();
    await joined();
    channel.send(command(1));
    const gone = { type: "error", error: { code: "session_gone", message: "gone" } };
    (await signaling.next("POST")).answer(200, { frames: [gone] });
    await expect.poll(() => frames).toEqual([gone]);
    // Nobody joins anew on what is left.
    expect(closed).toEqual([4423, 1006]);
  });

  it("leaves by DELETE, at once, whatever is on its way", async () => {
    await joined();
    channel.send(command(1));
    await signaling.next("POST");
    channel.send(command(2, "session.leave"));
    channel.close();
    const leave = await signaling.next("DELETE /v1/sessions/s1");
    expect(leave.headers.authorization).toBe(`Bearer ${RESUMED.sessionTicket}`);
    leave.answer(204, null);
  });

  it("leaves with the newer ticket, if the stream that it has just opened took the session first", async () => {
    channel.send(JOIN);
    (await signaling.next("POST /v1/sessions")).answer(201, openedSession());
    const events = await signaling.next("GET");
    await expect.poll(() => frames).toHaveLength(1);
    channel.send(command(1, "session.leave"));
    const early = await signaling.next("DELETE");
    expect(early.headers.authorization).toBe("Bearer session-ticket-of-epoch-1");
    early.refuse("session_replaced");
    events.say(RESUMED);
    const leave = await signaling.next("DELETE");
    expect(leave.headers.authorization).toBe(`Bearer ${RESUMED.sessionTicket}`);
    leave.answer(204, null);
    await expect.poll(() => frames).toContainEqual(reply(1));
  });

  it("tells that it has left", async () => {
    await joined();
    channel.send(command(1, "session.leave"));
    (await signaling.next("DELETE")).answer(204, null);
    await expect.poll(() => frames).toEqual([reply(1)]);
  });
});

const peer = (name: string) => ({ peerId: "p1", identity: "ann", name, metadata: "", joinedAtMs: 0 });
