import {
  type EventsAddressee,
  FRAME_LIMIT,
  formatInboxMessage,
  type NodeCallRequest,
  subjects,
} from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

describe("frames of a WebSocket", () => {
  it("are answered: ping by pong, commands by the node's reply", async () => {
    const { join } = await startScriptedCluster();
    const { client } = await join();
    client.send({ type: "ping" });
    await client.next("pong");
    client.send({ type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: {} });
    expect(await client.next("reply")).toEqual({
      type: "reply",
      id: 1,
      ok: true,
      data: { did: "producer.pause" },
    });
  });

  it("that name no command get unknown_command, and the socket stays", async () => {
    const { join, node } = await startScriptedCluster();
    const { client } = await join();
    for (const [id, name] of [
      [1, "room.destroy"],
      [2, "toString"],
    ] as const) {
      client.send({ type: "command", id, settledBelow: id, name, data: {} });
      expect(await client.next("reply")).toMatchObject({ id, ok: false, error: { code: "unknown_command" } });
    }
    expect(node.callsTo("session.command")).toEqual([]);
  });

  it.each([
    ["not JSON", "{", ["invalid_frame", 4400]],
    ["not a frame", '{"type":"sing"}', ["invalid_frame", 4400]],
    ["a second join", null, ["invalid_frame", 4400]],
    ["over the limit", `"${"x".repeat(FRAME_LIMIT)}"`, ["frame_too_large", 4413]],
  ])("that are %s close their socket, and no other", async (_what, text, refusal) => {
    const { join, joinFrame } = await startScriptedCluster();
    const [culprit, bystander] = [await join("standup", "ann"), await join("standup", "bob")];
    culprit.client.sendText(text ?? JSON.stringify(await joinFrame()));
    expect(await culprit.client.refusal()).toEqual(refusal);
    bystander.client.send({ type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: {} });
    expect(await bystander.client.next("reply")).toMatchObject({ ok: true });
  });

  it("that are binary are refused, and far too large ones cut off while they come", async () => {
    const { connect, join } = await startScriptedCluster();
    const bystander = await join();
    const binary = await connect();
    binary.socket.send(new TextEncoder().encode('{"type":"ping"}'), { binary: true });
    expect(await binary.refusal()).toEqual(["invalid_frame", 4400]);
    const huge = await connect();
    huge.sendText("x".repeat(1_000_000));
    expect(await huge.closed).toBe(1009);
    bystander.client.send({ type: "ping" });
    await bystander.client.next("pong");
  });

  it("that are too many close their socket", async () => {
    const { join } = await startScriptedCluster({ limits: { framesPerSecond: 1, frameBurst: 40 } });
    const [culprit, bystander] = [await join("standup", "ann"), await join("standup", "bob")];
    for (let n = 0; n < 50; n += 1) culprit.client.send({ type: "ping" });
    expect(await culprit.client.closed).toBe(4429);
    expect(culprit.client.frames.at(-1)).toMatchObject({ type: "error", error: { code: "too_many_frames" } });
    bystander.client.send({ type: "ping" });
    await bystander.client.next("pong");
  });

  it("must begin with join or resume", async () => {
    const { connect } = await startScriptedCluster();
    const client = await connect();
    client.send({ type: "command", id: 1, settledBelow: 1, name: "session.leave", data: {} });
    expect(await client.refusal()).toEqual(["invalid_frame", 4400]);
  });

  it("must come: join_timeout before the first, idle_timeout after", async () => {
    const { connect, join } = await startScriptedCluster({
      limits: { joinTimeoutMs: 150, socketIdleMs: 150 },
    });
    const silent = await connect();
    silent.send({ type: "ping" });
    await silent.next("pong");
    expect(await silent.refusal()).toEqual(["join_timeout", 4408]);
    const { client } = await join();
    expect(await client.refusal()).toEqual(["idle_timeout", 4410]);
  });

  it("that do not come are asked for by a pong, once and in time: a hidden tab answers, though its timers hardly run", async () => {
    const socketIdleMs = 3_000;
    const { join } = await startScriptedCluster({ limits: { socketIdleMs } });
    const [hidden, gone] = [await join(), await join()];
    await hidden.client.next("pong");
    hidden.client.send({ type: "ping" });
    await gone.client.next("pong");
    expect(await gone.client.refusal()).toEqual(["idle_timeout", 4410]);
    hidden.client.send({ type: "ping" });
    await hidden.client.next("pong");
    expect(hidden.client.frames.filter(({ type }) => type === "error")).toEqual([]);
  });

  it("that a client does not read close its socket with slow_reader", async () => {
    const { join, node } = await startScriptedCluster({ limits: { sendBufferBytes: 100_000 } });
    const { client, joined } = await join();
    client.socket.pause();
    const peerId = "p".repeat(64);
    const peers = Array.from({ length: 50 }, () => ({
      peerId,
      identity: "i".repeat(128),
      name: "",
      metadata: "m".repeat(4_096),
      joinedAtMs: 0,
    }));
    const detached = node.callsTo("session.detach").length;
    // More than the system's socket buffers take.
    for (
      let sequence = 2;
      sequence < 100 && node.callsTo("session.detach").length === detached;
      sequence += 1
    ) {
      const position = `${joined.epoch}:${sequence}`;
      node.publish(joined.sessionId, {
        type: "events",
        connection: 1,
        events: [{ position, event: { name: "peers.joined", data: { peers } } }],
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.socket.resume();
    expect(await client.closed).toBe(4411);
  });

  it("of the node reach the client: transients, and the end of the session with its close code", async () => {
    const { join, node } = await startScriptedCluster();
    const { client, joined } = await join();
    const transient = { name: "audio.levels" as const, data: { levels: [] } };
    node.publish(joined.sessionId, { type: "transient", connection: 1, transient });
    expect(await client.next("transient")).toEqual({ type: "transient", transient });
    node.publish(joined.sessionId, { type: "ended", connection: 1, code: "peer_removed", message: "bye" });
    expect((await client.next("error")).error).toEqual({ code: "peer_removed", message: "bye" });
    expect(await client.closed).toBe(4423);
  });

  it("hold several events only for a client that takes them", async () => {
    const { connect, joinFrame, node, bus } = await startScriptedCluster();
    const items = ['{"name":"of.tomorrow","data":1}', '{"name":"of.tomorrow","data":2}'];
    const framesOf = async (identity: string, takesSeveral?: boolean) => {
      const client = await connect();
      client.send({ ...(await joinFrame("standup", identity)), takesSeveral });
      const { sessionId } = await client.next("joined");
      await client.next("event");
      const [call] = node.callsTo("room.join").slice(-1);
      const { inbox = "" } = (call?.request ?? {}) as Partial<NodeCallRequest<"room.join">>;
      const to: EventsAddressee[] = [[sessionId, 1, "9:1"]];
      const message = formatInboxMessage({ header: { type: "events", to }, items });
      bus.publish(subjects.inbox(inbox), new TextEncoder().encode(message));
      const frames = [await client.nextFrame()];
      return takesSeveral ? frames : [...frames, await client.nextFrame()];
    };
    const events = items.map((item) => JSON.parse(item));
    expect(await framesOf("ann")).toEqual([
      { type: "event", position: "9:1", event: events[0] },
      { type: "event", position: "9:2", event: events[1] },
    ]);
    expect(await framesOf("bob", true)).toEqual([{ type: "events", position: "9:1", events }]);
  });

  it("of a node that make no sense are dropped, and later ones come", async () => {
    const { join, node, bus } = await startScriptedCluster();
    const { client, joined } = await join();
    bus.publish(subjects.session(joined.sessionId), new TextEncoder().encode('{"type":"sing"}'));
    node.publish(joined.sessionId, { type: "ended", connection: 1, code: "room_closed", message: "" });
    expect(await client.refusal()).toEqual(["room_closed", 4424]);
  });

  it("acknowledge by ping with the next proof of life, once", async () => {
    const { join, hearProofs } = await startScriptedCluster({ limits: { sessionsAliveIntervalMs: 100 } });
    const { client, joined } = await join();
    const proofs = hearProofs();
    const session = { sessionId: joined.sessionId, connection: 1 };
    client.send({ type: "ping", position: `${joined.epoch}:1` });
    await expect
      .poll(() => proofs, { timeout: 10_000 })
      .toContainEqual({ ...session, position: `${joined.epoch}:1` });
    client.send({ type: "ping" });
    await expect.poll(() => proofs.slice(1), { timeout: 10_000 }).toContainEqual(session);
  });

  it("acknowledge at the node", async () => {
    const { join, node } = await startScriptedCluster();
    const { client, joined } = await join();
    client.send({ type: "ack", position: `${joined.epoch}:1`, resend: true });
    client.send({ type: "ping" });
    await client.next("pong");
    expect(node.callsTo("session.ack")).toEqual([
      {
        name: "session.ack",
        request: {
          sessionId: joined.sessionId,
          connection: 1,
          ack: { position: `${joined.epoch}:1`, resend: true },
        },
      },
    ]);
  });
});

describe("commands that a node does not answer", () => {
  it("get no reply after a time-out, so that the client sends them again", async () => {
    const { join, node } = await startScriptedCluster();
    const { client } = await join();
    node.refuseNext("session.command", "node_timeout");
    const command = { type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: {} } as const;
    client.send(command);
    client.send(command);
    expect(await client.next("reply")).toMatchObject({ id: 1, ok: true });
    expect([node.callsTo("session.command").length, client.frames.length]).toEqual([2, 3]);
  });

  it.each(["session_gone", "lease_lost"] as const)(
    "because of %s make the client join anew",
    async (code) => {
      const { join, joinFrame, node } = await startScriptedCluster();
      const { client } = await join();
      node.refuseNext("session.command", code);
      client.send({ type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: {} });
      expect((await client.next("error")).error.code).toBe("session_gone");
      client.send(await joinFrame());
      await client.next("joined");
    },
  );

  it("because it is gone make the client join anew, but a moment without it does not", async () => {
    const { join, node } = await startScriptedCluster();
    const { client } = await join();
    node.refuseNext("session.command", "node_unreachable");
    client.send({ type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: {} });
    expect(await client.next("reply")).toMatchObject({ id: 1, ok: true });
    node.kill();
    client.send({ type: "command", id: 2, settledBelow: 2, name: "producer.pause", data: {} });
    expect((await client.next("error")).error.code).toBe("session_gone");
  });
});
