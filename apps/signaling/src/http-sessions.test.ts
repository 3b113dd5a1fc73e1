import { encodeJson } from "@fairlead/bus";
import { FRAME_LIMIT, SESSION_BODY_LIMIT_BYTES, subjects } from "@fairlead/protocol";
import { generateKeySet, issueSessionTicket } from "@fairlead/tickets";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { HttpClient } from "./testing/http-client.ts";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

const pause = (id: number) =>
  ({ type: "command", id, settledBelow: id, name: "producer.pause", data: {} }) as const;
const PING = { type: "ping" } as const;
const long = (units: number) => ({ ...pause(1), data: { producerId: "\u20ac".repeat(units) } });

async function setUp(options?: Parameters<typeof startScriptedCluster>[0]) {
  const cluster = await startScriptedCluster(options);
  const open = async (identity = "ann") => {
    const client = new HttpClient(cluster.server.url);
    const opened = await client.open(await cluster.joinFrame("standup", identity));
    return { client, opened };
  };
  /** A session and the stream of its events. */
  const listen = async (identity?: string) => {
    const { client, opened } = await open(identity);
    const stream = await client.listen(opened.position);
    return { client, opened, stream };
  };
  const publishEvent = (sessionId: string, connection: number, position: string) => {
    const event = { name: "snapshot.ended" as const, data: {} };
    cluster.node.publish(sessionId, { type: "events", connection, events: [{ position, event }] });
    return { type: "event", position, event };
  };
  return { ...cluster, open, listen, publishEvent };
}

/** Sends a session, which is followed by its second connection, more than the system's and the client's own buffers take. */
async function flood(
  node: Awaited<ReturnType<typeof setUp>>["node"],
  { sessionId, epoch }: { sessionId: string; epoch: number },
) {
  const peer = { identity: "i".repeat(128), name: "", metadata: "m".repeat(4_096), joinedAtMs: 0 };
  const peers = Array.from({ length: 50 }, () => ({ ...peer, peerId: "p".repeat(64) }));
  let sequence = 1;
  for (; sequence < 400 && node.callsTo("session.detach").length === 0; sequence += 1) {
    const position = `${epoch}:${sequence}`;
    const event = { name: "peers.joined" as const, data: { peers } };
    node.publish(sessionId, { type: "events", connection: 2, events: [{ position, event }] });
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sequence;
}

async function refusalOf(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).error.code];
}

