import { encodeJson } from "@fairlead/bus";
import { FairleadError, subjects } from "@fairlead/protocol";
import { verifySessionTicket } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

describe("resuming over a WebSocket", () => {
  it("attaches to the same session on another instance, without the registry", async () => {
    const { join, connect, resumeFrame, serve, registry, node } = await startScriptedCluster();
    const { client, joined } = await join();
    await client.close();
    registry.place = () => Promise.reject(new FairleadError("registry_unreachable"));
    registry.describeRoom = () => Promise.reject(new FairleadError("registry_unreachable"));
    const elsewhere = await connect((await serve()).url);
    elsewhere.send(resumeFrame(joined));
    expect(await elsewhere.next("resumed")).toMatchObject({ connection: 2 });
    expect(node.callsTo("session.attach")[0]?.request).toMatchObject({
      sessionId: joined.sessionId,
      epoch: joined.epoch,
      position: joined.position,
    });
    elsewhere.send({ type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: {} });
    expect(await elsewhere.next("reply")).toMatchObject({ id: 1, ok: true });
    expect(node.callsTo("session.command")[0]?.request).toMatchObject({ connection: 2 });
  });

  it("closes the older socket with session_replaced, and detaches nobody", async () => {
    const { join, connect, resumeFrame, node } = await startScriptedCluster();
    const { client, joined } = await join();
    const newer = await connect();
    newer.send(resumeFrame(joined));
    await newer.next("resumed");
    expect(await client.refusal()).toEqual(["session_replaced", 4421]);
    newer.send({ type: "ping" });
    await newer.next("pong");
    expect(node.callsTo("session.detach")).toEqual([]);
  });

  it("counts the resumes of a session, over sockets and streams together, before its node is asked", async () => {
    const { join, connect, resumeFrame, node, server } = await startScriptedCluster({
      limits: { resumes: { perSecond: 1, burst: 2 } },
      clockStands: true,
    });
    const { joined } = await join();
    const resume = async () => {
      const client = await connect();
      client.send(resumeFrame(joined));
      return client;
    };
    await (await resume()).next("resumed");
    const stream = await fetch(`${server.url}/v1/sessions/${joined.sessionId}/events`, {
      headers: { authorization: `Bearer ${joined.sessionTicket}`, "last-event-id": joined.position },
    });
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
    const third = await resume();
    expect((await third.next("error")).error).toMatchObject({ code: "too_many_frames", retryAfterMs: 1_000 });
    expect(await third.closed).toBe(4429);
    expect(node.callsTo("session.attach")).toHaveLength(2);
    const other = await join("standup", "bob");
    const others = await connect();
    others.send(resumeFrame(other.joined));
    await others.next("resumed");
  });

  it.each(["session_gone", "lease_lost", "node_timeout"] as const)(
    "answers session_gone after %s, and the socket takes a join",
    async (code) => {
      const { join, connect, resumeFrame, joinFrame, node } = await startScriptedCluster();
      const { joined } = await join();
      const client = await connect();
      node.refuseNext("session.attach", code);
      client.send(resumeFrame(joined));
      expect((await client.next("error")).error.code).toBe("session_gone");
      client.send({ type: "ack", position: joined.position });
      client.send({ ...(await joinFrame()), previousSession: joined.sessionTicket });
      await client.next("joined");
    },
  );

  it("answers session_gone at once when the node hangs and the room is heard to have left it", async () => {
    const { join, connect, resumeFrame, node, bus } = await startScriptedCluster();
    const { joined } = await join();
    const asked = node.hangNext("session.attach");
    const client = await connect();
    client.send(resumeFrame(joined));
    await asked;
    const lease = { roomId: "standup", nodeId: "n", incarnation: "n-run", core: 0, epoch: joined.epoch + 1 };
    bus.publish(subjects.roomControl("standup"), encodeJson({ type: "moved", lease }));
    expect((await client.next("error")).error.code).toBe("session_gone");
  });

  it("answers session_gone when the node is gone, but outlasts a moment without it", async () => {
    const { join, connect, resumeFrame, node } = await startScriptedCluster();
    const { joined } = await join();
    node.refuseNext("session.attach", "node_unreachable");
    const patient = await connect();
    patient.send(resumeFrame(joined));
    await patient.next("resumed");
    node.kill();
    const late = await connect();
    late.send(resumeFrame(joined));
    expect((await late.next("error")).error.code).toBe("session_gone");
  });

  it("refuses a session ticket that is none", async () => {
    const { join, connect, resumeFrame } = await startScriptedCluster();
    const { joined } = await join();
    const client = await connect();
    client.send(resumeFrame({ ...joined, sessionTicket: `${joined.sessionTicket.slice(0, -8)}AAAAAAAA` }));
    expect(await client.refusal()).toEqual(["session_invalid", 4412]);
  });

  it("gets a fresh session ticket after half of the last one's life", async () => {
    const { join, connect, resumeFrame } = await startScriptedCluster({
      limits: { sessionTicketTtlS: 1, sessionsAliveIntervalMs: 20 },
    });
    const { client, joined } = await join();
    const { sessionTicket } = await client.next("session_ticket");
    const other = await connect();
    other.send(resumeFrame({ ...joined, sessionTicket }));
    await other.next("resumed");
  });

  it("has the peer id and the joining time in every session ticket: of the join, of the resume, and renewed", async () => {
    const cluster = await startScriptedCluster({
      limits: { sessionTicketTtlS: 2, sessionsAliveIntervalMs: 20 },
    });
    const { joined } = await cluster.join();
    const other = await cluster.connect();
    other.send(cluster.resumeFrame(joined));
    const resumed = await other.next("resumed");
    const renewed = await other.next("session_ticket");
    for (const { sessionTicket } of [joined, resumed, renewed])
      expect(await verifySessionTicket(cluster.sessionKeys, sessionTicket)).toMatchObject({
        peer: joined.peerId,
        joinedAtMs: joined.joinedAtMs,
      });
  });
});
