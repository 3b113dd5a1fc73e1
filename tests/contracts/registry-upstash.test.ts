import { serveRedisRest } from "@fairlead/redis-rest";
import { createUpstashRegistry } from "@fairlead/registry/upstash";
import { afterAll, beforeAll } from "vitest";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { PATIENT, prefixedAdapter } from "./redis-adapter.ts";
import { describeRegistryContract } from "./registry-contract.ts";

const TOKEN = "a-token-of-the-tests";

let server: RedisServer;
let rest: Awaited<ReturnType<typeof serveRedisRest>>;
beforeAll(async () => {
  server = await startRedis();
  rest = await serveRedisRest({ redisUrl: server.url, token: TOKEN });
});
afterAll(async () => {
  await rest?.close();
  await server?.close();
});

describeRegistryContract(
  "upstash",
  (policy) =>
    prefixedAdapter(async (own) =>
      createUpstashRegistry({ url: rest.url, token: TOKEN, policy, ...PATIENT, ...own }),
    ),
  { histories: 20 },
);
