import { encodeJson } from "@fairlead/bus";
import { FairleadError, subjects } from "@fairlead/protocol";
import { startScriptedNode } from "@fairlead/signaling/testing";
import { type Logger, silentLogger } from "@fairlead/telemetry";
import { generateKeySet, issueTicket } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";
import { TestClient } from "./testing/test-client.ts";

describe("joining over a WebSocket", () => {
  it("answers joined, and the node's events only after it", async () => {
    const { connect, joinFrame, node } = await startScriptedCluster();
    const client = await connect();
    client.send(await joinFrame());
    const joined = await client.next("joined");
    expect(joined).toMatchObject({ roomId: "standup", connection: 1, sessionTicket: expect.any(String) });
    expect(await client.next("event")).toMatchObject({ position: `${joined.epoch}:1` });
    expect(node.callsTo("room.join")).toHaveLength(1);
  });

  it("asks the registry once and the node once", async () => {
    const { join, registry, node } = await startScriptedCluster();
    let places = 0;
    const place = registry.place.bind(registry);
    registry.place = (request) => {
      places += 1;
      return place(request);
    };
    await join();
    expect([places, node.calls.map(({ name }) => name)]).toEqual([1, ["room.join"]]);
  });

  it("finds the first session when a join is sent again on a new socket, whose events follow there", async () => {
    const { connect, joinFrame, node } = await startScriptedCluster();
    const [lost, client] = [await connect(), await connect()];
    const frame = await joinFrame();
    lost.send(frame);
    const first = await lost.next("joined");
    await lost.next("event");
    client.send(frame);
    const second = await client.next("joined");
    expect(second).toMatchObject({ sessionId: first.sessionId, connection: 2 });
    const event = { name: "snapshot.ended" as const, data: {} };
    node.publish(first.sessionId, {
      type: "events",
      connection: 2,
      events: [{ position: `${first.epoch}:2`, event }],
    });
    expect(await client.next("event")).toMatchObject({ position: `${first.epoch}:2` });
    expect(await lost.refusal()).toEqual(["session_replaced", 4421]);
  });

  it("refuses tickets that are expired, tampered with or of another key, each by its code", async () => {
    const { connect, joinFrame } = await startScriptedCluster();
    const frame = await joinFrame();
    const grants = { publish: [], subscribe: true, data: false, moderate: false };
    const input = { room: "standup", identity: "eve", grants };
    const stranger = await issueTicket(await generateKeySet(), input);
    const refused = async (ticket: string) => {
      const client = await connect();
      client.send({ ...frame, ticket });
      return client.refusal();
    };
    expect(await refused(stranger.ticket)).toEqual(["ticket_unknown_key", 4407]);
    const [header, payload, signature] = frame.ticket.split(".");
    const flipped = signature?.startsWith("A") ? "B" : "A";
    expect(await refused(`${header}.${payload}.${flipped}${signature?.slice(1)}`)).toEqual([
      "ticket_invalid",
      4401,
    ]);
  });

  it("refuses a banned identity, and a room when nothing has capacity", async () => {
    const { connect, joinFrame, registry, node } = await startScriptedCluster();
    await registry.updateRoom("standup", { ban: { identity: "ann" } });
    const banned = await connect();
    banned.send(await joinFrame());
    expect(await banned.refusal()).toEqual(["banned", 4415]);
    await registry.removeNode(node.incarnation);
    const late = await connect();
    late.send(await joinFrame("other"));
    expect(await late.refusal()).toEqual(["no_capacity", 4503]);
  });

  it("tells a client of another protocol which ones are spoken", async () => {
    const { connect, joinFrame } = await startScriptedCluster();
    const client = await connect();
    client.send({ ...(await joinFrame()), protocolVersion: 999 });
    expect((await client.next("error")).error).toMatchObject({
      code: "protocol_unsupported",
      detail: { supported: [1] },
    });
    expect(await client.closed).toBe(4406);
  });

  it("leaves the socket open after capabilities_mismatch, for a join with the fresh ones", async () => {
    const { connect, joinFrame, node } = await startScriptedCluster();
    node.refuseNext("room.join", "capabilities_mismatch");
    const client = await connect();
    client.send(await joinFrame());
    expect((await client.next("error")).error.code).toBe("capabilities_mismatch");
    client.send(await joinFrame());
    await client.next("joined");
  });

  it("places again, elsewhere, when a core says that it is full", async () => {
    const { connect, joinFrame, node, registry } = await startScriptedCluster();
    const place = registry.place.bind(registry);
    const excluded: unknown[] = [];
    registry.place = async (request) => {
      excluded.push(request.exclude?.map(({ core }) => core));
      const placement = await place(request);
      // A room without peers may be placed anew, as the lease's owner would.
      if (excluded.length === 1) await registry.release(placement.lease);
      return placement;
    };
    node.refuseNext("room.join", "core_full");
    const client = await connect();
    client.send(await joinFrame());
    await client.next("joined");
    expect(excluded).toEqual([undefined, [0]]);
  });

  it("says core_full at once when the room can't leave its core, and keeps the socket", async () => {
    const { connect, joinFrame, node } = await startScriptedCluster();
    node.refuseNext("room.join", "core_full");
    const client = await connect();
    client.send(await joinFrame());
    expect((await client.next("error")).error).toMatchObject({ code: "core_full", retryAfterMs: 2_000 });
    client.send(await joinFrame());
    await client.next("joined");
  });

  it.each(["lease_lost", "node_unreachable", "node_timeout"] as const)(
    "places again, naming the suspect, after %s",
    async (code) => {
      const { connect, joinFrame, node, registry } = await startScriptedCluster();
      const place = registry.place.bind(registry);
      const suspects: unknown[] = [];
      registry.place = (request) => {
        suspects.push(request.suspect);
        return place(request);
      };
      node.refuseNext("room.join", code);
      const client = await connect();
      client.send(await joinFrame());
      await client.next("joined");
      expect(suspects).toEqual([undefined, node.incarnation]);
    },
  );

  it("goes to another node when the room's own is dead", async () => {
    const { join, connect, joinFrame, node, clock, bus, registry } = await startScriptedCluster();
    await join();
    const other = await startScriptedNode(bus, registry, { nodeId: "node-b" });
    node.kill();
    for (let beats = 0; beats < 3; beats += 1) {
      clock.nowMs += 500;
      await other.beat();
    }
    const client = await connect();
    client.send(await joinFrame("standup", "bob"));
    await client.next("joined");
    expect(other.callsTo("room.join")).toHaveLength(1);
  });

  it("waits no longer for a node that hangs once the room is heard to have left it", async () => {
    const { connect, joinFrame, node, bus } = await startScriptedCluster();
    const asked = node.hangNext("room.join");
    const client = await connect();
    client.send(await joinFrame());
    const { lease } = await asked;
    const moved = { type: "moved", lease: { ...lease, epoch: lease.epoch + 1 } };
    bus.publish(subjects.roomControl("standup"), encodeJson(moved));
    await client.next("joined");
    expect(node.callsTo("room.join")).toHaveLength(2);
  });

  it("does not place again for a client that has left", async () => {
    const abandoned = Promise.withResolvers<void>();
    const note = (event: string) => event === "join.abandoned" && abandoned.resolve();
    const log: Logger = { ...silentLogger, debug: note, child: () => log };
    const { connect, joinFrame, node } = await startScriptedCluster({
      log,
      limits: { retryDelaysMs: [500, 1] },
    });
    const client = await connect();
    node.answer("room.join", async () => {
      client.socket.terminate();
      throw new FairleadError("lease_lost");
    });
    client.send(await joinFrame());
    await abandoned.promise;
    expect(node.callsTo("room.join")).toHaveLength(1);
  });

  it("gives up after a bounded number of tries, with the last refusal", async () => {
    const { connect, joinFrame, node } = await startScriptedCluster();
    node.kill();
    const client = await connect();
    client.send(await joinFrame());
    expect((await client.next("error")).error.code).toBe("node_unreachable");
  });

  it("frees the session when its client goes before it is open", async () => {
    const { connect, joinFrame, node, bus, registry } = await startScriptedCluster();
    const detached = Promise.withResolvers<void>();
    const place = registry.place.bind(registry);
    const client = await connect();
    registry.place = async (request) => {
      await client.close();
      return place(request);
    };
    const heard = bus.subscribe(`fairlead.node.${node.incarnation}.call`, ({ data }) => {
      if (new TextDecoder().decode(data).includes("session.detach")) detached.resolve();
    });
    client.send(await joinFrame());
    await detached.promise;
    heard.unsubscribe();
    expect(node.callsTo("room.join")).toHaveLength(1);
  });

  it.each([
    ["stays", (client: TestClient) => client.next("pong")],
    ["is lost", (client: TestClient) => client.close()],
  ])("leaves a session that its client has given up before it is open, whose socket %s", async (_, then) => {
    const { connect, joinFrame, node, registry } = await startScriptedCluster();
    const client = await connect();
    const place = registry.place.bind(registry);
    registry.place = async (request) => {
      client.send({ type: "command", id: 1, settledBelow: 1, name: "session.leave", data: {} });
      client.send({ type: "ping" });
      await then(client);
      return place(request);
    };
    client.send(await joinFrame());
    const calls = () => node.callsTo("session.command").map(({ request }) => JSON.stringify(request));
    await expect.poll(calls).toEqual([expect.stringContaining("session.leave")]);
  });

  it("never sees tickets in the log", async () => {
    const lines: string[] = [];
    const write = (event: string, fields: unknown) =>
      void lines.push(
        event + JSON.stringify(fields, (_key, value) => (value instanceof Error ? String(value) : value)),
      );
    const log = { error: write, warn: write, info: write, debug: write, child: () => log };
    const { connect, joinFrame } = await startScriptedCluster({ log });
    const client = await connect();
    const frame = await joinFrame();
    client.send(frame);
    const { sessionTicket } = await client.next("joined");
    const bad = await connect();
    bad.send({ ...frame, ticket: `${frame.ticket}x` });
    await bad.refusal();
    expect(lines.length).toBeGreaterThan(1);
    for (const secret of [frame.ticket, sessionTicket])
      expect(lines.filter((line) => line.includes(secret.slice(0, 40)))).toEqual([]);
  });

  it("is told of a move of its room, and joins again on the same socket", async () => {
    const { join, joinFrame, bus, node } = await startScriptedCluster();
    const { client, joined } = await join();
    const lease = { roomId: "standup", nodeId: "n", incarnation: "n-run", core: 0, epoch: joined.epoch + 1 };
    bus.publish(
      subjects.roomControl("standup"),
      encodeJson({ type: "moved", lease: { ...lease, epoch: joined.epoch } }),
    );
    bus.publish(subjects.roomControl("standup"), encodeJson({ type: "moved", lease }));
    expect(await client.next("moved")).toEqual({ type: "moved", roomId: "standup", epoch: lease.epoch });
    client.send({ ...(await joinFrame()), previousSession: joined.sessionTicket });
    const again = await client.next("joined");
    expect(again.sessionId).not.toBe(joined.sessionId);
    expect(node.callsTo("session.detach"), "the old place is left alone").toEqual([]);
  });
});

