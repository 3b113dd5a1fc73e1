import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

const limits = { busPatienceMs: 30 };
const command = (id: number) =>
  ({ type: "command", id, settledBelow: id, name: "producer.pause", data: {} }) as const;

describe("a bus that is away for a moment", () => {
  it("is not mentioned, and asked for what came after the last acknowledged event", async () => {
    const { join, node, signalingBus } = await startScriptedCluster();
    const { client, joined } = await join();
    const position = `${joined.epoch}:1`;
    client.send({ type: "ack", position });
    client.send({ type: "ping" });
    await client.next("pong");
    signalingBus.cut();
    signalingBus.restore();
    client.send(command(1));
    expect(await client.next("reply")).toMatchObject({ ok: true });
    const acks = node.callsTo("session.ack").map(({ request }) => (request as { ack: unknown }).ack);
    expect(acks).toEqual([
      { position, resend: false },
      { position, resend: true },
    ]);
  });

  it("is asked from the beginning by who had not acknowledged anything", async () => {
    const { join, node, signalingBus } = await startScriptedCluster();
    const { joined } = await join();
    signalingBus.cut();
    signalingBus.restore();
    await expect.poll(() => node.callsTo("session.ack").length).toBe(1);
    expect(node.callsTo("session.ack")[0]?.request).toMatchObject({
      ack: { position: joined.position, resend: true },
    });
  });

  it.each(["session_gone", ...(["session_replaced", "peer_removed", "room_closed"] as const)] as const)(
    "lets the end of a session be found out of which nothing was heard: %s",
    async (code) => {
      const { join, node, signalingBus } = await startScriptedCluster();
      const { client } = await join();
      node.refuseNext("session.ack", code);
      signalingBus.cut();
      signalingBus.restore();
      expect((await client.next("error")).error.code).toBe(code);
    },
  );

  it("may give back nodes later than this process: nobody loses the session for it", async () => {
    const { join, node, signalingBus } = await startScriptedCluster({ limits: { retryDelaysMs: [] } });
    const { client } = await join();
    signalingBus.cut();
    signalingBus.restore();
    node.refuseNext("session.ack", "node_unreachable");
    node.refuseNext("session.command", "node_unreachable");
    client.send(command(1));
    expect(await client.next("reply")).toMatchObject({ id: 1, ok: true });
    const calls = () => node.callsTo("session.ack").length + node.callsTo("session.command").length;
    await expect.poll(calls).toBe(4);
    expect(client.frames.filter(({ type }) => type === "error")).toEqual([]);
  });
});

describe("a bus that stays away", () => {
  it("is told to each client on its open socket, which resumes there when the bus is back", async () => {
    const { join, node, signalingBus, resumeFrame } = await startScriptedCluster({ limits });
    const [ann, bob] = [await join("standup", "ann"), await join("standup", "bob")];
    signalingBus.cut();
    for (const { client } of [ann, bob])
      expect((await client.next("error")).error.code).toBe("bus_disconnected");
    ann.client.send(resumeFrame(ann.joined));
    expect((await ann.client.next("error")).error.code).toBe("bus_disconnected");
    expect(node.callsTo("session.attach")).toEqual([]);
    signalingBus.restore();
    for (const { client, joined } of [ann, bob]) {
      client.send(resumeFrame(joined));
      expect(await client.next("resumed")).toMatchObject({ connection: 2 });
      client.send(command(1));
      expect(await client.next("reply")).toMatchObject({ id: 1, ok: true });
    }
    expect(node.callsTo("session.detach"), "nobody's grace time was cut short").toEqual([]);
  });

  it("refuses newcomers without asking anybody, and lets them in on the same socket later", async () => {
    const { connect, joinFrame, registry, signalingBus } = await startScriptedCluster({ limits });
    const place = registry.place.bind(registry);
    let places = 0;
    registry.place = (request) => {
      places += 1;
      return place(request);
    };
    signalingBus.cut();
    const client = await connect();
    client.send(await joinFrame());
    expect((await client.next("error")).error.code).toBe("bus_disconnected");
    expect(places).toBe(0);
    signalingBus.restore();
    client.send(await joinFrame());
    await client.next("joined");
  });

  it("does not keep a process from shutting down", async () => {
    const { join, server, signalingBus } = await startScriptedCluster();
    const { client } = await join();
    signalingBus.cut();
    await server.close();
    expect(await client.closed).toBe(4504);
  });
});
