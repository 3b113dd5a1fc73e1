import { afterAll, beforeAll } from "vitest";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { connectRedisAdapter } from "./redis-adapter.ts";
import { describeRegistryContract } from "./registry-contract.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

describeRegistryContract("redis", (policy) => connectRedisAdapter({ url: server.url, policy }));
