import {
  EventAcknowledger,
  EventCursor,
  type NumberedEvent,
  PING_INTERVAL_MS,
  positionAfter,
} from "@fairlead/protocol";
import { WebSocket } from "ws";
import { joinFrame } from "../../support/protocol-client.ts";
import { answerParent } from "../processes/ask-child.ts";

/** Clients without media, in a process of their own. They speak to Fairlead as the SDK does, or to the bench's minimal server. */
export type CrowdTasks = {
  /** @returns Milliseconds until each had its answer. */
  join: {
    input: { url: string; tickets: readonly string[]; isAtOnce: boolean; pauseMs: number };
    output: number[];
  };
  /** The newest ones leave. */
  leave: { input: { count: number }; output: null };
};

type Client = { socket: WebSocket; acknowledge(): void };

const TICK_MS = 100;
const RETRY_MS = 500;
const clients: Client[] = [];
const LEAVE = JSON.stringify({
  type: "command",
  id: 1,
  settledBelow: 1,
  name: "session.leave",
  data: {},
});

setInterval(() => {
  for (const { acknowledge } of clients) acknowledge();
}, TICK_MS);

answerParent({
  join: async ({ url, tickets, isAtOnce, pauseMs }: CrowdTasks["join"]["input"]) => {
    if (isAtOnce) return Promise.all(tickets.map((ticket) => join(url, ticket)));
    const times: number[] = [];
    for (const ticket of tickets) {
      times.push(await join(url, ticket));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return times;
  },
  leave: async ({ count }: CrowdTasks["leave"]["input"]) => {
    const leaving = clients.splice(clients.length - count, count);
    await Promise.all(leaving.map(({ socket }) => leave(socket)));
    return null;
  },
});

function eventsOf(
  frame: { type: string; position: string; events: NumberedEvent["event"][] } & NumberedEvent,
) {
  if (frame.type === "event") return [frame];
  if (frame.type !== "events") return [];
  return frame.events.map((event, index) => ({ position: positionAfter(frame.position, index), event }));
}

async function leave(socket: WebSocket): Promise<void> {
  socket.removeAllListeners("close");
  socket.removeAllListeners("message");
  const left = new Promise((resolve) => socket.once("message", resolve).once("close", resolve));
  socket.send(LEAVE);
  await left;
  socket.close();
}

/** A core takes only so many peers on their way at once: the others come back, as those of the SDK do. */
async function join(url: string, ticket: string): Promise<number> {
  for (;;) {
    try {
      return await tryJoin(url, ticket);
    } catch (error) {
      if (!/core_full|no_capacity/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function tryJoin(url: string, ticket: string): Promise<number> {
  const beginMs = performance.now();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const { promise: joined, resolve, reject } = Promise.withResolvers<void>();
  const send = (frame: object) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame));
  let cursor = new EventCursor("0:0");
  const acknowledger = new EventAcknowledger(Date.now);
  const tell = (ack: ReturnType<EventAcknowledger["tick"]>) => ack && send({ type: "ack", ...ack });
  const ping = () => send({ type: "ping", position: acknowledger.ping(cursor.position) });
  const pings = setInterval(ping, PING_INTERVAL_MS);
  socket.on("open", () => send({ ...joinFrame({ ticket }), takesSeveral: true }));
  socket.on("error", reject);
  socket.on("close", (code) => {
    clearInterval(pings);
    reject(new Error(`a socket of the crowd was closed with ${code}`));
  });
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.type === "error") reject(new Error(`refused: ${frame.error.code}`));
    if (frame.type === "joined") {
      cursor = new EventCursor(frame.position);
      acknowledger.acksByPing = frame.acksByPing === true;
      clients.push({ socket, acknowledge: () => tell(acknowledger.tick(cursor.position)) });
      resolve();
    }
    for (const numbered of eventsOf(frame)) tell(acknowledger.note(cursor.accept(numbered), cursor.position));
  });
  await joined;
  return performance.now() - beginMs;
}
