import type { Lease } from "@fairlead/protocol";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { givenClock } from "./given-clock.ts";
import { PATIENT } from "./redis-adapter.ts";
import { beating, beatOf, roomOptions, serving } from "./registry-adapter.ts";
import { broadcastRecord } from "./registry-contract-broadcasts.ts";
import { tellLeases } from "./telling-leases.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.close());

const ROOMS = 40;
/** About which something was said: a million in `npm run test:long`. */
const RECORDS = Number(process.env.FAIRLEAD_RECORDS ?? 2_000);
const RECORDS_AT_ONCE = 200;

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

/** @returns How often Redis carried out each command, without the connection's own writes, which come now and then. */
async function commands(act: () => Promise<unknown>): Promise<Record<string, string>> {
  await server.command("CONFIG RESETSTAT");
  await act();
  const stats = await server.command("INFO commandstats");
  const calls = [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name, count]) => [name, count]);
  return Object.fromEntries(calls.filter(([name]) => !["config|resetstat", "set"].includes(name ?? "")));
}

it("a page of broadcasts costs as many commands however many there are, of whatever state", async () => {
  const { registry } = await setUp("broadcasts");
  const options = roomOptions({ kind: "broadcast" });
  const create = (index: number) => {
    const write = broadcastRecord({ state: index % 2 === 0 ? "ended" : "live" });
    return registry.updateRoom(`show-${index}`, { options, broadcast: { write, ifRevision: null } });
  };
  const cost = async () => [
    await commands(() => registry.listBroadcasts({ limit: 5 })),
    await commands(() => registry.listBroadcasts({ limit: 5, cursor: "show-1", state: "live" })),
  ];
  await Promise.all(Array.from({ length: 20 }, (_, index) => create(index)));
  await cost();
  const before = await cost();
  await Promise.all(Array.from({ length: RECORDS_AT_ONCE }, (_, index) => create(20 + index)));
  expect(await cost()).toEqual(before);
  await registry.close();
});

it(
  `with ${RECORDS} records of rooms a placement, a join and a beat cost as many commands as with none`,
  async () => {
    const { registry, beat, leases, advance } = await setUp("records");
    let taken = 0;
    const cost = async () => {
      const roomId = `new-${taken}`;
      taken += 1;
      await advance(1_000);
      const place = () => registry.place({ roomId });
      const steady = () => registry.heartbeat({ ...beat, leases: serving(leases, { named: [] }) });
      const full = () => registry.heartbeat({ ...beat, leases: serving(leases, { isComplete: true }) });
      const costs = [
        await commands(place),
        await commands(place),
        await commands(full),
        await commands(steady),
      ];
      const { lease } = await place();
      return [...costs, await commands(() => registry.release(lease))];
    };
    await cost();
    const before = await cost();
    const options = roomOptions({ maxPeers: 7 });
    for (let record = 0; record < RECORDS; record += RECORDS_AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(RECORDS_AT_ONCE, RECORDS - record) }, (_, index) =>
          registry.updateRoom(`kept-${record + index}`, { options }),
        ),
      );
    expect(await cost()).toEqual(before);
    await registry.close();
  },
  60_000 + RECORDS,
);
