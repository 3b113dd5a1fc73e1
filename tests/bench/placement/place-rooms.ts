import { setTimeout as delay } from "node:timers/promises";
import type { Placement, Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { answerParent } from "../processes/ask-child.ts";
import type { Opened } from "./fake-node.ts";

export type PlacingTasks = {
  connect: { input: { port: number }; output: null };
  /** New rooms, evenly over the time, and a second peer into each. */
  place: { input: { rooms: number; overMs: number }; output: Placed };
  /** As many new rooms as it gets, so many in flight at a time. */
  flood: { input: { seconds: number; atOnce: number }; output: { perSecond: number } };
};

/** Times in ms, from the call to the parsed answer. */
export type Placed = { newMs: number[]; joinMs: number[]; opened: Opened[] };

const REGIONS = ["eu", "us", "asia"];
/** For what would be a refusal in a cluster is a slow answer here. */
const PATIENT = { timeoutMs: 10_000, heartbeatTimeoutMs: 10_000 };

let registry: Registry;
let rooms = 0;

/** The signaling process of the bench: it measures alone, for whoever else beats in it would be measured too. */
answerParent({
  connect: async ({ port }: PlacingTasks["connect"]["input"]) => {
    registry = await connectRedisRegistry({ url: `redis://127.0.0.1:${port}`, ...PATIENT });
    return null;
  },
  place: async ({ rooms: count, overMs }: PlacingTasks["place"]["input"]): Promise<Placed> => {
    const placed: Placed = { newMs: [], joinMs: [], opened: [] };
    const startedMs = performance.now();
    for (let index = 0; index < count; index += 1) {
      await delay(Math.max(0, startedMs + (index * overMs) / count - performance.now()));
      await placeOne(placed);
    }
    return placed;
  },
  flood: async ({ seconds, atOnce }: PlacingTasks["flood"]["input"]) => {
    const startedMs = performance.now();
    let done = 0;
    const one = async () => {
      while (performance.now() - startedMs < seconds * 1_000) {
        await place(newRoom());
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    return { perSecond: Math.round(done / ((performance.now() - startedMs) / 1_000)) };
  },
});

async function placeOne({ newMs, joinMs, opened }: Placed): Promise<void> {
  const roomId = newRoom();
  const [first, firstMs] = await timed(() => place(roomId));
  const [second, secondMs] = await timed(() => place(roomId));
  newMs.push(firstMs);
  joinMs.push(secondMs);
  const { lease, debitId } = first;
  opened.push({ lease, debitId }, { lease, debitId: second.debitId });
}

function newRoom(): string {
  rooms += 1;
  return `room-${rooms}`;
}

function place(roomId: string): Promise<Placement> {
  const peer = { identity: "ada", ticketId: "ticket-of-ada" };
  return registry.place({ roomId, peer, region: REGIONS[rooms % REGIONS.length] });
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, performance.now() - startedMs];
}
