import { setTimeout as delay } from "node:timers/promises";
import { FairleadError, type Lease } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { answerParent } from "../processes/ask-child.ts";

export type JoiningTasks = {
  /** Joins at an even pace from now on: four of five into rooms that nodes serve, one into a new room. */
  start: { input: { redisUrl: string; nodes: number; leases: number; perSecond: number }; output: null };
  /** Those that are through since the last time. */
  take: { input: null; output: Join[] };
};

/** @property refusal The error's code, or null for a join that was placed. @property opened The lease of a new room. */
export type Join = { atMs: number; refusal: string | null; opened: Lease | null };

const NEW_ROOM_EVERY = 5;

let through: Join[] = [];

/** A signaling process, as the registry sees it: the placements of its joins, with the product's time-outs. */
answerParent({
  start: async ({ redisUrl, perSecond, ...rooms }: JoiningTasks["start"]["input"]) => {
    const registry = await connectRedisRegistry({ url: redisUrl });
    void joinForEver(registry, perSecond, rooms);
    return null;
  },
  take: () => {
    const taken = through;
    through = [];
    return taken;
  },
});

async function joinForEver(
  registry: Registry,
  perSecond: number,
  { nodes, leases }: { nodes: number; leases: number },
): Promise<never> {
  const startedMs = performance.now();
  for (let turn = 0; ; turn += 1) {
    await delay(Math.max(0, startedMs + (turn * 1_000) / perSecond - performance.now()));
    const isNew = turn % NEW_ROOM_EVERY === 0;
    const some = (count: number) => Math.floor(Math.random() * count);
    void join(registry, isNew ? `new-${turn}` : `room-${some(nodes)}-${some(leases)}`, isNew);
  }
}

async function join(registry: Registry, roomId: string, isNew: boolean): Promise<void> {
  const atMs = Date.now();
  const peer = { identity: "ada", ticketId: "ticket-of-ada" };
  try {
    const { lease } = await registry.place({ roomId, peer });
    through.push({ atMs, refusal: null, opened: isNew ? lease : null });
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    through.push({ atMs, refusal: error.code, opened: null });
  }
}
