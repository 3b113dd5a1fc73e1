import { parseJson, ServerFrame } from "@fairlead/protocol";
import { WebSocket } from "ws";
import type { Wire, WireListener } from "./wire.ts";

/** A WebSocket on `/v1/connect`. */
export async function openWebSocket(url: string, listener: WireListener): Promise<Wire> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/connect`, {
    rejectUnauthorized: false,
    perMessageDeflate: false,
  });
  socket.on("message", (data) => listener.onFrame(parseJson(ServerFrame, String(data))));
  socket.on("close", (code) => listener.onClose(code));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  return {
    send: (text) => socket.send(text),
    drop: () => socket.terminate(),
    close: () => socket.close(),
    isOpen: () => socket.readyState === WebSocket.OPEN,
    isClosed: () => socket.readyState === WebSocket.CLOSED,
  };
}