describe("the trace of an upgrade", () => {
  it("goes with what the client does on its socket", async () => {
    const { server, joinFrame, node } = await startScriptedCluster();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const came: unknown[] = [];
    node.answer("session.command", ({ command }, headers) => {
      came.push(headers);
      return { type: "reply", id: command.id, ok: true, data: {} };
    });
    const client = await TestClient.connect(server.url, { traceparent });
    client.send(await joinFrame());
    await client.next("joined");
    await client.next("event");
    client.send({ type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: {} });
    await client.next("reply");
    expect(came).toEqual([{ traceparent }]);
    await client.close();
  });
});

describe("clients that come all at once", () => {
  const limits = { openings: { perSecond: 0.001, burst: 2 } };

  it("come back within ten seconds when they are too many, by WebSocket and by HTTP", async () => {
    const { connect, join, joinFrame, resumeFrame, server } = await startScriptedCluster({ limits });
    const { joined } = await join();
    await join("standup", "bob");
    const late = await connect();
    late.send(resumeFrame(joined));
    const { error } = await late.next("error");
    expect(error).toMatchObject({ code: "signaling_full", retryAfterMs: expect.any(Number) });
    expect(error.retryAfterMs).toBeLessThanOrEqual(10_000);
    expect(await late.closed).toBe(4505);
    const { type: _, ...body } = await joinFrame();
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(`${server.url}/v1/sessions`, init);
    expect([answer.status, (await answer.json()).error.code]).toEqual([503, "signaling_full"]);
    expect(answer.headers.has("retry-after")).toBe(true);
  });

  it("do not keep back who was in already and whose room has moved, and strangers do not count", async () => {
    const { connect, join, joinFrame, node } = await startScriptedCluster({ limits });
    const { client, joined } = await join();
    await join("standup", "bob");
    const stranger = await connect();
    stranger.send({ ...(await joinFrame()), ticket: "a-ticket-of-a-stranger" });
    expect((await stranger.next("error")).error.code).toBe("ticket_invalid");
    node.publish(joined.sessionId, { type: "ended", connection: 1, code: "session_gone", message: "" });
    await client.next("error");
    client.send({ ...(await joinFrame()), previousSession: joined.sessionTicket });
    await client.next("joined");
  });
});
