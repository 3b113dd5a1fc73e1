import { once } from "node:events";
import { connect } from "node:net";
import { silentLogger } from "@fairlead/telemetry";
import { Hono } from "hono";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type HlsServer, serveHls } from "./serve-hls.ts";

let server: HlsServer | undefined;

afterEach(() => server?.close());

async function start(trustedProxies: number) {
  const log = { ...silentLogger, warn: vi.fn() };
  const app = new Hono().get("/a", (c) => c.text("served"));
  const url = "https://hls.example.org/live";
  server = await serveHls(
    { host: "127.0.0.1", port: 0, url, trustedProxies, socketsPerAddress: 2, log },
    app,
  );
  return { port: server.port, log };
}

async function open(port: number) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

describe("the server of HLS", () => {
  it("closes what one address has too many of, says so once, and serves it again afterwards", async () => {
    const { port, log } = await start(0);
    const [first, second] = [await open(port), await open(port)];
    for (const socket of [await open(port), await open(port)]) await once(socket, "close");
    expect(log.warn.mock.calls).toEqual([["sockets.refused", { address: "127.0.0.1", limit: 2 }]]);
    for (const socket of [first, second]) {
      socket.end();
      await once(socket, "close");
    }
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${port}/live/a`)).status).toBe(200);
  });

  it("counts no connections of a proxy, all of which have its address", async () => {
    const { port } = await start(1);
    const sockets = await Promise.all(Array.from({ length: 3 }, () => open(port)));
    expect(await (await fetch(`http://127.0.0.1:${port}/live/a`)).text()).toBe("served");
    for (const socket of sockets) socket.destroy();
  });
});
