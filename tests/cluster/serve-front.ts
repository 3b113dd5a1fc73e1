import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { addDemoRoutes, addWebPage } from "@fairlead/standalone";
import type { KeySet } from "@fairlead/tickets";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { proxy } from "hono/proxy";

export type FrontOptions = {
  port: number;
  /** Of the balancer in front of signaling. */
  signalingUrl: string;
  ticketKeys: KeySet;
  apiKey: string;
  /** Where encoders send to; null: nowhere. */
  rtmpUrl: string | null;
  /** Of the servers of HLS. */
  hlsOrigins: readonly string[];
};

/**
 * One URL to open, as an operator's own server would have it: the meeting page, the demo's tickets, and signaling's API behind a
 * reverse proxy.
 */
export async function serveFront({
  port,
  signalingUrl,
  ticketKeys,
  apiKey,
  rtmpUrl,
  hlsOrigins,
}: FrontOptions) {
  const app = new Hono();
  app.all("/v1/*", (c) => {
    const { pathname, search } = new URL(c.req.url);
    // A playlist's own address is the page's to follow.
    return proxy(`${signalingUrl}${pathname}${search}`, { raw: c.req.raw, redirect: "manual" });
  });
  addDemoRoutes(app, {
    ticketKeys,
    api: { url: signalingUrl, apiKey },
    rtmp: { urlAt: () => rtmpUrl, note: rtmpUrl === null ? "there is no ffmpeg" : null },
    isLan: false,
    isHttps: false,
    lanUrls: () => [],
  });
  addWebPage(app, hlsOrigins);
  const server: ServerType = serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
  await once(server, "listening");
  const balancerPort = Number(new URL(signalingUrl).port);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    passOn(request, socket, head, balancerPort),
  );
  return {
    url: `http://localhost:${port}`,
    close: () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
    },
  };
}

/** A WebSocket's first request, as it came; after it bytes in both directions. */
function passOn(
  { method, url, rawHeaders }: IncomingMessage,
  near: Duplex,
  head: Buffer,
  port: number,
): void {
  const far = connect(port, "127.0.0.1");
  const headers = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
  far.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
  far.write(head);
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    socket.pipe(other);
    socket.on("error", () => {});
    socket.once("close", () => other.destroy());
  }
}
