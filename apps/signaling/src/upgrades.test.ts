import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

/** Asks for an upgrade, then resets the connection as a vanished client's network would. */
function resetDuringUpgrade(port: number, protocol: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1", () => {
    socket.write(
      `GET /v1/connect HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    setTimeout(() => socket.resetAndDestroy(), 20);
  });
  socket.on("error", reject);
  socket.on("close", () => resolve());
  return promise;
}

describe("upgrades", () => {
  it.each(["h2c", "websocket", "TLS/1.0"])("to %s that are reset harm nobody", async (protocol) => {
    const { join, server } = await startScriptedCluster();
    await resetDuringUpgrade(server.port, protocol);
    const { client } = await join();
    client.send({ type: "ping" });
    expect(await client.next("pong")).toEqual({ type: "pong" });
  });
});
