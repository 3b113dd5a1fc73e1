import { once } from "node:events";
import { generate } from "selfsigned";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

/** Proofs go out with a tick of 500 ms. */
const PATIENT = { timeout: 10_000 };

describe("a signaling server", () => {
  it("shuts down gracefully: clients are told, keep their sessions, and resume elsewhere", async () => {
    const { join, connect, resumeFrame, server, serve, node } = await startScriptedCluster();
    const { client, joined } = await join();
    const elsewhere = await serve();
    await server.close();
    expect(await client.refusal()).toEqual(["shutting_down", 4504]);
    expect(node.callsTo("session.detach")).toEqual([]);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    const other = await connect(elsewhere.url);
    other.send(resumeFrame(joined));
    await other.next("resumed");
  });

  it("closes within bounds although a client never closes its socket", async () => {
    const { join, server } = await startScriptedCluster();
    const { client } = await join();
    client.socket.pause();
    await server.close();
    client.socket.resume();
    await client.closed;
  });

  it("tells each node which sessions it holds, for as long as their sockets are open", async () => {
    const { join, node, hearProofs } = await startScriptedCluster({
      limits: { sessionsAliveIntervalMs: 10 },
    });
    const proofs = hearProofs();
    const [ann, bob] = [await join("standup", "ann"), await join("standup", "bob")];
    const held = [ann, bob].map(({ joined }) => ({ sessionId: joined.sessionId, connection: 1 }));
    await expect.poll(() => proofs, PATIENT).toEqual(expect.arrayContaining(held));
    await ann.client.close();
    const detached = () => node.callsTo("session.detach").map(({ request }) => request);
    await expect.poll(detached, PATIENT).toEqual([held[0]]);
    const later = hearProofs();
    bob.client.send({ type: "ping" });
    await expect.poll(() => later, PATIENT).toEqual([held[1]]);
  });

  it("speaks HTTPS and wss with a certificate", async () => {
    const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }]);
    const { server, join } = await startScriptedCluster({ tls: { key, cert } });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const { joined } = await join();
    expect(joined.roomId).toBe("standup");
  });

  it("fails to start on a port that is taken", async () => {
    const { server, serveOn } = await startScriptedCluster();
    await expect(serveOn(server.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("refuses upgrades of other paths", async () => {
    const { server } = await startScriptedCluster();
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/elsewhere`);
    const [error] = await once(socket, "error");
    expect(String(error)).toContain("404");
  });
});
