import { afterAll, beforeAll } from "vitest";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { connectRedisAdapter } from "./redis-adapter.ts";
import { describeRegistryContract } from "./registry-contract.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis({ isCluster: true });
});
afterAll(() => server.close());

describeRegistryContract("redis cluster", (policy) =>
  connectRedisAdapter({ url: server.url, isCluster: true, policy }),
);