describe("a session over HTTP", () => {
  it("is joined, followed, asked and left", async () => {
    const { listen, publishEvent, node } = await setUp();
    const { client, opened, stream } = await listen();
    expect(opened).toMatchObject({ roomId: "standup", connection: 1 });
    const position = `${opened.epoch}:1`;
    const frame = publishEvent(opened.sessionId, 2, position);
    expect(await stream.next()).toEqual({ id: position, frame });
    expect(await client.send(PING, pause(1), { type: "ack", position })).toEqual([
      { type: "pong" },
      { type: "reply", id: 1, ok: true, data: { did: "producer.pause" } },
    ]);
    const { sessionId } = opened;
    expect(node.callsTo("session.ack").map(({ request }) => request)).toEqual([
      { sessionId, connection: 2, ack: { position, resend: false } },
    ]);
    expect((await client.leave()).status).toBe(204);
    expect(await stream.refusal()).toBe("session_left");
    expect((await client.leave()).status, "again").toBe(204);
    expect(node.callsTo("session.detach")).toEqual([]);
  });

  it("is the same when its join is sent again", async () => {
    const { server, joinFrame, node } = await setUp();
    const frame = await joinFrame();
    const first = await new HttpClient(server.url).open(frame);
    const second = await new HttpClient(server.url).open(frame);
    expect(second).toMatchObject({ sessionId: first.sessionId, connection: 2 });
    expect(node.callsTo("session.detach"), "each has its grace time").toEqual([]);
  });

  it("hears that its room has moved, and its stream ends", async () => {
    const { listen, bus, node } = await setUp();
    const { opened, stream } = await listen();
    const lease = { roomId: "standup", nodeId: "n", incarnation: "n-run", core: 0, epoch: opened.epoch + 1 };
    bus.publish(subjects.roomControl("standup"), encodeJson({ type: "moved", lease }));
    expect(await stream.frame("moved")).toEqual({ type: "moved", roomId: "standup", epoch: lease.epoch });
    expect(await stream.nextOrEnd()).toBeNull();
    expect(node.callsTo("session.detach"), "the old place is left alone").toEqual([]);
  });

  it("gets a fresh session ticket on its stream after half of the last one's life", async () => {
    const { listen } = await setUp({ limits: { sessionTicketTtlS: 1, sessionsAliveIntervalMs: 20 } });
    const { client, stream } = await listen();
    client.sessionTicket = (await stream.frame("session_ticket")).sessionTicket;
    expect(await client.send(PING)).toEqual([{ type: "pong" }]);
  });

  it("is told by a node's refusal that it is gone: the stream ends, and so do the answers", async () => {
    const { listen, node } = await setUp();
    const [ann, bob] = [await listen("ann"), await listen("bob")];
    node.publish(ann.opened.sessionId, {
      type: "ended",
      connection: 2,
      code: "session_gone",
      message: "no sign of life",
    });
    expect(await ann.stream.refusal()).toBe("session_gone");
    node.refuseNext("session.command", "lease_lost");
    expect(await bob.client.send(PING, pause(1), PING)).toMatchObject([
      ...[{ type: "pong" }, { type: "pong" }],
      { type: "error", error: { code: "session_gone" } },
    ]);
    node.kill();
    expect(await bob.client.send(pause(2), pause(3))).toMatchObject([
      { type: "error", error: { code: "session_gone" } },
    ]);
    expect((await bob.client.leave()).status).toBe(204);
  });

  it("has no reply to a command that its node did not answer in time, so that it is sent again", async () => {
    const { listen, node } = await setUp();
    const { client } = await listen();
    node.refuseNext("session.command", "node_timeout");
    expect(await client.send(pause(1), pause(2))).toMatchObject([{ type: "reply", id: 2, ok: true }]);
    expect(await client.send(pause(1))).toMatchObject([{ type: "reply", id: 1, ok: true }]);
  });

  it("that leaves by a command has its reply, and its stream ends", async () => {
    const { listen } = await setUp();
    const { client, stream } = await listen();
    const leave = { type: "command", id: 1, settledBelow: 1, name: "session.leave", data: {} } as const;
    expect(await client.send(leave)).toEqual([{ type: "reply", id: 1, ok: true, data: {} }]);
    expect(await stream.refusal()).toBe("session_left");
  });
});

