import { PING_INTERVAL_MS, parseJson, ServerFrame } from "@fairlead/protocol";
import { WebSocket } from "ws";
import type { Wire, WireListener } from "./wire.ts";

/** A WebSocket on `/v1/connect`. It pings as every client does, and keeps the answers to itself. */
export async function openWebSocket(url: string, listener: WireListener): Promise<Wire> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/connect`, {
    rejectUnauthorized: false,
    perMessageDeflate: false,
  });
  let ownPings = 0;
  const pings = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    ownPings += 1;
    socket.send('{"type":"ping"}');
  }, PING_INTERVAL_MS);
  socket.on("message", (data) => {
    const frame = parseJson(ServerFrame, String(data));
    if (frame.type === "pong" && ownPings > 0) ownPings -= 1;
    else listener.onFrame(frame);
  });
  socket.on("close", (code) => {
    clearInterval(pings);
    listener.onClose(code);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  return {
    send: (text) => socket.send(text),
    drop: () => socket.terminate(),
    close: (code) => socket.close(code),
    isOpen: () => socket.readyState === WebSocket.OPEN,
    isClosed: () => socket.readyState === WebSocket.CLOSED,
  };
}
