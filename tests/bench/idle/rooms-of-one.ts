import { setTimeout as delay } from "node:timers/promises";
import { PING_INTERVAL_MS } from "@fairlead/protocol";
import { WebSocket } from "ws";
import { joinFrame } from "../../support/protocol-client.ts";
import type { RunningStandalone } from "../processes/start-standalone.ts";

const AT_ONCE = 4;
/** A core takes some rooms at once only, until their load is measured. */
const RETRY_MS = 500;

export type RoomsOfOne = { grow(to: number): Promise<void>; close(): void };

/** Peers that publish nothing, each alone in a room: they acknowledge by their pings, and stay. */
export function roomsOfOne(server: RunningStandalone): RoomsOfOne {
  const peers: IdlePeer[] = [];
  const pings = setInterval(() => {
    for (const { socket, position } of peers) socket.send(JSON.stringify({ type: "ping", position }));
  }, PING_INTERVAL_MS);
  return {
    grow: async (to) => {
      while (peers.length < to) {
        const count = Math.min(AT_ONCE, to - peers.length);
        const opened = await Promise.all(Array.from({ length: count }, () => open(server)));
        peers.push(...opened.filter((peer) => peer !== null));
        if (opened.includes(null)) await delay(RETRY_MS);
      }
    },
    close: () => {
      clearInterval(pings);
      for (const { socket } of peers) socket.terminate();
    },
  };
}

type IdlePeer = { socket: WebSocket; position: string | undefined };

/** @returns null: refused for now. */
async function open(server: RunningStandalone): Promise<IdlePeer | null> {
  const ticket = await ticketOf(server, `idle-${crypto.randomUUID()}`);
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/connect`, {
    perMessageDeflate: false,
  });
  const peer: IdlePeer = { socket, position: undefined };
  const { promise: joined, resolve, reject } = Promise.withResolvers<boolean>();
  socket.on("open", () => socket.send(JSON.stringify(joinFrame({ ticket }))));
  socket.on("error", reject);
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.type === "joined" || frame.type === "error") resolve(frame.type === "joined");
    if (frame.type === "event") peer.position = frame.position;
  });
  if (await joined) return peer;
  socket.terminate();
  return null;
}

async function ticketOf({ url, apiKey }: RunningStandalone, room: string): Promise<string> {
  const response = await fetch(`${url}/v1/rooms/${room}/tickets`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ identity: "ann" }),
  });
  return (await response.json()).ticket;
}
