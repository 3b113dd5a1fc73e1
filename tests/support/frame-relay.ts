import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerFrame } from "@fairlead/protocol";
import { WebSocket, WebSocketServer } from "ws";

export type FrameRelay = Awaited<ReturnType<typeof startFrameRelay>>;

/** Stands between one page and signaling, frame by frame: it speaks for signaling, and says what the page sends. Its root is an empty page. */
export async function startFrameRelay(signalingUrl: string) {
  const server = createServer(async ({ url = "/" }, response) => {
    if (!url.startsWith("/v1/")) response.setHeader("content-type", "text/html").end("<!doctype html>");
    else response.end(await (await fetch(`${signalingUrl}${url}`)).text());
  });
  const sockets = new WebSocketServer({ server });
  let present: WebSocket | undefined;
  let hear = (_type: string) => {};
  sockets.on("connection", async (socket, { url }) => {
    present = socket;
    const signaling = new WebSocket(`${signalingUrl.replace("http", "ws")}${url}`);
    const opened = once(signaling, "open");
    socket.on("message", async (data) => {
      hear(JSON.parse(String(data)).type);
      await opened;
      signaling.send(String(data));
    });
    signaling.on("message", (data) => socket.send(String(data)));
    socket.on("close", () => signaling.close());
    await opened;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    say: (frame: ServerFrame) => present?.send(JSON.stringify(frame)),
    cut: (closeCode: number) => present?.close(closeCode),
    /** The type of the page's next frame. */
    next: () =>
      new Promise<string>((resolve) => {
        hear = resolve;
      }),
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}
