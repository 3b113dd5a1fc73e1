import { getConnInfo, upgradeWebSocket, websocket } from "hono/bun";
import {
  CLOSE_TIMEOUT_MS,
  MAX_PAYLOAD_BYTES,
  once,
  type ServeOptions,
  type SignalingServer,
  urlOf,
} from "./server.ts";

/** The part of Bun's own API that is used here, see https://bun.com/docs/runtime/http/server */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    /** Seconds. */
    idleTimeout: number;
    fetch: (request: Request, server: unknown) => Response | Promise<Response>;
    websocket: typeof websocket & { maxPayloadLength: number };
  }): { port: number; stop(closeActiveConnections?: boolean): Promise<void> };
};

/** A connection without a byte either way: longer than any answer takes, and than the pauses of an event stream. */
const IDLE_S = 30;

/** Serves a signaling app on Bun. @throws {Error} It can't listen. */
export async function serveOnBun({ host, port, createApp }: ServeOptions): Promise<SignalingServer> {
  const { app, shutDown } = createApp({
    upgradeWebSocket,
    clientAddress: (c) => getConnInfo(c).remote.address,
  });
  const server = Bun.serve({
    hostname: host,
    port,
    idleTimeout: IDLE_S,
    fetch: (request, itself) => app.fetch(request, { server: itself }),
    websocket: { ...websocket, open: openWithBufferedAmount, maxPayloadLength: MAX_PAYLOAD_BYTES },
  });
  const close = async () => {
    await shutDown();
    const cutOff = setTimeout(() => void server.stop(true), CLOSE_TIMEOUT_MS);
    await server.stop();
    clearTimeout(cutOff);
  };
  return { url: urlOf("http", host, server.port), port: server.port, close: once(close) };
}

/** Bun's socket tells by a method what every other tells by the property. */
const openWithBufferedAmount: typeof websocket.open = (socket) => {
  const get = () => ("getBufferedAmount" in socket ? (socket.getBufferedAmount as () => number)() : 0);
  Object.defineProperty(socket, "bufferedAmount", { get });
  websocket.open(socket);
};
