import { isDeepStrictEqual } from "node:util";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectRedis, type RedisConnection } from "../support/servers/connect-redis.ts";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { ClusterModel } from "./cluster-model.ts";
import { givenClock } from "./given-clock.ts";
import { PATIENT } from "./redis-adapter.ts";
import type { RegistryAdapter } from "./registry-adapter.ts";
import { type Step, step } from "./registry-steps.ts";
import { lookAt, takeStep } from "./take-step.ts";

/** How many, and from which seed, e.g. `FAIRLEAD_HISTORIES=1000000 FAIRLEAD_SEED=7`. */
const HISTORIES = Number(process.env.FAIRLEAD_HISTORIES ?? 2_000);
const SEED = Number(process.env.FAIRLEAD_SEED ?? Date.now() % 1_000_000_000);
/** Each in a database of its own; Redis has 16. */
const LANES = 12;
const CHUNK = 100;
const PATIENCE_MS = 600_000 + HISTORIES * 60;
/** Small bounds of what one heartbeat does, so that these few rooms reach them. */
const POLICY = {
  ...{ coldMs: 1_100, orphansPerBeat: 2, gravesPerBeat: 2, endedPerBeat: 1 },
  // With more than two nodes they beat more rarely.
  ...{ fewNodes: 2, manyNodes: 5, toldWithinMs: 15_000 },
  // So short that they pass within a history.
  ...{ roomRetentionMs: 30_000, lastBeatKeptMs: 20_000 },
  ...{ shareEveryMs: 2_000, countMs: 1_000, belowForMs: 4_000, reserveRooms: 1, movedSettlesMs: 900 },
};

/** Short, for most of what can differ differs after few steps; one in ten is long enough for nodes to be cut and to come back. */
const history = fc.oneof(
  { weight: 9, arbitrary: fc.array(step, { minLength: 6, maxLength: 14 }) },
  { weight: 1, arbitrary: fc.array(step, { minLength: 30, maxLength: 60 }) },
);

/** A registry that lives through one history after the other, each from the same moment on. */
type Lane = RegistryAdapter & { reset(): void };

let server: RedisServer;
let client: RedisConnection;
beforeAll(async () => {
  server = await startRedis();
  client = await connectRedis(server.url);
});
afterAll(async () => {
  client?.destroy();
  await server?.close();
});

it(
  `${HISTORIES} random histories: the scripts in Redis answer as the memory adapter does`,
  async () => {
    const histories = sampleHistories();
    const lanes: Lane[] = [];
    for (let database = 0; database < LANES; database += 1) lanes.push(await openLane(database, client));
    try {
      await Promise.all(lanes.map((lane) => compareAll(histories, lane)));
    } finally {
      await Promise.all(lanes.map((lane) => lane.close()));
    }
  },
  PATIENCE_MS,
);

/** A few at a time: a process that makes them all at once answers nobody meanwhile. */
function* sampleHistories(): Generator<Step[]> {
  for (let made = 0; made < HISTORIES; made += CHUNK)
    yield* fc.sample(history, { numRuns: Math.min(CHUNK, HISTORIES - made), seed: SEED + made });
}

async function compareAll(histories: Iterator<Step[]>, lane: Lane): Promise<void> {
  for (let next = histories.next(); !next.done; next = histories.next()) {
    if (await areAlike(next.value, lane)) continue;
    const steps = await shorten(next.value, lane);
    const lives = [await live(steps, lane), await live(steps, memoryAdapter())] as const;
    expect(lives[0], `seed ${SEED}: ${JSON.stringify(steps, null, 1)}`).toEqual(lives[1]);
  }
}

async function areAlike(steps: Step[], lane: Lane): Promise<boolean> {
  return isDeepStrictEqual(await live(steps, lane), await live(steps, memoryAdapter()));
}

/** Leaves out steps as long as the two still differ. */
async function shorten(steps: Step[], lane: Lane): Promise<Step[]> {
  let shortest = steps;
  for (let index = 0; index < shortest.length; ) {
    const without = shortest.toSpliced(index, 1);
    if (await areAlike(without, lane)) index += 1;
    else {
      shortest = without;
      index = 0;
    }
  }
  return shortest;
}

/** @returns What each step was answered with, and what is to be seen at the end; as plain data, where absent is absent. */
async function live(steps: Step[], adapter: Lane): Promise<unknown[]> {
  adapter.reset();
  await adapter.flush();
  const model = new ClusterModel();
  const answers: unknown[] = [];
  for (const each of steps) answers.push((await takeStep(each, adapter, model)) ?? null);
  answers.push(await lookAt(adapter));
  return answers.map((answer) => JSON.parse(JSON.stringify(answer)));
}

function memoryAdapter(): Lane {
  const clock = givenClock();
  const create = () => createMemoryRegistry({ now: clock.told, policy: POLICY });
  const adapter = {
    registry: create(),
    ...clock,
    flush: async () => {
      adapter.registry = create();
    },
    close: async () => {},
  };
  return adapter;
}

async function openLane(database: number, client: RedisConnection): Promise<Lane> {
  const clock = givenClock();
  const url = `${server.url}/${database}`;
  const registry = await connectRedisRegistry({ url, now: clock.told, policy: POLICY, ...PATIENT });
  return {
    registry,
    ...clock,
    flush: async () =>
      void (await Promise.all([
        client.sendCommand(["SELECT", String(database)]),
        client.sendCommand(["FLUSHDB"]),
      ])),
    close: () => registry.close(),
  };
}
