import { serveRedisRest } from "@fairlead/redis-rest";
import type { Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { createUpstashRegistry } from "@fairlead/registry/upstash";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/servers/free-port.ts";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { startRedisPair } from "../support/servers/start-redis-pair.ts";
import { beatOf } from "./registry-adapter.ts";

const TOKEN = "a-token-of-the-tests";
const PATIENT = { timeout: 20_000 };

type Told = { errors: unknown[]; resumed: number; evictions: string[] };
type Connect = (redisUrl: string, listener: ReturnType<typeof listen>["listener"]) => Promise<Registry>;

const ADAPTERS: [string, Connect][] = [
  ["redis", (url, listener) => connectRedisRegistry({ url, ...listener })],
  [
    "upstash",
    async (redisUrl, listener) => {
      const rest = await serveRedisRest({ redisUrl, token: TOKEN });
      onTestFinished(() => rest.close());
      return createUpstashRegistry({ url: rest.url, token: TOKEN, ...listener });
    },
  ],
];

function listen() {
  const told: Told = { errors: [], resumed: 0, evictions: [] };
  const listener = {
    onError: (error: unknown) => void told.errors.push(error),
    onResumed: () => {
      told.resumed += 1;
    },
    onEviction: (policy: string) => void told.evictions.push(policy),
  };
  return { told, listener };
}

async function server(...args: string[]): Promise<RedisServer> {
  const redis = await startRedis({ args });
  onTestFinished(() => redis.close());
  return redis;
}

async function open(connect: Connect, url: string) {
  const { told, listener } = listen();
  const registry = await connect(url, listener);
  onTestFinished(() => registry.close());
  return { told, registry };
}

/** The same, once it works: on a busy machine the first calls may be too slow. What was told until then is forgotten. */
async function openInUse(connect: Connect, url: string) {
  const opened = await open(connect, url);
  await expect.poll(() => pingOf(opened.registry), PATIENT).toBe("ok");
  Object.assign(opened.told, { errors: [], resumed: 0 });
  return opened;
}

async function startPair() {
  const pair = await startRedisPair();
  onTestFinished(() => pair.close());
  return pair;
}

const pingOf = (registry: Registry) =>
  registry.ping().then(
    () => "ok",
    (error: Error) => error.message,
  );

describe.each(ADAPTERS)("the %s registry", (_, connect) => {
  it("follows a failover behind a fixed address, and tells when Redis was lost and is back", async () => {
    const pair = await startPair();
    const { told, registry } = await openInUse(connect, pair.url);
    await pair.failOver();
    await expect
      .poll(() => registry.heartbeat(beatOf("a")).catch(() => null), PATIENT)
      .toMatchObject({ lost: [] });
    expect(await pair.second.command("EXISTS {fairlead}:beats")).toBe(":1\r\n");
    expect(String((told.errors[0] as Error).message)).toMatch(/READONLY|away/);
    await expect.poll(() => told.resumed, PATIENT).toBe(1);
    expect(await pingOf(registry)).toBe("ok");
  }, 60_000);

  it("is away while Redis takes no writes, though it answers, and says why", async () => {
    const redis = await server();
    const { told, registry } = await openInUse(connect, redis.url);
    await redis.command(`REPLICAOF 127.0.0.1 ${await freePort()}`);
    // A read is answered all the same, which says nothing of writes.
    await expect.poll(() => pingOf(registry), PATIENT).toBe("Redis: READONLY");
    await registry.describeRoom("none").catch(() => {});
    expect(told.resumed).toBe(0);
    await redis.command("REPLICAOF NO ONE");
    await expect.poll(() => pingOf(registry), PATIENT).toBe("ok");
    expect(told.resumed).toBe(1);
  }, 60_000);

  it("tells at its start that Redis refuses the password, before anybody asks for anything", async () => {
    const redis = await server();
    await redis.command("CONFIG SET requirepass of-the-server");
    const { told } = await open(connect, redis.url.replace("//", "//:wrong@"));
    await expect.poll(() => told.errors.length, PATIENT).toBe(1);
    expect(told.resumed).toBe(0);
  }, 60_000);

  it("tells at its start that nobody listens at its URL", async () => {
    const { told } = await open(connect, `redis://127.0.0.1:${await freePort()}`);
    await expect.poll(() => told.errors.length, PATIENT).toBe(1);
  }, 60_000);

  it.each([
    ["allkeys-lru", ["allkeys-lru"]],
    ["noeviction", []],
  ])("with maxmemory-policy %s tells at its start %j", async (policy, expected) => {
    const redis = await server("--maxmemory-policy", policy);
    const { told } = await openInUse(connect, redis.url);
    await expect.poll(() => told.evictions, PATIENT).toEqual(expected);
  });
});

it("a redis registry that nobody asks anything notices a failover by its own writes, and tells of it", async () => {
  const pair = await startPair();
  const { told, registry } = await openInUse(ADAPTERS[0]?.[1] as Connect, pair.url);
  await pair.failOver();
  const connections = async () =>
    Number((await pair.second.command("INFO clients")).match(/connected_clients:(\d+)/)?.[1]);
  // This question's own, and the registry's.
  await expect.poll(connections, PATIENT).toBe(2);
  await expect
    .poll(() => told, PATIENT)
    .toMatchObject({ errors: [{ message: expect.stringContaining("READONLY") }], resumed: 1 });
  await expect.poll(() => registry.heartbeat(beatOf("a")).catch(() => null), PATIENT).not.toBeNull();
}, 60_000);