describe("a session that is resumed over HTTP", () => {
  it("goes on at another instance, from its Last-Event-ID, without the registry", async () => {
    const { listen, serve, node, registry, server, publishEvent } = await setUp();
    const { client, opened } = await listen();
    const elsewhere = new HttpClient((await serve()).url);
    Object.assign(elsewhere, { sessionId: opened.sessionId, sessionTicket: client.sessionTicket });
    registry.place = () => expect.fail("the registry was asked");
    await server.close();
    const stream = await elsewhere.listen(`${opened.epoch}:7`);
    expect(node.callsTo("session.attach").at(-1)?.request).toMatchObject({
      sessionId: opened.sessionId,
      epoch: opened.epoch,
      position: `${opened.epoch}:7`,
    });
    const frame = publishEvent(opened.sessionId, 3, `${opened.epoch}:8`);
    expect((await stream.next()).frame).toEqual(frame);
  });

  it("replaces what it had before: the older stream, the older ticket and the older socket", async () => {
    const { listen, connect, resumeFrame, node } = await setUp();
    const { client, opened, stream } = await listen();
    const older = Object.assign(new HttpClient(client.url), { ...client });
    const newer = await client.listen(opened.position);
    expect(await stream.refusal()).toBe("session_replaced");
    for (const frame of [pause(1), { type: "ack", position: opened.position } as const])
      expect(await older.send(frame)).toMatchObject([{ type: "error", error: { code: "session_replaced" } }]);
    expect(await refusalOf(await older.leave())).toEqual([409, "session_replaced"]);

    const socket = await connect();
    socket.send(resumeFrame({ ...opened, type: "joined", sessionTicket: client.sessionTicket }));
    const { sessionTicket } = await socket.next("resumed");
    expect(await newer.refusal()).toBe("session_replaced");
    client.sessionTicket = sessionTicket;
    await client.listen(opened.position);
    expect(await socket.refusal()).toEqual(["session_replaced", 4421]);
    expect(node.callsTo("session.detach")).toEqual([]);
  });

  it.each([
    ["session_gone", [410, "session_gone"]],
    ["lease_lost", [410, "session_gone"]],
    ["node_timeout", [410, "session_gone"]],
    ["session_replaced", [409, "session_replaced"]],
  ] as const)("is answered by HTTP when its node refuses with %s", async (code, refusal) => {
    const { open, node } = await setUp();
    const { client, opened } = await open();
    node.refuseNext("session.attach", code);
    expect(await refusalOf(await client.get(opened.position))).toEqual(refusal);
    await client.listen(opened.position);
  });

  it("waits while the bus is away: bus_disconnected, for whatever is asked", async () => {
    const { listen, signalingBus, server, joinFrame } = await setUp({ limits: { busPatienceMs: 10 } });
    const { client, opened, stream } = await listen();
    signalingBus.cut();
    expect(await stream.refusal()).toBe("bus_disconnected");
    const body = JSON.stringify({ frames: [PING] });
    const join = JSON.stringify(await joinFrame());
    for (const ask of [
      () => client.get(opened.position),
      () => client.post(body),
      () => client.leave(),
      () => new HttpClient(server.url).request("POST", "", join),
    ])
      expect(await refusalOf(await ask())).toEqual([503, "bus_disconnected"]);
    signalingBus.restore();
    await client.listen(opened.position);
  });
});

describe("the stream of a session's events", () => {
  it("that its client cuts is detached, as a socket that closes is", async () => {
    const { listen, node } = await setUp();
    const { opened, stream } = await listen();
    await stream.cancel();
    const detached = () => node.callsTo("session.detach").map(({ request }) => request);
    await expect.poll(detached).toEqual([{ sessionId: opened.sessionId, connection: 2 }]);
  });

  it("that its client gives up before it began is detached too", async () => {
    const { open, node } = await setUp();
    const { client, opened } = await open();
    const [asked, given] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    node.answer("session.attach", async () => {
      asked.resolve();
      await given.promise;
      return { connection: 2 };
    });
    const giving = new AbortController();
    const response = client.get(opened.position, giving.signal);
    await asked.promise;
    giving.abort();
    await expect(response).rejects.toThrow();
    given.resolve();
    const detached = () => node.callsTo("session.detach").map(({ request }) => request);
    await expect.poll(detached).toEqual([{ sessionId: opened.sessionId, connection: 2 }]);
  });

  it("that nobody reads ends with slow_reader, and what waited is given up", async () => {
    const { listen, node } = await setUp({ limits: { sendBufferBytes: 100_000 } });
    const { opened, stream } = await listen();
    const sequence = await flood(node, opened);
    const types = [];
    for (let next = await stream.nextOrEnd(); next; next = await stream.nextOrEnd())
      types.push(next.frame.type === "error" ? next.frame.error.code : next.frame.type);
    expect(types.at(-1)).toBe("slow_reader");
    expect(types.length).toBeLessThan(sequence);
  });

  it("that has ended and that nobody reads is cut off, its connection with it", async () => {
    const { listen, node } = await setUp({ limits: { sendBufferBytes: 100_000, endedStreamMs: 50 } });
    const cutOff = Promise.withResolvers<unknown>();
    // All that the server of this runtime lets be seen of it.
    const told = vi.spyOn(console, "error").mockImplementation(cutOff.resolve);
    onTestFinished(() => told.mockRestore());
    const { opened, stream } = await listen();
    await flood(node, opened);
    expect(await cutOff.promise).toMatchObject({ message: "nobody read this stream to its end" });
    const readAll = async () => {
      while (await stream.nextOrEnd());
    };
    await expect(readAll()).rejects.toThrow("terminated");
  });

  it("is no proof of life, but what the client sends is", async () => {
    const { listen, join, beat, bus, node } = await setUp({ limits: { sessionsAliveIntervalMs: 10 } });
    const { client, opened } = await listen("ann");
    const bob = await join("standup", "bob");
    const held = { sessionId: bob.joined.sessionId, connection: 1 };
    for (let beats = 0; beats < 3; beats += 1) {
      bob.client.send({ type: "ping" });
      expect((await beat()).sessions).toEqual([held]);
    }
    const proofs: string[] = [];
    bus.subscribe(subjects.nodeSessions(node.incarnation), ({ data }) =>
      proofs.push(new TextDecoder().decode(data)),
    );
    await client.send(PING);
    const proof = JSON.stringify({ sessions: [{ sessionId: opened.sessionId, connection: 2 }] });
    expect(proofs).toContain(proof);
  });

  it("ends with shutting_down when its instance does, and the session lives on", async () => {
    const { listen, server, serve, node } = await setUp();
    const { client, opened, stream } = await listen();
    const elsewhere = await serve();
    await server.close();
    expect(await stream.refusal()).toBe("shutting_down");
    expect(node.callsTo("session.detach")).toEqual([]);
    const moved = Object.assign(new HttpClient(elsewhere.url), { ...client, url: elsewhere.url });
    await moved.listen(opened.position);
  });

  it("is not to be kept, nor to be held back by what is between", async () => {
    const { open } = await setUp();
    const { client, opened } = await open();
    const response = await client.get(opened.position);
    const header = (name: string) => response.headers.get(name);
    expect(header("content-type")).toBe("text/event-stream");
    expect(header("cache-control")).toBe("no-store, no-transform");
    expect(header("x-accel-buffering")).toBe("no");
    expect(header("access-control-allow-origin")).toBe("*");
    await response.body?.cancel();
  });
});

