import { EventAcknowledger, EventCursor, PING_INTERVAL_MS, parseJson, ServerFrame } from "@fairlead/protocol";
import { WebSocket } from "ws";
import { joinFrame } from "../../support/protocol-client.ts";

/** Peers of one room: each hears of the others, and then nothing happens. */
export const PEERS_PER_ROOM = 25;
const AT_ONCE = 20;

export type IdleSockets = { readonly count: number; grow(to: number): Promise<void>; close(): void };

/** The room that they join. */
export type IdleSite = { url: string; ticket(room: string, identity: string): Promise<string> };

/** Peers that have joined and do nothing but stay: they acknowledge what they heard, and ping. */
export function idleSockets(site: IdleSite): IdleSockets {
  const sockets: WebSocket[] = [];
  const pings = setInterval(() => {
    for (const socket of sockets) socket.send('{"type":"ping"}');
  }, PING_INTERVAL_MS);
  return {
    get count() {
      return sockets.length;
    },
    grow: async (to) => {
      while (sockets.length < to) {
        const numbers = Array.from(
          { length: Math.min(AT_ONCE, to - sockets.length) },
          (_, i) => sockets.length + i,
        );
        sockets.push(...(await Promise.all(numbers.map((number) => openIdle(site, number)))));
      }
    },
    close: () => {
      clearInterval(pings);
      for (const socket of sockets) socket.terminate();
    },
  };
}

async function openIdle(site: IdleSite, number: number): Promise<WebSocket> {
  const ticket = await site.ticket(`idle-${Math.floor(number / PEERS_PER_ROOM)}`, `peer-${number}`);
  const socket = new WebSocket(`${site.url.replace("http", "ws")}/v1/connect`, {
    perMessageDeflate: false,
  });
  const { promise: joined, resolve, reject } = Promise.withResolvers<WebSocket>();
  let cursor = new EventCursor("0:0");
  const acknowledger = new EventAcknowledger(Date.now);
  const acknowledge = (ack: ReturnType<EventAcknowledger["tick"]>) =>
    ack && socket.send(JSON.stringify({ type: "ack", ...ack }));
  socket.on("open", () => socket.send(JSON.stringify(joinFrame({ ticket }))));
  socket.on("error", reject);
  socket.on("close", (code) => reject(new Error(`an idle socket was closed with ${code}`)));
  socket.on("message", (data) => {
    const frame = parseJson(ServerFrame, String(data));
    if (frame.type === "error") reject(new Error(`refused: ${frame.error.code}`));
    if (frame.type === "joined") {
      cursor = new EventCursor(frame.position);
      resolve(socket);
    }
    if (frame.type !== "event") return;
    acknowledge(acknowledger.note(cursor.accept(frame), cursor.position));
    // Clients acknowledge later events soon, though nothing more happens.
    setTimeout(() => acknowledge(acknowledger.tick(cursor.position)), 500);
  });
  return joined;
}
