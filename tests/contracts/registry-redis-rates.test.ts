import { connectRedisRegistry } from "@fairlead/registry/redis";
import { expect, it, onTestFinished } from "vitest";
import { connectRedis } from "../support/servers/connect-redis.ts";
import { startRedis } from "../support/servers/start-redis.ts";
import { PATIENT } from "./redis-adapter.ts";
import { beatOf, placePeer } from "./registry-adapter.ts";

const rates = [
  { name: "address" as const, subject: "192.0.2.1", limit: 60, windowMs: 60_000 },
  { name: "room" as const, subject: "standup", limit: 10, windowMs: 60_000 },
];

async function setUp() {
  const server = await startRedis();
  onTestFinished(() => server.close());
  const client = await connectRedis(server.url);
  onTestFinished(() => client.destroy());
  const registry = await connectRedisRegistry({ ...PATIENT, url: server.url, policy: { coldMs: 0 } });
  onTestFinished(() => registry.close());
  await registry.heartbeat(beatOf("a"));
  return { client, registry };
}

it("rates are counted in the placement's own call of Redis", async () => {
  const { client, registry } = await setUp();
  await placePeer(registry, "standup", { rates });
  await client.sendCommand(["CONFIG", "RESETSTAT"]);
  await placePeer(registry, "standup", { rates });
  const stats = String(await client.sendCommand(["INFO", "commandstats"]));
  expect(stats).toMatch(/cmdstat_evalsha:calls=1,/);
  expect(stats).not.toMatch(/cmdstat_eval:/);
});

it("the key of a rate is gone by itself, soon after nothing is owed", async () => {
  const { client, registry } = await setUp();
  await placePeer(registry, "standup", { rates });
  const keys = (await client.sendCommand(["KEYS", "*:rate:*"])) as string[];
  expect(keys.sort()).toEqual(["{fairlead}:rate:address:192.0.2.1", "{fairlead}:rate:room:standup"]);
  const ttls = await Promise.all(keys.map((key) => client.sendCommand(["PTTL", key])));
  for (const [index, owedMs] of [1_000, 6_000].entries()) {
    expect(ttls[index]).toBeGreaterThan(0);
    expect(ttls[index]).toBeLessThanOrEqual(owedMs + 60_000);
  }
});
