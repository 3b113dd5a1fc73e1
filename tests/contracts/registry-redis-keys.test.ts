import type { Lease } from "@fairlead/protocol";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { givenClock } from "./given-clock.ts";
import { PATIENT } from "./redis-adapter.ts";
import { beating, beatOf, serving } from "./registry-adapter.ts";
import { tellLeases } from "./telling-leases.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.close());

const ROOMS = 40;

/** A node with rooms that it has named, and a Redis that may lose keys: they were evicted, or a failover lost the last writes. */
async function setUp(prefix: string) {
  const clock = givenClock();
  const options = { url: server.url, prefix, now: clock.told, policy: { coldMs: 0 }, ...PATIENT };
  const registry = await connectRedisRegistry(options);
  const beat = beatOf("a", { cores: [{}, {}] });
  await registry.heartbeat(beat);
  const leases: Lease[] = [];
  for (let room = 0; room < ROOMS; room += 1)
    leases.push((await registry.place({ roomId: `room-${room}` })).lease);
  await registry.heartbeat({ ...beat, leases: serving(leases) });
  const keyOf = (name: string) => `{${prefix}}:${name}`;
  return { ...clock, registry, beat, leases, keyOf };
}

describe("an index that lost a key", () => {
  it.each(["room:room-7", "node:a-run-1", "held:a-run-1", "leases:a-run-1", "buckets:a-run-1", "rooms"])(
    "%s has what the node has once that has named its buckets",
    async (key) => {
      const { registry, beat, leases, keyOf } = await setUp(`lost-${key.replace(":", "-")}`);
      expect(await server.command(`DEL ${keyOf(key)}`)).toMatch(/^:1/);
      const all = { ...beat, leases: serving(leases, { isComplete: true }) };
      await registry.heartbeat(all);
      expect(await registry.heartbeat(all)).toMatchObject({ leasesDiffer: false, lost: [] });
      expect((await tellLeases(registry, beat, leases)).differing).toEqual([]);
      for (const lease of leases) expect((await registry.describeRoom(lease.roomId))?.lease).toEqual(lease);
      expect((await server.command(`ZCARD ${keyOf("leases:a-run-1")}`)).trim()).toBe(`:${ROOMS}`);
      await registry.close();
    },
  );
});

it("a node that is gone leaves no key of its own", async () => {
  const { registry, keyOf, now, advance, skewed } = await setUp("gone");
  const adapter = { registry, now, advance, skewed, flush: async () => {}, close: async () => {} };
  const heir = beatOf("b", { cores: [{}, {}] });
  await beating(adapter, 4_000, [heir]);
  expect(await server.command(`KEYS ${keyOf("*a-run-1")}`)).toMatch(/^\*0/);
  expect(await server.command(`HEXISTS ${keyOf("meta")} hasGraves`)).toMatch(/^:0/);
  await registry.close();
});

it("beats go on where the list of graves was lost", async () => {
  const { registry, keyOf, now, advance, skewed } = await setUp("lost-graves");
  const adapter = { registry, now, advance, skewed, flush: async () => {}, close: async () => {} };
  const watcher = beatOf("b", { state: "draining" });
  await beating(adapter, 3_000, [watcher]);
  await advance(1);
  await registry.heartbeat(watcher);
  await server.command(`HSET ${keyOf("meta")} hasGraves 1`);
  await server.command(`DEL ${keyOf("graves")}`);
  for (const _again of [1, 2])
    await expect(registry.heartbeat(beatOf("c"))).resolves.toMatchObject({ lost: [] });
  expect(await server.command(`HEXISTS ${keyOf("meta")} hasGraves`)).toMatch(/^:0/);
  await registry.close();
});
