import { WebSocket } from "ws";

/** A server that answers every message, and a message as long as a join. */
export type Echo = { url: string; text: string };

/** @returns Milliseconds of each of `atOnce` bare exchanges: a socket opened, one message, one answer. */
export async function measureSockets(echo: Echo, atOnce: number): Promise<number[]> {
  return Promise.all(Array.from({ length: atOnce }, () => exchange(echo)));
}

async function exchange({ url, text }: Echo): Promise<number> {
  const beginMs = performance.now();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("open", () => socket.send(text));
    socket.once("message", (data) => {
      JSON.parse(String(data));
      resolve();
    });
  });
  const ms = performance.now() - beginMs;
  socket.close();
  return ms;
}