describe("requests of sessions over HTTP", () => {
  it("are refused without the session's own ticket", async () => {
    const { open, sessionKeys } = await setUp();
    const { client, opened } = await open();
    const other = await open("bob");
    const claims = {
      sub: "ann",
      session: opened.sessionId,
      peer: opened.peerId,
      room: "standup",
      node: "node-a",
      incarnation: "node-a-run",
      epoch: opened.epoch,
      ticketId: "t",
      connection: 1,
    };
    const long = { now: () => 1_000_000_000_000 };
    const wrong = [
      ["", "session_invalid"],
      ["no-ticket-at-all", "session_invalid"],
      [`${client.sessionTicket.slice(0, -8)}AAAAAAAA`, "session_invalid"],
      [other.client.sessionTicket, "session_invalid"],
      [await issueSessionTicket(await generateKeySet(), claims), "session_invalid"],
      [await issueSessionTicket(sessionKeys, claims, long), "session_expired"],
    ] as const;
    for (const [sessionTicket, code] of wrong) {
      client.sessionTicket = sessionTicket;
      for (const ask of [
        () => client.get(opened.position),
        () => client.post(JSON.stringify({ frames: [PING] })),
        () => client.leave(),
      ])
        expect(await refusalOf(await ask()), sessionTicket).toEqual([401, code]);
    }
  });

  it.each(["", "7", "1800000000000:", "1800000000000:-1", "a:b", `${"9".repeat(17)}:1`, "1:1\u00e9"])(
    "are refused with a Last-Event-ID that is none: %s",
    async (position) => {
      const { open, node } = await setUp();
      const { client } = await open();
      expect(await refusalOf(await client.get(position))).toEqual([400, "invalid_request"]);
      expect(node.callsTo("session.attach")).toEqual([]);
    },
  );

  it.each([
    ["no JSON", "{", [400, "invalid_request"]],
    ["no frames", '{"frames":[]}', [400, "invalid_request"]],
    ["what is no frame for here", '{"frames":[{"type":"join"}]}', [400, "invalid_request"]],
    ["51 frames", JSON.stringify({ frames: Array(51).fill(PING) }), [400, "invalid_request"]],
    ["too much", `"${"x".repeat(SESSION_BODY_LIMIT_BYTES)}"`, [413, "frame_too_large"]],
    [
      "a frame that is too long",
      JSON.stringify({ frames: [PING, long(FRAME_LIMIT)] }),
      [413, "frame_too_large"],
    ],
  ])("are refused with %s, and nothing is done", async (_what, body, refusal) => {
    const { open, node } = await setUp();
    const { client } = await open();
    expect(await refusalOf(await client.post(body))).toEqual(refusal);
    expect(node.callsTo("session.command")).toEqual([]);
  });

  it("may be as long as a frame on a WebSocket, whatever its letters take in UTF-8", async () => {
    const { listen, joinFrame, server } = await setUp();
    const { client } = await listen();
    const [reply] = await client.send(long(FRAME_LIMIT - 200));
    expect(reply).toMatchObject({ type: "reply", id: 1, ok: true });
    const join = async (length: number) =>
      new HttpClient(server.url).request(
        ...(["POST", "", JSON.stringify({ ...(await joinFrame()), pad: "\u20ac".repeat(length) })] as const),
      );
    expect((await join(FRAME_LIMIT / 2)).status).toBe(201);
    expect(await refusalOf(await join(FRAME_LIMIT))).toEqual([413, "frame_too_large"]);
  });

  it("that are too many for one session are refused, and no other session's", async () => {
    const { open } = await setUp({ limits: { framesPerSecond: 1, frameBurst: 40 } });
    const [ann, bob] = [await open("ann"), await open("bob")];
    await ann.client.listen(ann.opened.position);
    const pings = Array(15).fill(PING);
    expect(await ann.client.send(...pings)).toHaveLength(15);
    const response = await ann.client.post(JSON.stringify({ frames: pings }));
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await refusalOf(response)).toEqual([429, "too_many_frames"]);
    expect(await refusalOf(await ann.client.get(ann.opened.position))).toEqual([429, "too_many_frames"]);
    expect(await bob.client.send(...pings)).toHaveLength(15);
  });

  it("that leave count too, so that nobody asks a node without end for a session that is gone", async () => {
    const { open, node } = await setUp({ limits: { framesPerSecond: 0.001, frameBurst: 3 } });
    const { client } = await open();
    for (let index = 0; index < 3; index += 1) expect((await client.leave()).status).toBe(204);
    expect(await refusalOf(await client.leave())).toEqual([429, "too_many_frames"]);
    expect(node.callsTo("session.leave")).toHaveLength(3);
  });

  it("to join are refused as on a WebSocket, by HTTP status", async () => {
    const { server, joinFrame, node } = await setUp();
    const client = new HttpClient(server.url);
    const ask = async (change: object) =>
      refusalOf(await client.request("POST", "", JSON.stringify({ ...(await joinFrame()), ...change })));
    expect(await ask({ ticket: "x".repeat(64) })).toEqual([401, "ticket_invalid"]);
    expect(await ask({ protocolVersion: 2, rtpCapabilities: 7 })).toEqual([400, "protocol_unsupported"]);
    expect(await ask({ joinId: "short" })).toEqual([400, "invalid_request"]);
    node.refuseNext("room.join", "capabilities_mismatch");
    expect(await ask({})).toEqual([409, "capabilities_mismatch"]);
  });

  it("for a stream's headers alone open none", async () => {
    const { open, node } = await setUp();
    const { client, opened } = await open();
    const headers = { "Last-Event-ID": opened.position };
    const { status } = await client.request("HEAD", `/${opened.sessionId}/events`, undefined, headers);
    expect([status, node.callsTo("session.attach")]).toEqual([405, []]);
  });

  it("may come from a page of any origin, which its browser asks once", async () => {
    const { server } = await setUp();
    const response = await fetch(`${server.url}/v1/sessions/s/events`, {
      method: "OPTIONS",
      headers: {
        Origin: "https://app.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,last-event-id",
      },
    });
    const header = (name: string) => response.headers.get(`access-control-${name}`) ?? "";
    expect(response.status).toBe(204);
    expect(header("allow-headers").toLowerCase().split(/, ?/)).toEqual(
      expect.arrayContaining(["authorization", "last-event-id", "content-type"]),
    );
    expect(header("allow-methods")).toContain("DELETE");
    expect(Number(header("max-age"))).toBeGreaterThan(0);
  });
});
