import { setTimeout as delay } from "node:timers/promises";
import { FairleadError } from "@fairlead/protocol";
import type { Placement, Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { answerParent } from "../processes/ask-child.ts";
import type { Opened } from "./fake-node.ts";

export type PlacingTasks = {
  connect: { input: { port: number }; output: null };
  /** New rooms, evenly over the time, and a second peer into each. */
  place: { input: { rooms: number; overMs: number }; output: Placed };
  /** As many new rooms as it gets, so many in flight at a time. */
  flood: { input: { seconds: number; atOnce: number }; output: { perSecond: number; refused: number } };
};

/** Times in ms, from the call to the parsed answer, refusals included. */
export type Placed = { newMs: number[]; joinMs: number[]; opened: Opened[]; refused: number };

const REGIONS = ["eu", "us", "asia"];
/** For what would be a refusal in a cluster is a slow answer here. */
const PATIENT_MS = 10_000;
/** A Redis that is overrun must not make the bench last for ever. */
const LONGEST = 5;
const PATIENT = { timeoutMs: PATIENT_MS, heartbeatTimeoutMs: PATIENT_MS };

let registry: Registry;
let rooms = 0;

/** The signaling process of the bench: it measures alone, for whoever else beats in it would be measured too. */
answerParent({
  connect: async ({ port }: PlacingTasks["connect"]["input"]) => {
    registry = await connectRedisRegistry({ url: `redis://127.0.0.1:${port}`, ...PATIENT });
    return null;
  },
  place: async ({ rooms: count, overMs }: PlacingTasks["place"]["input"]): Promise<Placed> => {
    const placed: Placed = { newMs: [], joinMs: [], opened: [], refused: 0 };
    const startedMs = performance.now();
    for (let index = 0; index < count && performance.now() - startedMs < LONGEST * overMs; index += 1) {
      await delay(Math.max(0, startedMs + (index * overMs) / count - performance.now()));
      await placeOne(placed);
    }
    return placed;
  },
  flood: async ({ seconds, atOnce }: PlacingTasks["flood"]["input"]) => {
    const startedMs = performance.now();
    let [done, refused] = [0, 0];
    const one = async () => {
      while (performance.now() - startedMs < seconds * 1_000) {
        const placement = await place(newRoom());
        if (placement) done += 1;
        else refused += 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    return { perSecond: Math.round(done / ((performance.now() - startedMs) / 1_000)), refused };
  },
});

async function placeOne(placed: Placed): Promise<void> {
  const roomId = newRoom();
  for (const times of [placed.newMs, placed.joinMs]) {
    const [placement, ms] = await timed(() => place(roomId));
    times.push(ms);
    if (placement) placed.opened.push({ lease: placement.lease, debitId: placement.debitId });
    else placed.refused += 1;
  }
}

function newRoom(): string {
  rooms += 1;
  return `room-${rooms}`;
}

/** @returns null where it was refused. */
async function place(roomId: string): Promise<Placement | null> {
  const peer = { identity: "ada", ticketId: "ticket-of-ada" };
  try {
    return await registry.place({ roomId, peer, region: REGIONS[rooms % REGIONS.length] });
  } catch (error) {
    if (error instanceof FairleadError) return null;
    throw error;
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, performance.now() - startedMs];
}
